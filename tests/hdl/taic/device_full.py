"""A device without a free place: no access waits for one (TAIC-2.7), and every wake gets one in the
end (TAIC-6.13)."""

import cocotb

from tests.hdl.taic.device_bench import PLACES, SIMULATE, Bench
from tests.hdl.taic.device_queues import KEPT_PLACES
from tests.hdl.taic.device_sequences import word
from tests.support.clock import cycles

OS = 1
TASK, OTHER = 0x1000, 0x2000
KEEP = 2
WAIT = 16  # cycles, of accesses that follow each other


async def started(dut, *, queues=1):
    """Returns a bench whose contexts have so many queues, and a limit of 0."""
    bench = Bench(dut)
    await bench.start()
    await bench.grant_all()
    for process in range(bench.params.contexts):
        for _ in range(queues):
            await bench.allocate(OS, 1 + process)
        await bench.set_context(process, limit=0)
    return bench


async def filled(dut, *, queues=1):
    """Returns a bench of a device without a free place.

    Limits move from context to context and leave their tasks behind. The last two contexts have one
    task each.
    """
    bench = await started(dut, queues=queues)
    params, model = bench.params, bench.model.queues
    for context in range(params.contexts):
        limit = model.unassigned() if context < params.contexts - 2 else 1
        await put(bench, context, limit)
    while model.has_place():
        for context in range(params.contexts):
            await put(bench, context, model.unassigned())
    bench.full = True
    await bench.compare(channels=())
    return bench


async def put(bench, context, limit):
    """Enqueues so many tasks, if there are places. Then another context may have the limit."""
    await bench.set_context(context, limit=limit)
    for number in range(limit):
        await bench.enqueue(context, 0, TASK + (number << 20) + (context << 16))
    await bench.set_context(context, limit=0)


async def notify_all(bench):
    """Arms all channels and lines, and notifies them. Returns how many tasks then wait."""
    params = bench.params
    for channel in range(params.channels):
        await bench.configure(channel, sender=0, receiver=channel % params.contexts)
        await bench.arm(channel % params.contexts, 0, channel, OTHER + (channel << 20))
    for line in range(params.lines):
        for context in range(params.contexts):
            await bench.arm_line(context, 0, line, OTHER + (line << 20) + (context << 16) + KEEP)
        await bench.write(SIMULATE + 8 * line, 0)
    for channel in range(params.channels):
        await bench.send(0, 0, channel)
    return len(bench.model.records.due())


@cocotb.test()
async def no_access_waits_for_a_place(dut):
    """While many wakes wait, every register of every page can be read and written."""
    bench = await filled(dut)
    params = bench.params
    assert await notify_all(bench) == params.channels + params.lines * params.contexts
    await bench.compare()
    bench.wait = False
    port = bench.ports[0]
    for context in range(params.contexts):
        await bench.arm_line(context, 0, 0, OTHER + KEEP)
        await bench.arm(context, 0, context, OTHER)
        await bench.send(0, 0, context)
        await bench.error(context, 0)
        await bench.read(bench.channel(context, "config"))
        await bench.read(bench.channel(context, "task"))
        await bench.read(bench.control("grant"))
        assert port.accepted_after + port.answered_after < WAIT
    bench.wait = True
    await bench.compare()


@cocotb.test()
async def every_wake_gets_a_place_in_its_turn(dut):
    bench = await filled(dut)
    params, waits = bench.params, await notify_all(bench)
    assert await bench.length(params.contexts - 1, 0) & 0xFFFF < params.tasks
    for _ in range(waits):
        for context in range(params.contexts):
            if bench.model.queues.total(context):
                await bench.dequeue(context, 0)
    await bench.compare()
    assert not bench.model.records.due()
    assert (await bench.read(PLACES)) >> 16 & 0xFFFF == KEPT_PLACES


@cocotb.test()
async def a_wake_that_waits_follows_its_record(dut):
    """ARM replaces the task, ARM of none and CONFIG take it back (TAIC-6.13)."""
    bench = await filled(dut)
    for channel in range(4):
        await bench.configure(channel, sender=0, receiver=1)
        await bench.arm(1, 0, channel, OTHER + (channel << 20))
        await bench.send(0, 0, channel)
        assert await bench.read(bench.channel(channel, "config")) >> 32 == 3  # armed and pending
    await bench.arm(1, 0, 0, OTHER + (9 << 20))
    await bench.arm(1, 0, 1, 0)
    await bench.configure(2, sender=0, receiver=1)
    await bench.compare()
    for _ in range(2):
        await bench.dequeue(0, 0)
    await bench.compare()
    got = [await bench.dequeue(1, 0) for _ in range(bench.model.queues.total(1))]
    assert got[-2:] == [OTHER + (9 << 20), OTHER + (3 << 20)]
    await bench.arm(1, 0, 1, OTHER)  # what was pending stays pending
    assert await bench.dequeue(1, 0) == OTHER


@cocotb.test()
async def a_queue_is_freed_while_there_is_no_place(dut):
    """Its tasks move, and no wake takes their places meanwhile. Then the contexts end."""
    bench = await filled(dut, queues=2)
    waits = await notify_all(bench)
    await bench.free(0, 0)
    assert len(bench.model.records.due()) == waits
    await bench.compare()
    for context in range(bench.params.contexts):
        for queue in range(context == 0, 2):
            await bench.free(context, queue)
            await bench.compare()
    assert await bench.allocate(OS, 9) == (0, 0)
    await bench.compare()
    assert await bench.dequeue(0, 0) == 0


@cocotb.test()
async def all_but_the_kept_places_are_used(dut):
    """TAIC-5.9: beside what software may fill, each channel, line and slot has its own place."""
    bench = await started(dut)
    params = bench.params
    await bench.set_context(0, limit=params.spare)
    for number in range(params.spare):
        await bench.enqueue(0, 0, TASK + (number << 20))
    for channel in range(params.channels):
        await bench.configure(channel, sender=0, receiver=0)
        await bench.arm(0, 0, channel, OTHER)
        await bench.send(0, 0, channel)
    for line in range(params.lines):
        await bench.arm_line(0, 0, line, OTHER)
        await bench.write(SIMULATE + 8 * line, 0)
    for context in range(params.contexts):
        for slot in range(params.slots):
            name = OS, word(1 + context, slot)
            await bench.sequence(context, 0, "register_sender", *name)
            await bench.sequence(context, 0, "register_receiver", *name, OTHER)
            await bench.sequence(context, 0, "send_interrupt", *name)
    await bench.compare()
    assert not bench.model.records.due()
    assert await bench.read(PLACES) & 0xFFFF == KEPT_PLACES


@cocotb.test()
async def a_place_is_free_at_once(dut):
    """A DEQUEUE makes room for the ENQUEUE that follows it without a pause."""
    bench = await filled(dut)
    params, port = bench.params, bench.ports[0]
    await bench.set_context(0, limit=params.spare)
    bench.wait = False
    for pause in range(6):
        for number in range(4):
            await bench.dequeue(0, 0)
            await cycles(dut, pause)
            await bench.enqueue(0, 0, OTHER + (number << 20))
        await bench.settle()
        assert await port.read(bench.queue(0, 0, "error"), 8) == 0
    bench.wait = True
    await bench.compare(channels=())
