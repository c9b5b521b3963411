"""Preemption with several harts: an interrupt is handed on when its hart is lost."""

import cocotb

from tests.hdl.taic.device_bench import SIMULATE, UNDELIVERED, Bench
from tests.hdl.taic.device_sequences import NO_HART, OS, PREEMPT, TASK


async def interrupted(dut):
    """Hart 0 has queue 0 of context 0, and is interrupted. Context 1 has a queue, too."""
    bench = Bench(dut)
    await bench.start()
    await bench.grant_all()
    for queue in range(2):
        assert await bench.allocate(OS, 1) == (0, queue)
    assert await bench.allocate(OS, 2) == (1, 0)
    await bench.sequence(0, 0, "write_hart", 0)
    await bench.arm_line(0, 0, 0, TASK | PREEMPT)
    await bench.write(SIMULATE, 0)
    await bench.interrupts(usip=1, ssip=0)
    return bench


@cocotb.test()
async def another_hart_of_the_context_takes_an_interrupt_over(dut):
    """TAIC-10.7: after an installation of another context, of none, and after a release."""
    for how in ("other", "none", "release"):
        bench = await interrupted(dut)
        await bench.sequence(0, 1, "write_hart", 1)
        await bench.interrupts(usip=1)
        if how == "other":
            await bench.sequence(1, 0, "write_hart", 0)
        elif how == "none":
            await bench.sequence(0, 0, "write_hart", NO_HART)
        else:
            await bench.free(0, 0)
        await bench.interrupts(usip=2, ssip=0)
        assert await bench.read(UNDELIVERED) == 0
        assert await bench.dequeue(0, 1) == TASK | PREEMPT
        await bench.interrupts(usip=0, ssip=0)
        await bench.compare()


@cocotb.test()
async def without_another_hart_it_is_undelivered_until_one_comes(dut):
    """TAIC-10.7, TAIC-10.8"""
    bench = await interrupted(dut)
    await bench.sequence(1, 0, "write_hart", 0)
    await bench.interrupts(usip=0, ssip=1)
    assert await bench.read(UNDELIVERED) == 1
    await bench.sequence(0, 1, "write_hart", 1)
    await bench.interrupts(usip=2, ssip=0)
    assert await bench.read(UNDELIVERED) == 0
    assert await bench.dequeue(0, 1) == TASK | PREEMPT
    await bench.interrupts(usip=0, ssip=0)
