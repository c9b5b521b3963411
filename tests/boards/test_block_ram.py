"""Block RAM keeps lines for any order of bursts and any pauses."""

import random

import cocotb
import pytest
from cocotb.triggers import FallingEdge, ReadOnly

from boards.block_ram import BlockRam
from tests.support.clock import start
from tests.support.run import run_cocotb

BASE, BYTES, LINE = 0x8000_0000, 4096, 64


class Bench:
    def __init__(self, dut):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        dut.bus__request__valid.value = 0
        dut.bus__wdata__valid.value = 0

    async def request(self, write, addr):
        dut = self.dut
        dut.bus__request__payload.value = addr << 1 | write
        await self._transfer(dut.bus__request__valid, dut.bus__request__ready)

    async def write(self, line, dwords):
        await self.request(1, line)
        for dword in dwords:
            while self.rng.random() < 0.3:
                await FallingEdge(self.dut.clk)
            self.dut.bus__wdata__payload.value = dword
            await self._transfer(self.dut.bus__wdata__valid, self.dut.bus__wdata__ready)

    async def read(self, addr):
        """Reads dwords in their order of arrival. Returns them and the cycle of the first."""
        dut, dwords, first = self.dut, [], None
        await self.request(0, addr)
        for cycle in range(1, 20):
            await ReadOnly()
            if int(dut.bus__rdata__valid.value):
                first = first or cycle
                dwords.append(int(dut.bus__rdata__data.value))
            await FallingEdge(dut.clk)
            if len(dwords) == LINE // 8:
                return dwords, first
        raise AssertionError(f"{len(dwords)} dwords came")

    async def _transfer(self, valid, ready):
        valid.value = 1
        for _ in range(50):
            await ReadOnly()
            done = int(ready.value)
            await FallingEdge(self.dut.clk)
            if done:
                valid.value = 0
                return
        raise AssertionError("not accepted")


@cocotb.test()
async def lines_are_kept(dut):
    bench = Bench(dut)
    await start(dut)
    rng, kept = bench.rng, {}
    for _ in range(600):
        line = BASE + LINE * rng.randrange(BYTES // LINE)
        if line not in kept or rng.random() < 0.4:
            kept[line] = [rng.getrandbits(64) for _ in range(LINE // 8)]
            await bench.write(line, kept[line])
        else:
            first = rng.randrange(8)
            dwords, cycle = await bench.read(line + 8 * first)
            assert dwords == kept[line][first:] + kept[line][:first]
            assert cycle == 2


def test_block_ram():
    run_cocotb(BlockRam(size_bytes=BYTES, paddr_bits=32), __name__, "block_ram")


@pytest.mark.parametrize("size", [0, 64, 1000, 3 << 10])
def test_refuses_sizes(size):
    with pytest.raises(ValueError, match=f"a power of two of at least 128 bytes, not {size}"):
        BlockRam(size_bytes=size, paddr_bits=32)
