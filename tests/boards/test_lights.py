"""A light stays on for a while after its event, even a very short event."""

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly

from boards.lights import Lights
from tests.support.clock import start
from tests.support.run import run_cocotb

CLOCK_HZ = 1024
SHOWN = CLOCK_HZ // 32


async def states(dut, count):
    seen = []
    for _ in range(count):
        await ReadOnly()
        seen.append(int(dut.lights.value))
        await FallingEdge(dut.clk)
    return seen


@cocotb.test()
async def heartbeat(dut):
    dut.taic_busy.value = dut.retired.value = 0
    await start(dut)
    seen = await states(dut, 4 * CLOCK_HZ)
    changes = sum(a != b for a, b in zip(seen, seen[1:], strict=False))
    assert set(seen) == {0, 1} and 7 <= changes <= 8


@cocotb.test()
@cocotb.parametrize(light=[1, 2, 3])
async def one_cycle_is_seen(dut, light):
    dut.taic_busy.value = dut.retired.value = 0
    await start(dut)
    await states(dut, 77)
    dut.taic_busy.value = light == 1
    dut.retired.value = (1 << light) >> 2
    await FallingEdge(dut.clk)
    dut.taic_busy.value = dut.retired.value = 0
    seen = [value >> 1 for value in await states(dut, 4 * SHOWN)]
    assert set(seen) == {0, 1 << light >> 1}
    assert seen.count(1 << light >> 1) == SHOWN
    assert seen[-1] == 0


def test_lights():
    run_cocotb(Lights(harts=2, clock_hz=CLOCK_HZ), __name__, "lights")
