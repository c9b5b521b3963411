"""The UINTC keeps its entries, raises and lowers its lines, and refuses what is wrong."""

import random

import cocotb
import pytest
from cocotb.triggers import FallingEdge

from hdl.uintc import Uintc, UintcParams
from tests.hdl.uintc.uintc_model import ACTIVE, HIGH, LOW, SEND, UintcModel, address
from tests.support.clock import start
from tests.support.mmio import Initiator
from tests.support.pauses import never
from tests.support.refuse import assert_refused
from tests.support.run import run_cocotb

ADDR_BITS = 15


def low(hart, active=1, mode=0):
    return hart << 16 | mode << 1 | active


class Bench:
    """Every access goes to the model too."""

    def __init__(self, dut, pause=never):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.bus = Initiator(dut, "bus", ADDR_BITS, pause(self.rng))

    async def start(self):
        await start(self.dut)
        identity = await self.bus.read(SEND, 8)
        self.receivers, self.harts = identity & 0xFFFF, identity >> 16 & 0xFFFF
        self.model = UintcModel(self.receivers, self.harts)
        assert identity == self.model.access(False, SEND, 8)

    async def write(self, index, register, value, size=8):
        self.model.access(True, address(index, register), size, value)
        await self.bus.write(address(index, register), value, size)

    async def read(self, index, register, size=8):
        return await self.read_at(address(index, register), size)

    async def read_at(self, offset, size=8):
        """The value, which is the model's; ``None`` if both refuse."""
        wanted = self.model.access(False, offset, size)
        if wanted is None:
            assert await self.bus.refused(offset, size), f"{offset:#x} is not refused"
            return None
        got = await self.bus.read(offset, size)
        assert got == wanted, f"{offset:#x} reads {got:#x}, not {wanted:#x}"
        return got

    async def lines(self, wanted):
        """The lines, once the last access has had its effect; they are the model's, too."""
        await FallingEdge(self.dut.clk)
        assert int(self.dut.usip.value) == wanted == self.model.usip()

    async def entries_are_the_models(self):
        for index in range(self.receivers):
            for register in (LOW, ACTIVE, HIGH):
                await self.read(index, register)


@cocotb.test()
async def every_entry_is_cleared_after_reset(dut):
    bench = Bench(dut)
    await bench.start()
    for _ in range(2):
        await bench.entries_are_the_models()
        for index in range(bench.receivers):
            await bench.write(index, LOW, low(0, mode=1))
            await bench.write(index, HIGH, bench.rng.getrandbits(64) | 1)
        dut.rst.value = 1
        await FallingEdge(dut.clk)
        dut.rst.value = 0
        await FallingEdge(dut.clk)
        assert int(dut.usip.value) == 0
        bench.model = UintcModel(bench.receivers, bench.harts)
        await bench.bus.read(SEND, 8)
        assert bench.bus.accepted_after == bench.receivers - 1


@cocotb.test()
async def a_send_raises_the_line_and_a_read_lowers_it(dut):
    bench = Bench(dut)
    await bench.start()
    last = bench.receivers - 1
    await bench.write(last, LOW, low(bench.harts - 1))
    await bench.lines(0)
    await bench.write(last, SEND, 63)
    await bench.lines(1 << bench.harts - 1)
    assert await bench.read(last, HIGH) == 1 << 63
    await bench.lines(0)
    assert await bench.read(last, HIGH) == 0


@pytest.mark.parametrize(("receivers", "harts"), [(512, 4), (5, 1)])
def test_uintc(receivers, harts):
    run_cocotb(Uintc(UintcParams(receivers, harts)), __name__, f"uintc_{receivers}_{harts}")


def test_parameters_are_checked():
    assert_refused(lambda: UintcParams(receivers=513), "receivers must be 2 to 512, not 513")
    assert_refused(lambda: UintcParams(harts=0), "harts must be 1 to 16, not 0")
