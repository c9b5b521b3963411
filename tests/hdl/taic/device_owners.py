"""What a context without an owner is refused, and that nothing of an owner reaches the next one."""

import cocotb

from tests.hdl.taic.device_bench import REFUSED, SIMULATE, UNDELIVERED, Bench
from tests.hdl.taic.device_queues import NO_OWNER, NO_QUEUE, NO_RECEIVE, NOT_PERMITTED
from tests.hdl.taic.device_sequences import KEEP, NO_HART, OS, OTHER, PREEMPT, TASK, THIRD
from tests.hdl.taic.taic_model import BEYOND_UNASSIGNED, NO_SUCH_NUMBER, NO_SUCH_QUEUE

LINE = 1


async def started(dut):
    bench = Bench(dut)
    await bench.start()
    return bench


async def granted(dut, *contexts):
    """Grants ``LINE`` to contexts, with or without an owner."""
    bench = await started(dut)
    await bench.grant(LINE, contexts)
    return bench


async def rises(bench):
    await bench.write(SIMULATE + 8 * LINE, 0)


@cocotb.test()
async def an_arming_without_an_owner_keeps_no_wake_from_the_next_one(dut):
    """TAIC-7.5, TAIC-7.7: the arming is refused, and the line wakes the owner that comes."""
    bench = await granted(dut, 0)
    for register, task in (("arm_line", LINE << 52 | TASK), ("register_interrupt", TASK)):
        number = LINE if register == "register_interrupt" else 0
        await bench.write(bench.queue(0, 0, register, number, alias=True), task)
        await rises(bench)
        assert await bench.error(0, 0) == NO_OWNER
    assert await bench.allocate(OS, 1) == (0, 0)
    await bench.arm_line(0, 0, LINE, OTHER)
    assert await bench.length(0, 0) & 0xFFFF == 0, "an earlier event is not of this owner"
    await rises(bench)
    assert await bench.length(0, 0) & 0xFFFF == 1
    assert await bench.dequeue(0, 0) == OTHER


@cocotb.test()
async def a_channel_of_a_context_without_an_owner_does_not_stick(dut):
    """TAIC-6.11: both sides are refused, and the kernel can write CONFIG again."""
    bench = await started(dut)
    await bench.configure(1, sender=0, receiver=0)
    await bench.arm(0, 0, 1, TASK)
    assert await bench.error(0, 0) == NO_OWNER
    await bench.send(0, 0, 1)
    assert await bench.error(0, 0) == NO_OWNER
    assert await bench.read(bench.channel(1, "config")) >> 32 == 0
    assert await bench.allocate(OS, 1) == (0, 0)
    await bench.configure(1, sender=0, receiver=0)
    assert await bench.read(bench.control("refused")) == 0
    await bench.arm(0, 0, 1, OTHER | KEEP)
    await bench.send(0, 0, 1)
    assert await bench.dequeue(0, 0) == OTHER | KEEP


@cocotb.test()
async def a_channel_into_a_context_without_an_owner_tells_its_sender(dut):
    """TAIC-6.11: nothing becomes pending for whoever gets that context."""
    bench = await started(dut)
    assert await bench.allocate(OS, 1) == (0, 0)
    await bench.configure(1, sender=0, receiver=1)
    await bench.send(0, 0, 1)
    assert await bench.error(0, 0) == NO_RECEIVE
    assert await bench.read(bench.channel(1, "config")) >> 32 == 0
    assert await bench.allocate(OS, 2) == (1, 0)
    await bench.arm(1, 0, 1, TASK)
    assert await bench.length(1, 0) == 0
    await bench.send(0, 0, 1)
    assert await bench.error(0, 0) == 0
    assert await bench.dequeue(1, 0) == TASK


@cocotb.test()
async def nothing_of_an_owner_reaches_the_next(dut):
    """TAIC-3.8: errors, mark, tasks, grants, lines, channels, registrations, settings."""
    bench = await granted(dut, 0)
    assert await bench.allocate(OS, 1) == (0, 0)
    assert await bench.allocate(OS, 1) == (0, 1)
    await bench.set_context(0, priorities=1, compatible=0, limit=5)
    await bench.configure(1, sender=0, receiver=0)
    await bench.arm(0, 0, 1, TASK)
    await rises(bench)  # pending
    for task in (TASK, OTHER, THIRD):
        await bench.enqueue(0, 0, task)
        await bench.enqueue(0, 1, 0)  # an error
    await bench.sequence(0, 1, "register_sender", OS, 1 << 32, alias=True)
    for queue in range(2):
        await bench.free(0, queue)
    await bench.compare(channels=range(2))
    for queue in range(2):
        await bench.enqueue(0, queue, TASK)  # an error through a page that is still mapped
    await rises(bench)
    for queue in range(2):
        assert await bench.allocate(OS, 2) == (0, queue)
        assert await bench.length(0, queue) == await bench.error(0, queue) == 0
    assert await bench.read(bench.control("grant", LINE)) == 0
    await bench.arm_line(0, 0, LINE, TASK)
    assert await bench.error(0, 0) == NO_RECEIVE
    await bench.grant(LINE, (0,))
    await bench.arm_line(0, 0, LINE, TASK)
    await bench.sequence(0, 0, "send_interrupt", OS, 1 << 32)
    assert await bench.length(0, 0) == 0
    await bench.compare(channels=range(2))


@cocotb.test()
async def a_line_that_is_still_high_wakes_the_next_owner(dut):
    """TAIC-7.7"""
    bench = await granted(dut, 0)
    await bench.levels(1 << LINE)
    assert await bench.allocate(OS, 1) == (0, 0)
    await bench.arm_line(0, 0, LINE, TASK)
    assert await bench.dequeue(0, 0) == TASK


@cocotb.test()
async def a_page_without_an_owner_tells_that_and_nothing_else(dut):
    """TAIC-9.4"""
    bench = await started(dut)
    page = bench.queue(0, 0, "enqueue")
    for alias in (False, True):
        base = bench.queue(0, 0, "enqueue", alias=alias)
        for offset, value, size in ((0x00, 0, 8), (0x00, 1, 4), (0x38, 0, 8), (0x40, TASK, 8),
                                    (0x900, 0, 8), (0x900, 0xFFFF, 8), (0x918, TASK, 8),
                                    (0x918, 0xFFF << 52 | TASK, 8), (0x920, TASK, 8),
                                    (0x920, 0xFFF << 52 | TASK, 8), (0x928, 0, 8)):
            await bench.write(base + offset, value, size=size)
            assert await bench.error(0, 0) == NO_OWNER, f"{offset:#x}"
        assert await bench.dequeue(0, 0) == 0
        assert await bench.error(0, 0) == NO_OWNER
    await bench.sequence(0, 0, "register_receiver", OS, 1 << 32, TASK, alias=True)
    assert await bench.error(0, 0) == NO_OWNER
    assert await bench.read(page + 0x928) == 0
    assert await bench.error(0, 0) == NO_OWNER
    await bench.compare()


@cocotb.test()
async def a_task_for_a_queue_that_was_freed_goes_to_the_lowest(dut):
    """TAIC-5.8: armed before the queue was freed, by a line and by a channel."""
    bench = await granted(dut, 0)
    for queue in range(2):
        assert await bench.allocate(OS, 1) == (0, queue)
    await bench.configure(1, sender=0, receiver=0, queue=1)
    await bench.arm(0, 1, 1, TASK | KEEP)
    await bench.arm_line(0, 1, LINE, OTHER | KEEP)
    await bench.send(0, 0, 1)
    await bench.free(0, 1)  # with the channel's task in it
    await rises(bench)
    assert await bench.length(0, 0) & 0xFFFF == 2
    for _ in range(2):
        assert [await bench.dequeue(0, 0) for _ in range(3)] == [TASK | KEEP, OTHER | KEEP, 0]
        await bench.send(0, 0, 1)
        await rises(bench)


@cocotb.test()
async def numbers_of_nothing_are_refused(dut):
    """TAIC-2.6, TAIC-6.3, TAIC-9.3, TAIC-10.6"""
    bench = await started(dut)
    params = bench.params
    assert await bench.allocate(OS, 1) == (0, 0)
    await bench.configure(1, sender=0, receiver=0)
    before = await bench.read(bench.channel(1, "config"))

    async def refuses(offset, value, reason):
        await bench.write(REFUSED, 0)
        await bench.write(offset, value)
        assert await bench.read(REFUSED) == reason | 1 << 4 | 1 << 16 | offset << 32

    for value in (3 << 2, params.contexts << 8, params.contexts << 16, params.queues << 24,
                  0x80 << 8, 0xFF << 16, 0x80 << 24):
        await refuses(bench.channel(1, "config"), value | 1, NO_SUCH_NUMBER)
        assert await bench.read(bench.channel(1, "config")) == before
    context, settings = bench.control("context", 0), await bench.read(bench.control("context", 0))
    for hart in (params.harts, 0x80, 0xFF):
        await refuses(context, settings | hart << 8, NO_SUCH_NUMBER)
    await refuses(context, settings | 0xFFFF << 16, BEYOND_UNASSIGNED)
    assert await bench.read(context) == settings
    installed = bench.control("installed", 0)
    for page in (1, params.queues, params.contexts * params.queues, 0xFFFF):
        await refuses(installed, 1 << 63 | page, NO_SUCH_QUEUE)
        assert await bench.read(installed) >> 63 == 0
    for queue, hart, error in ((0, params.harts, NOT_PERMITTED), (0, NO_HART - 1, NOT_PERMITTED),
                               (1, 0, NO_QUEUE), (1, NO_HART, 0), (0, NO_HART, 0)):
        await bench.sequence(0, queue, "write_hart", hart, alias=True)
        assert await bench.error(0, queue) == error
        assert await bench.read(installed) >> 63 == 0
    await bench.enqueue(0, 0, 0)
    assert await bench.error(0, 0) == NOT_PERMITTED
    await bench.compare(channels=range(2))


@cocotb.test()
async def a_task_armed_beside_a_queued_one_is_woken_after_it(dut):
    """TAIC-6.7, TAIC-6.8: whatever the keep bits of the two."""
    bench = await started(dut)
    assert await bench.allocate(OS, 1) == (0, 0)
    await bench.configure(1, sender=0, receiver=0)
    for old in (TASK, TASK | KEEP):
        for new in (OTHER, OTHER | KEEP, old):
            await bench.arm(0, 0, 1, old)
            await bench.send(0, 0, 1)
            await bench.send(0, 0, 1)  # pending only for a task without keep
            assert await bench.read(bench.channel(1, "config")) >> 33 & 1 == (not old & KEEP)
            await bench.arm(0, 0, 1, new)
            await bench.send(0, 0, 1)
            assert await bench.read(bench.channel(1, "config")) >> 32 == 0b111
            assert [await bench.dequeue(0, 0) for _ in range(3)] == [old, new, 0]
            await bench.arm(0, 0, 1, 0)
    await bench.compare(channels=range(2))


@cocotb.test()
async def a_level_of_several_fields_is_one(dut):
    """TAIC-4.3: with fewer levels than fields the lower bits do not order a queue."""
    bench = await started(dut)
    assert await bench.allocate(OS, 1) == (0, 0)
    await bench.set_context(0, priorities=1)
    step = 16 // bench.params.priorities
    tasks = [TASK | field << 2 for field in reversed(range(min(step, 4)))]  # within any limit
    for task in tasks:
        await bench.enqueue(0, 0, task)
    assert [await bench.dequeue(0, 0) for _ in tasks] == tasks


@cocotb.test()
async def a_dequeue_of_the_last_task_ends_an_undelivered_interrupt(dut):
    """TAIC-10.10: through a queue that is not installed."""
    bench = await granted(dut, 0)
    assert await bench.allocate(OS, 1) == (0, 0)
    await bench.enqueue(0, 0, OTHER)
    await bench.arm_line(0, 0, LINE, TASK | PREEMPT)
    await rises(bench)
    await bench.interrupts(usip=0, ssip=1)
    assert await bench.dequeue(0, 0) == TASK | PREEMPT
    await bench.interrupts(ssip=1)
    assert await bench.dequeue(0, 0) == OTHER
    await bench.interrupts(usip=0, ssip=0)
    assert await bench.read(UNDELIVERED) == 0


@cocotb.test()
async def a_task_of_the_lowest_priority_interrupts_nobody(dut):
    """TAIC-10.2: installed or not."""
    bench = await granted(dut, 0)
    assert await bench.allocate(OS, 1) == (0, 0)
    await bench.set_context(0, priorities=1)
    for field, ssip in ((15, 0), (14, 1)):
        task = TASK | field << 2 | PREEMPT
        await bench.arm_line(0, 0, LINE, task)
        await rises(bench)
        await bench.interrupts(usip=0, ssip=ssip)
        assert await bench.dequeue(0, 0) == task
        await bench.interrupts(ssip=0)
    await bench.sequence(0, 0, "write_hart", 0)
    for field, usip in ((15, 0), (14, 1)):
        await bench.arm_line(0, 0, LINE, TASK | field << 2 | PREEMPT)
        await rises(bench)
        await bench.interrupts(usip=usip, ssip=0)
        await bench.dequeue(0, 0)


@cocotb.test()
async def running_belongs_to_an_installed_queue(dut):
    """TAIC-10.3"""
    bench = await started(dut)
    assert await bench.allocate(OS, 1) == (0, 0)
    running = bench.queue(0, 0, "running")
    await bench.write(running, 3)
    assert await bench.read(running) == 15
    await bench.sequence(0, 0, "write_hart", 0)
    assert await bench.read(running) == 15
    await bench.write(running, 3)
    assert await bench.read(running) == 3
    await bench.sequence(0, 0, "write_hart", NO_HART)
    assert await bench.read(running) == 15


@cocotb.test()
async def an_interrupted_queue_looks_there_even_if_the_task_is_gone(dut):
    """TAIC-5.4: another worker took the preempting task; its queue comes first all the same."""
    bench = await granted(dut, 0)
    for queue in range(2):
        assert await bench.allocate(OS, 1) == (0, queue)
    await bench.sequence(0, 0, "write_hart", 0)
    await bench.arm_line(0, 1, LINE, TASK | PREEMPT)
    await rises(bench)
    await bench.enqueue(0, 0, OTHER)
    await bench.enqueue(0, 1, THIRD)
    await bench.interrupts(usip=1)
    assert await bench.dequeue(0, 1) == TASK | PREEMPT
    await bench.interrupts(usip=1)
    assert [await bench.dequeue(0, 0) for _ in range(2)] == [THIRD, OTHER]
    await bench.interrupts(usip=0)
