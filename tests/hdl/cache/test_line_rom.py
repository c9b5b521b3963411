"""Lines of the ROM come from its contents, all other lines from memory."""

import random

import cocotb
import pytest
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, connect, flipped
from cocotb.triggers import FallingEdge, ReadOnly

from hdl.cache.line_rom import DramMux, LineRom
from tests.support.clock import start
from tests.support.memory import DramModel
from tests.support.pauses import never, often
from tests.support.run import run_cocotb

BASE, LENGTH = 0x1000 + 3 * 64, 1000  # not a multiple of anything
CONTENTS = random.Random(1).randbytes(LENGTH)
DRAM = 0x8000_0000
HOLE = 0x18


def rom_dword(addr: int, filling: int | None) -> int:
    if filling is not None and addr == BASE + HOLE:
        return filling
    return int.from_bytes(CONTENTS[addr - BASE:addr - BASE + 8], "little")


class Bench:
    def __init__(self, dut, pause):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.dram = DramModel(dut, "dram", lambda: self.rng.choice((1, 3, 10)), pause(self.rng),
                              background=lambda number: number * 3)
        for part in ("request__valid", "wdata__valid"):
            getattr(dut, f"initiator__{part}").value = 0

    async def start(self):
        await start(self.dut)
        cocotb.start_soon(self.dram.run())

    async def request(self, write, addr):
        dut = self.dut
        dut.initiator__request__payload.value = addr << 1 | write
        await self._until(dut.initiator__request__valid, dut.initiator__request__ready)

    async def read(self, addr):
        dut, dwords = self.dut, []
        await self.request(0, addr)
        for _ in range(200):
            await ReadOnly()
            if int(dut.initiator__rdata__valid.value):
                dwords.append(int(dut.initiator__rdata__data.value))
            await FallingEdge(dut.clk)
            if len(dwords) == 8:
                return dwords
        raise AssertionError(f"{addr:#x}: {len(dwords)} dwords came")

    async def write(self, addr, dwords):
        dut = self.dut
        await self.request(1, addr)
        for dword in dwords:
            while self.rng.random() < 0.3:
                await FallingEdge(dut.clk)
            dut.initiator__wdata__payload.value = dword
            await self._until(dut.initiator__wdata__valid, dut.initiator__wdata__ready)

    async def _until(self, valid, ready):
        valid.value = 1
        for _ in range(200):
            await ReadOnly()
            done = int(ready.value)
            await FallingEdge(self.dut.clk)
            if done:
                valid.value = 0
                return
        raise AssertionError("not accepted")


@cocotb.test()
@cocotb.parametrize(pause=[never, often])
async def rom_and_memory_answer_their_lines(dut, pause):
    bench = Bench(dut, pause)
    await bench.start()
    filling = None
    if hasattr(dut, "filling"):
        dut.filling.value = filling = bench.rng.getrandbits(64)
    rng, rom_end = bench.rng, BASE + -(-LENGTH // 64) * 64
    for _ in range(300):
        in_rom = rng.random() < 0.5
        start_line = rng.randrange(BASE, rom_end, 64) if in_rom else rng.choice(
            (BASE - 64, rom_end, DRAM, DRAM + 64))
        if rng.random() < 0.3:
            dwords = [rng.getrandbits(64) for _ in range(8)]
            await bench.write(start_line, dwords)
            if not in_rom:
                assert [bench.dram.read(start_line // 8 + n) for n in range(8)] == dwords
        first = rng.randrange(8)
        order = [start_line + (first + n) % 8 * 8 for n in range(8)]
        expected = [rom_dword(addr, filling) if in_rom else bench.dram.read(addr // 8)
                    for addr in order]
        assert await bench.read(order[0]) == expected, f"{start_line:#x}"


class RomWithHole(wiring.Component):
    """A decoder whose ROM has a hole; the filling is a port."""

    def __init__(self):
        self.rom = LineRom(CONTENTS, BASE, 32, hole=HOLE)
        self.mux = DramMux(self.rom)
        super().__init__({**self.mux.signature.members, "filling": In(64)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.mux = self.mux
        for name in self.mux.signature.members:
            connect(m, flipped(getattr(self, name)), getattr(self.mux, name))
        m.d.comb += self.rom.filling.eq(self.filling)
        return m


@pytest.mark.parametrize("hole", [False, True])
def test_line_rom(hole):
    design = RomWithHole() if hole else DramMux(LineRom(CONTENTS, BASE, 32))
    run_cocotb(design, __name__, f"line_rom_{hole}")


@pytest.mark.parametrize("arguments, message", [
    ((b"", 0x1000, 32), "contents must not be empty"),
    ((b"x", 0x1008, 32), "base must be a multiple of 64, not 0x1008"),
    ((b"12345678", 0x1000, 32, 64, 8),
     "hole must be the offset of a dword of the contents, not 0x8"),
    ((bytes(65), 0xFFFF_FFC0, 32), "contents must end within 32 address bits, not at 0x100000040"),
])
def test_bad_roms_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LineRom(*arguments[:4], hole=arguments[4] if len(arguments) > 4 else None)
