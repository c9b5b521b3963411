"""The device avoids the defects of the published design: one test for each known defect."""

import cocotb

from tests.hdl.taic.device_bench import SIMULATE, Bench
from tests.hdl.taic.device_queues import FULL, NO_SEND
from tests.hdl.taic.device_sequences import (
    KEEP,
    OS,
    OTHER,
    PREEMPT,
    TASK,
    THIRD,
    notify,
    pair,
    word,
)
from tests.support.clock import cycles

PHASES = range(8)  # distances of two events in cycles


async def started(dut, *, processes=1, wait=True):
    bench = Bench(dut, wait=wait)
    await bench.start()
    await bench.grant_all()
    for process in range(1, processes + 1):
        await bench.allocate(OS, process)
    return bench


async def drained(bench, context, queue=0):
    """Returns all tasks of a context in a worker's order, without the model."""
    tasks = []
    offset = bench.queue(context, queue, "dequeue")
    while task := await bench.ports[0].read(offset, 8):
        tasks.append(task)
        await bench.settle()
    return tasks


@cocotb.test()
async def a_notification_without_a_receiver_wakes_nothing_else(dut):
    bench = await started(dut, processes=2)
    await bench.enqueue(1, 0, TASK)
    assert await bench.dequeue(1, 0) == TASK
    await bench.sequence(0, 0, "register_sender", OS, word(2, 5))
    await notify(bench)
    assert await bench.dequeue(1, 0) == 0
    assert await bench.error(0, 0) == await bench.error(1, 0) == 0
    await bench.sequence(1, 0, "register_receiver", OS, word(1, 5), OTHER)  # it was remembered
    assert [await bench.dequeue(1, 0) for _ in range(2)] == [OTHER, 0]


@cocotb.test()
async def only_a_dequeue_lowers_the_interrupt(dut):
    bench = await started(dut)
    await bench.sequence(0, 0, "write_hart", 0)
    await bench.arm_line(0, 0, 0, TASK | PREEMPT)
    await bench.arm_line(0, 0, 1, OTHER)
    await bench.write(SIMULATE, 0)
    await bench.interrupts(usip=1)
    await bench.enqueue(0, 0, THIRD)
    await bench.interrupts(usip=1)
    await bench.write(SIMULATE + 8, 0)
    await bench.interrupts(usip=1)
    await bench.error(0, 0)
    await bench.length(0, 0)
    await bench.interrupts(usip=1)
    assert await bench.dequeue(0, 0) == TASK | PREEMPT
    await bench.interrupts(usip=0)


@cocotb.test()
async def an_enqueue_beside_a_wake_is_not_lost(dut):
    bench = await started(dut, wait=False)
    count = 4
    for phase in PHASES:
        await bench.ports[0].write(bench.queue(0, 0, "arm_line"), TASK, 8)
        await bench.settle()
        await bench.ports[0].write(SIMULATE, 0, 8)
        await cycles(dut, phase)
        enqueue = bench.queue(0, 0, "enqueue")
        for number in range(count):
            await bench.ports[0].write(enqueue, OTHER + 64 * number, 8)
        await bench.settle()
        got = await drained(bench, 0)
        assert sorted(got) == [TASK, *(OTHER + 64 * number for number in range(count))]
        assert [task for task in got if task != TASK] == sorted(got)[1:]


@cocotb.test()
async def an_error_disturbs_no_other_operation(dut):
    bench = await started(dut, processes=2, wait=False)
    first, last = bench.ports[0], bench.ports[-1]
    done = []

    async def errs():
        while not done:
            await first.write(bench.queue(0, 0, "send"), 0, 8)  # no such permission
            assert await first.read(bench.queue(0, 0, "error"), 8) in (0, NO_SEND)
            assert await first.read(bench.queue(0, 0, "dequeue"), 8) == 0

    if first is not last:
        beside = cocotb.start_soon(errs())
    for number in range(100):
        await last.write(bench.queue(1, 0, "enqueue"), TASK + 64 * number, 8)
        assert await last.read(bench.queue(1, 0, "dequeue"), 8) == TASK + 64 * number
        assert await last.read(bench.queue(1, 0, "dequeue"), 8) == 0
        assert await last.read(bench.queue(1, 0, "error"), 8) == 0
    done.append(True)
    if first is not last:
        await beside


@cocotb.test()
async def a_full_context_loses_nothing(dut):
    """Software is refused at the limit, but wake-ups have their own places."""
    bench = await started(dut, wait=False)
    params = bench.params
    for context in range(1, params.contexts):
        await bench.set_context(context, limit=0)
    await bench.set_context(0, limit=params.spare)
    for channel in range(params.channels):
        await bench.configure(channel, sender=0, receiver=0)
        await bench.arm(0, 0, channel, OTHER + 64 * channel)
    await bench.settle()
    for number in range(params.spare):
        await bench.enqueue(0, 0, TASK + (number << 20))
    await bench.settle()
    assert await bench.length(0, 0) & 0xFFFF_FFFF == params.spare * 0x1_0001
    assert await bench.error(0, 0) == 0
    await bench.enqueue(0, 0, THIRD)
    await bench.settle()
    assert await bench.error(0, 0) == FULL
    for channel in range(params.channels):
        await bench.send(0, 0, channel)
        await bench.settle()
    await bench.compare(channels=range(2))
    total = params.spare + params.channels
    assert await bench.length(0, 0) & 0xFFFF_FFFF == total * 0x1_0001
    for _ in range(total + 1):
        await bench.dequeue(0, 0)
        await bench.settle()
    await bench.compare(channels=range(2))


@cocotb.test()
async def a_repeated_registration_leaves_no_copy(dut):
    bench = await pair(dut, TASK)
    await bench.sequence(1, 0, "register_receiver", OS, word(1, 5), OTHER)
    await notify(bench)
    assert [await bench.dequeue(1, 0) for _ in range(2)] == [OTHER, 0]
    await notify(bench)
    assert await bench.dequeue(1, 0) == 0
    await bench.compare()


@cocotb.test()
async def a_one_shot_slot_is_used_up_beside_a_registration(dut):
    bench = await pair(dut, TASK)
    port = bench.ports[0]
    words = [(bench.queue(0, 0, "send_interrupt"), OS),
             (bench.queue(0, 0, "send_interrupt"), word(2, 5)),
             (bench.queue(1, 0, "register_receiver"), OS),
             (bench.queue(1, 0, "register_receiver"), word(1, 6)),
             (bench.queue(1, 0, "register_receiver"), OTHER)]
    for offset, value in words:
        await port.write(offset, value, 8)
    await bench.settle(2 * bench.search)
    assert await drained(bench, 1) == [TASK]
    for offset, value in words[:2]:
        await port.write(offset, value, 8)
    await bench.settle(2 * bench.search)
    assert await drained(bench, 1) == []


@cocotb.test()
async def each_port_has_sequences_of_its_own(dut):
    bench = await started(dut)
    if len(bench.ports) == 1:
        return
    offset = bench.control("allocate")
    for value in (OS, 2):
        for port in (0, 1):
            await bench.write(offset, value + 0x10 * port, port=port)
    assert await bench.read(offset, port=1) == 1 << 32
    assert await bench.read(offset, port=0) == 2 << 32
    send = bench.queue(0, 0, "register_sender")
    for port, value in ((0, OS), (1, OS), (1, word(3, 1)), (0, word(2, 5))):
        await bench.write(send, value, port=port)
    await bench.sequence(2, 0, "register_receiver", OS, word(1, 5), TASK)
    await notify(bench)
    assert await bench.error(0, 0) == 0
    assert await bench.dequeue(2, 0) == TASK


@cocotb.test()
async def another_page_or_register_begins_another_sequence(dut):
    bench = await pair(dut, TASK)
    await bench.sequence(0, 0, "send_interrupt", OS)
    await bench.sequence(0, 0, "cancel_sender", word(2, 5))
    await bench.sequence(0, 0, "send_interrupt", word(2, 5))
    assert await bench.dequeue(1, 0) == 0
    await bench.sequence(0, 0, "send_interrupt", OS, word(2, 5))
    assert await bench.error(0, 0) == NO_SEND  # the request was for (word(2, 5), OS)
    await notify(bench)
    await bench.compare()


@cocotb.test()
async def allocation_beside_a_notification_is_not_forgotten(dut):
    bench = await pair(dut, TASK | KEEP)
    port = bench.ports[0]
    for phase in PHASES:
        for value in (OS, word(2, 5)):
            await port.write(bench.queue(0, 0, "send_interrupt"), value, 8)
        await cycles(dut, phase)
        for value in (OS, 1):
            await port.write(bench.control("allocate"), value, 8)
        assert await port.read(bench.control("allocate"), 8) == 1
        for value in (OS, word(2, 5)):
            await port.write(bench.queue(0, 0, "send_interrupt"), value, 8)
        await cycles(dut, phase)
        await port.write(bench.control("free"), 1, 8)
        await bench.settle(bench.params.records + 500)
        assert await drained(bench, 1) == [TASK | KEEP]


@cocotb.test()
async def two_notifications_in_a_row_reach_both_receivers(dut):
    bench = await pair(dut, TASK)
    await bench.sequence(0, 0, "register_receiver", OS, word(1, 6), OTHER)
    await bench.sequence(0, 0, "register_sender", OS, word(1, 6))
    port = bench.ports[0]
    for value in (OS, word(2, 5), OS, word(1, 6)):
        await port.write(bench.queue(0, 0, "send_interrupt"), value, 8)
    await bench.settle(2 * bench.search)
    assert await drained(bench, 1) == [TASK]
    assert await drained(bench, 0) == [OTHER]


@cocotb.test()
async def the_next_owner_is_not_interrupted(dut):
    bench = await started(dut)
    await bench.sequence(0, 0, "write_hart", 0)
    await bench.arm_line(0, 0, 0, TASK | PREEMPT | KEEP)
    await bench.write(SIMULATE, 0)
    await bench.interrupts(usip=1)
    await bench.free(0, 0)
    await bench.interrupts(usip=0, ssip=0)
    assert await bench.allocate(OS, 9) == (0, 0)
    await bench.grant_all()
    await bench.write(SIMULATE, 0)
    await bench.interrupts(usip=0, ssip=0)
    assert await bench.dequeue(0, 0) == 0
    await bench.compare()
