"""Golden model of an SPI flash for a reader, from the data sheets of common parts."""

import cocotb
from cocotb.triggers import Edge, FallingEdge, RisingEdge
from cocotb.utils import get_sim_time

WAKE_UP, READ, FAST_READ = 0xAB, 0x03, 0x0B
WAKE_UP_NS, DESELECT_NS, PERIOD_NS = 35_000, 50, 30


class FlashModel:
    """Holds ``contents`` and sleeps at first. ``commands`` lists the commands taken.

    Fails for an unknown command, a command while it sleeps or wakes, a command too soon after
    another, and a clock that is too fast. ``pins`` is the prefix of the design's ports.
    """

    def __init__(self, dut, pins: str, contents: bytes) -> None:
        self.cs, self.clk, self.copi, self.cipo = (
            getattr(dut, f"{pins}__{name}") for name in ("cs", "clk", "copi", "cipo"))
        self.contents, self.commands = contents, []
        self.deselected_clocks = 0
        self.awake_from = None
        self.cipo.value = 1
        cocotb.start_soon(self._serve())
        cocotb.start_soon(self._check_clock())

    async def _check_clock(self) -> None:
        last = -PERIOD_NS
        while True:
            await RisingEdge(self.clk)
            now = get_sim_time("ns")
            assert now - last >= PERIOD_NS, f"a clock period of {now - last} ns"
            last = now
            self.deselected_clocks += not int(self.cs.value)

    async def _serve(self) -> None:
        ended = -DESELECT_NS
        while True:
            await RisingEdge(self.cs)
            begin = get_sim_time("ns")
            assert begin - ended >= DESELECT_NS, f"deselected for {begin - ended} ns"
            task = cocotb.start_soon(self._command(begin))
            await FallingEdge(self.cs)
            assert not int(self.clk.value), "deselected while the clock is high"
            ended = get_sim_time("ns")
            task.cancel()
            self.cipo.value = 1
            if self.commands[-1:] == [(WAKE_UP,)] and self.awake_from is None:
                self.awake_from = ended + WAKE_UP_NS

    async def _byte(self) -> int:
        value = 0
        for _ in range(8):
            await RisingEdge(self.clk)
            value = value << 1 | int(self.copi.value)
        return value

    async def _command(self, begin: float) -> None:
        code = await self._byte()
        if code == WAKE_UP:
            self.commands.append((code,))
            await Edge(self.clk)
            await RisingEdge(self.clk)
            raise AssertionError("the wake-up goes on behind its command")
        assert code in (READ, FAST_READ), f"command {code:#x}"
        assert self.awake_from is not None and begin >= self.awake_from, "it is not awake"
        address = int.from_bytes([await self._byte() for _ in range(3)], "big")
        if code == FAST_READ:
            await self._byte()
        self.commands.append((code, address))
        while True:
            byte = self.contents[address % len(self.contents)]
            for n in reversed(range(8)):
                await FallingEdge(self.clk)
                self.cipo.value = byte >> n & 1
            await RisingEdge(self.clk)
            address += 1
