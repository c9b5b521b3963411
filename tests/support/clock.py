"""Clock and reset."""

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, Timer

PERIOD_NS = 10


async def start(dut) -> None:
    """Starts the clock and resets the design. Returns at a falling edge."""
    cocotb.start_soon(Clock(dut.clk, PERIOD_NS, "ns").start())
    dut.rst.value = 1
    await ClockCycles(dut.clk, 2)
    await FallingEdge(dut.clk)
    dut.rst.value = 0
    await FallingEdge(dut.clk)


async def cycles(dut, count: int) -> None:
    """Waits from a falling edge to the one ``count`` cycles later, cheaper than edge by edge."""
    if count:
        await Timer(count * PERIOD_NS - PERIOD_NS // 4, "ns")
        await FallingEdge(dut.clk)
