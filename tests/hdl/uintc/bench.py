"""The bench of the directed tests. Every access also goes to the model."""

import random

import cocotb
from cocotb.triggers import FallingEdge

from hdl.uintc.params import ADDR_BITS
from tests.hdl.uintc.uintc_model import ACTIVE, ERROR, HIGH, LOW, SEND, UintcModel, address
from tests.support.clock import start
from tests.support.mmio import Initiator
from tests.support.pauses import never


def low(hart, active=1, mode=0):
    """Returns the word for WRITE_LOW."""
    return hart << 16 | mode << 1 | active


class Bench:
    def __init__(self, dut):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.bus = Initiator(dut, "bus", ADDR_BITS, never(self.rng))

    async def start(self):
        """Resets the design and reads its size from its identity register."""
        await start(self.dut)
        identity = await self.bus.read(SEND, 8)
        self.receivers, self.harts = identity & 0xFFFF, identity >> 16 & 0xFFFF
        self.model = UintcModel(self.receivers, self.harts)
        assert identity == self.model.access(False, SEND, 8)

    async def write(self, index, register, value, size=8):
        await self.write_at(address(index, register), value, size)

    async def write_at(self, offset, value, size=8):
        self.model.access(True, offset, size, value)
        await self.bus.write(offset, value, size)
        assert self.bus.accepted_after == 0

    async def read(self, index, register, size=8):
        return await self.read_at(address(index, register), size)

    async def read_at(self, offset, size=8):
        """Returns the value, which must match the model; ``None`` if both refuse."""
        wanted = self.model.access(False, offset, size)
        if wanted is None:
            assert await self.bus.refused(offset, size), f"{offset:#x} is not refused"
            return None
        got = await self.bus.read(offset, size)
        assert got == wanted, f"{offset:#x} reads {got:#x}, not {wanted:#x}"
        assert (self.bus.accepted_after, self.bus.answered_after) == (0, 1)
        return got

    async def lines(self, wanted):
        """Checks the lines after the effect of the last write, here and in the model."""
        await FallingEdge(self.dut.clk)
        assert int(self.dut.usip.value) == wanted == self.model.usip()

    async def compare(self, indices=None):
        """Compares all entries and the error register. Clears pending vectors, but not errors."""
        for index in range(self.receivers) if indices is None else indices:
            for register in (LOW, ACTIVE, HIGH):
                await self.read(index, register)
        await self.read_at(ERROR)
