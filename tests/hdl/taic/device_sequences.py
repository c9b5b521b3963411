"""The register sequences of the published map, step by step. Every answer matches the model."""

import cocotb

from tests.hdl.taic.device_bench import ALLOCATE, FREE, SIMULATE, UNDELIVERED, Bench
from tests.hdl.taic.device_queues import (
    FULL,
    NO_OWNER,
    NO_QUEUE,
    NO_RECEIVE,
    NO_SEND,
    NOT_PERMITTED,
)
from tests.hdl.taic.taic_model import MASK64, NO_SUCH_QUEUE
from tests.support.clock import cycles

TASK, OTHER, THIRD = 0x1000, 0x2000, 0x3000
PREEMPT, KEEP = 1, 2
NO_HART = MASK64
OS = 1


async def started(dut, *, wait=True):
    bench = Bench(dut, wait=wait)
    await bench.start()
    await bench.grant_all()
    return bench


def word(process, channel=0):
    return process << 32 | channel


# 4: allocation and release


@cocotb.test()
async def allocation_reuses_a_context_and_takes_the_lowest_queue(dut):
    bench = await started(dut)
    params = bench.params
    for queue in range(params.queues):
        assert await bench.allocate(OS, 7) == (0, queue)
    assert await bench.allocate(OS, 7) is None  # no queue left
    for context in range(1, params.contexts):
        assert await bench.allocate(OS, 7 + context) == (context, 0)
    assert await bench.allocate(OS, 99) is None  # no context left
    await bench.free(0, 1)
    assert await bench.allocate(OS, 7) == (0, 1)
    for queue in range(params.queues):
        await bench.free(0, queue)
    assert await bench.allocate(OS + 1, 7) == (0, 0)
    await bench.compare()


@cocotb.test()
async def the_whole_of_both_words_tells_an_owner(dut):
    bench = await started(dut)
    assert await bench.allocate(OS, 1) == (0, 0)
    assert await bench.allocate(OS | 1 << 63, 1) == (1, 0)
    await bench.free(1, 0)
    assert await bench.allocate(OS, 1 | 1 << 63) == (1, 0)
    await bench.free(1, 0)
    assert await bench.allocate(0, 0) == (1, 0)


@cocotb.test()
async def an_allocation_without_its_two_writes_gives_all_ones(dut):
    bench = await started(dut)
    assert await bench.read(ALLOCATE) == MASK64
    await bench.write(ALLOCATE, OS)
    assert await bench.read(ALLOCATE) == MASK64
    assert await bench.allocate(OS, 1) == (0, 0)
    assert await bench.read(ALLOCATE) == MASK64


@cocotb.test()
async def the_release_of_a_queue_moves_its_tasks_to_another(dut):
    bench = await started(dut)
    for _ in range(2):
        await bench.allocate(OS, 1)
    for task in (TASK, OTHER, THIRD):
        await bench.enqueue(0, 1, task)
    await bench.enqueue(0, 0, 0x4000)
    await bench.free(0, 1)
    assert await bench.length(0, 0) & 0xFFFF_FFFF == 4 | 4 << 16
    assert [await bench.dequeue(0, 0) for _ in range(5)] == [0x4000, TASK, OTHER, THIRD, 0]
    await bench.compare()


@cocotb.test()
async def the_release_of_the_last_queue_ends_the_context(dut):
    bench = await started(dut)
    free = (await bench.read(bench.control("places"))) & 0xFFFF
    await bench.allocate(OS, 1)
    await bench.allocate(OS, 1)
    await bench.enqueue(0, 1, TASK)
    await bench.enqueue(0, 0, OTHER)
    await bench.free(0, 0)
    await bench.free(0, 1)
    assert (await bench.read(bench.control("places"))) & 0xFFFF == free
    assert await bench.allocate(OS, 2) == (0, 0)
    assert await bench.dequeue(0, 0) == 0  # the next owner inherits nothing
    await bench.compare()


# 6: ready queues


@cocotb.test()
async def a_queue_is_first_in_first_out(dut):
    bench = await started(dut, wait=False)
    await bench.allocate(OS, 1)
    tasks = [TASK + 64 * number for number in range(6)]
    for task in tasks:
        await bench.enqueue(0, 0, task)
    assert [await bench.dequeue(0, 0) for _ in range(7)] == [*tasks, 0]


@cocotb.test()
async def every_bit_of_a_task_is_kept(dut):
    bench = await started(dut, wait=False)
    await bench.allocate(OS, 1)
    for bit in range(64):
        await bench.enqueue(0, 0, 1 << bit)
        assert await bench.dequeue(0, 0) == 1 << bit


@cocotb.test()
async def a_worker_without_tasks_steals_from_the_next_queue(dut):
    """Steals round robin, starting at the own queue, one task at a time."""
    bench = await started(dut)
    queues = bench.params.queues
    for _ in range(queues):
        await bench.allocate(OS, 1)
    await bench.set_context(0, limit=2 * queues)
    for queue in range(queues):
        for number in range(2):
            await bench.enqueue(0, queue, TASK + 0x100 * queue + 0x10 * number)
    last = queues - 1
    order = [TASK + 0x100 * ((last + step) % queues) + 0x10 * number
             for step in range(queues) for number in range(2)]
    for task in order:
        assert await bench.dequeue(0, last) == task
    assert await bench.dequeue(0, last) == 0


@cocotb.test()
async def a_higher_priority_leaves_first(dut):
    bench = await started(dut)
    await bench.allocate(OS, 1)
    await bench.set_context(0, priorities=1)
    step = 16 // bench.params.priorities
    tasks = [TASK | level * step << 2 | number << 6
             for number in range(2) for level in reversed(range(bench.params.priorities))]
    for task in tasks:
        await bench.enqueue(0, 0, task)
    wanted = sorted(tasks, key=lambda task: (task >> 2 & 15, task >> 6))
    assert [await bench.dequeue(0, 0) for _ in tasks] == wanted
    assert await bench.dequeue(0, 0) == 0


@cocotb.test()
async def without_priorities_these_bits_mean_nothing(dut):
    bench = await started(dut)
    await bench.allocate(OS, 1)
    tasks = [TASK | 15 << 2, TASK, TASK | 7 << 2]
    for task in tasks:
        await bench.enqueue(0, 0, task)
    assert [await bench.dequeue(0, 0) for _ in tasks] == tasks


@cocotb.test()
async def a_preempting_wake_goes_to_the_head(dut):
    bench = await started(dut)
    await bench.allocate(OS, 1)
    await bench.enqueue(0, 0, TASK)
    await bench.sequence(0, 0, "register_interrupt", OTHER | PREEMPT)
    await bench.write(SIMULATE, 0)
    assert [await bench.dequeue(0, 0) for _ in range(3)] == [OTHER | PREEMPT, TASK, 0]


# 7: notifications


async def pair(dut, task, *, channel=5):
    """Lets context 0 notify context 1. Context 1 registers ``task`` for it."""
    bench = await started(dut)
    await bench.allocate(OS, 1)
    await bench.allocate(OS, 2)
    await bench.sequence(1, 0, "register_receiver", OS, word(1, channel), task)
    await bench.sequence(0, 0, "register_sender", OS, word(2, channel))
    return bench


async def notify(bench, *, channel=5):
    await bench.sequence(0, 0, "send_interrupt", OS, word(2, channel))


@cocotb.test()
async def a_one_shot_notification_wakes_once(dut):
    bench = await pair(dut, TASK)
    await notify(bench)
    assert await bench.dequeue(1, 0) == TASK
    await notify(bench)  # the notification is remembered
    assert await bench.dequeue(1, 0) == 0
    await bench.sequence(1, 0, "register_receiver", OS, word(1, 5), OTHER)
    assert await bench.dequeue(1, 0) == OTHER
    assert await bench.dequeue(1, 0) == 0
    assert await bench.error(0, 0) == await bench.error(1, 0) == 0


@cocotb.test()
async def a_kept_notification_wakes_each_time(dut):
    bench = await pair(dut, TASK | KEEP)
    for _ in range(3):
        await notify(bench)
        assert await bench.dequeue(1, 0) == TASK | KEEP
        assert await bench.dequeue(1, 0) == 0


@cocotb.test()
async def notifications_of_a_queued_task_coalesce(dut):
    bench = await pair(dut, TASK | KEEP)
    for _ in range(3):
        await notify(bench)
    assert await bench.dequeue(1, 0) == TASK | KEEP
    assert await bench.dequeue(1, 0) == 0


@cocotb.test()
async def channels_of_a_pair_of_processes_are_told_apart(dut):
    bench = await pair(dut, TASK)
    await bench.sequence(1, 0, "register_receiver", OS, word(1, 6), OTHER)
    await bench.sequence(0, 0, "register_sender", OS, word(2, 6))
    await notify(bench, channel=6)
    assert [await bench.dequeue(1, 0) for _ in range(2)] == [OTHER, 0]
    await notify(bench)
    assert [await bench.dequeue(1, 0) for _ in range(2)] == [TASK, 0]


@cocotb.test()
async def a_cancelled_sender_may_not_send(dut):
    bench = await pair(dut, TASK)
    await bench.sequence(0, 0, "cancel_sender", OS, word(2, 4))  # another channel
    await notify(bench)
    assert await bench.dequeue(1, 0) == TASK
    await bench.sequence(0, 0, "cancel_sender", OS, word(2, 5))
    await notify(bench)
    assert await bench.error(0, 0) == NO_SEND
    assert await bench.dequeue(1, 0) == 0


@cocotb.test()
async def a_notification_into_nowhere_is_told_to_the_sender(dut):
    bench = await pair(dut, TASK)
    await bench.sequence(0, 0, "register_sender", OS, word(77, 5))
    await bench.sequence(0, 0, "send_interrupt", OS, word(77, 5))
    assert await bench.error(0, 0) == NO_RECEIVE
    assert await bench.error(1, 0) == 0
    await bench.compare()


@cocotb.test()
async def full_slots_are_told(dut):
    bench = await started(dut)
    await bench.allocate(OS, 1)
    slots = bench.params.slots
    for channel in range(slots):
        await bench.sequence(0, 0, "register_sender", OS, word(2, channel))
        await bench.sequence(0, 0, "register_receiver", OS, word(2, channel), TASK)
    assert await bench.error(0, 0) == 0
    await bench.sequence(0, 0, "register_sender", OS, word(2, slots))
    assert await bench.error(0, 0) == FULL
    await bench.sequence(0, 0, "register_receiver", OS, word(2, slots), TASK)
    assert await bench.error(0, 0) == FULL
    await bench.sequence(0, 0, "register_sender", OS, word(2, 0))  # already registered
    assert await bench.error(0, 0) == 0


# 8: external interrupts


@cocotb.test()
async def a_line_wakes_its_task_once_or_each_time(dut):
    bench = await started(dut)
    await bench.allocate(OS, 1)
    for number, task in enumerate((TASK, OTHER | KEEP)):
        await bench.sequence(0, 0, "register_interrupt", task)
        for times in range(3):
            await bench.levels(1)
            wakes = number or not times
            assert await bench.dequeue(0, 0) == (task if wakes else 0)
            assert await bench.dequeue(0, 0) == 0
            await bench.levels(0)
        await bench.sequence(0, 0, "register_interrupt", 0)
        assert await bench.dequeue(0, 0) == 0
        if not number:  # the earlier rise is remembered
            await bench.sequence(0, 0, "register_interrupt", THIRD)
            assert await bench.dequeue(0, 0) == THIRD


@cocotb.test()
async def a_line_wakes_all_contexts_that_registered(dut):
    bench = await started(dut)
    line = bench.params.lines - 1
    for context in range(2):
        await bench.allocate(OS, 1 + context)
        await bench.arm_line(context, 0, line, TASK + 0x100 * context)
    await bench.levels(1 << line)
    for context in range(2):
        assert await bench.dequeue(context, 0) == TASK + 0x100 * context
        assert await bench.dequeue(context, 0) == 0


@cocotb.test()
async def a_line_that_is_still_high_wakes_at_once(dut):
    bench = await started(dut)
    await bench.allocate(OS, 1)
    await bench.levels(1)
    await bench.arm_line(0, 0, 0, TASK)
    assert await bench.dequeue(0, 0) == TASK
    await bench.arm_line(0, 0, 0, TASK)
    assert await bench.dequeue(0, 0) == TASK
    await bench.levels(0)
    await bench.arm_line(0, 0, 0, TASK)
    await bench.compare()


@cocotb.test()
async def a_line_that_was_not_granted_wakes_nobody(dut):
    bench = await started(dut)
    for context in range(2):
        await bench.allocate(OS, 1 + context)
    await bench.write(bench.control("grant", 0), 0b01)
    for context in range(2):
        await bench.arm_line(context, 0, 0, TASK)
    assert await bench.error(0, 0) == 0
    assert await bench.error(1, 0) == NO_RECEIVE
    await bench.arm_line(0, 0, bench.params.lines, TASK)  # no such line
    assert await bench.error(0, 0) == NO_RECEIVE
    await bench.write(SIMULATE, 1)
    assert await bench.dequeue(0, 0) == TASK
    assert await bench.dequeue(1, 0) == 0


@cocotb.test()
async def a_compatible_registration_wakes_into_queue_0(dut):
    bench = await started(dut)
    for _ in range(2):
        await bench.allocate(OS, 1)
    await bench.sequence(0, 1, "register_interrupt", TASK)
    await bench.arm_line(0, 1, 1, OTHER)
    await bench.write(SIMULATE, 0)
    await bench.write(SIMULATE + 8, 0)
    for queue in range(2):
        assert await bench.length(0, queue) & 0xFFFF == 1
    assert await bench.dequeue(0, 1) == OTHER
    await bench.write(bench.control("grant", 0), 0)
    await bench.sequence(0, 1, "register_interrupt", TASK)
    assert await bench.error(0, 0) == 0
    assert await bench.error(0, 1) == NO_RECEIVE


@cocotb.test()
async def a_task_of_a_line_is_sign_extended(dut):
    bench = await started(dut)
    await bench.allocate(OS, 1)
    await bench.arm_line(0, 0, 1, 0xFFFF_FFC0_8000_1000)
    await bench.write(SIMULATE + 8, 0)
    assert await bench.dequeue(0, 0) == 0xFFFF_FFC0_8000_1000


# 9: preemption


@cocotb.test()
async def a_kernel_gets_ssip_and_a_process_usip(dut):
    for process, lines in ((0, (0, 1)), (3, (1, 0))):
        bench = await started(dut)
        await bench.allocate(OS, process)
        await bench.sequence(0, 0, "write_hart", 0)
        await bench.sequence(0, 0, "register_interrupt", TASK)
        await bench.write(SIMULATE, 0)
        await bench.interrupts(usip=0, ssip=0)
        assert await bench.dequeue(0, 0) == TASK
        await bench.sequence(0, 0, "register_interrupt", OTHER | PREEMPT)
        await bench.write(SIMULATE, 0)
        await bench.interrupts(usip=lines[0], ssip=lines[1])
        assert await bench.dequeue(0, 0) == OTHER | PREEMPT
        await bench.interrupts(usip=0, ssip=0)
        await bench.compare()


@cocotb.test()
async def without_a_hart_the_kernel_is_told(dut):
    bench = await started(dut)
    last = bench.params.harts - 1
    await bench.allocate(OS, 3)
    await bench.set_context(0, fallback=last)
    await bench.sequence(0, 0, "register_interrupt", TASK | PREEMPT)
    await bench.write(SIMULATE, 0)
    await bench.interrupts(usip=0, ssip=1 << last)
    assert await bench.read(UNDELIVERED) == 1
    await bench.write(UNDELIVERED, 0b10)
    await bench.interrupts(ssip=1 << last)
    await bench.write(UNDELIVERED, 0b01)
    await bench.interrupts(ssip=0)
    assert await bench.dequeue(0, 0) == TASK | PREEMPT


@cocotb.test()
async def write_hart_installs_and_removes(dut):
    bench = await started(dut)
    await bench.allocate(OS, 3)
    await bench.sequence(0, 0, "write_hart", bench.params.harts - 1)
    await bench.compare()
    await bench.sequence(0, 0, "write_hart", NO_HART)
    assert await bench.read(bench.control("installed", bench.params.harts - 1)) >> 63 == 0
    await bench.compare()


@cocotb.test()
async def only_a_more_urgent_task_interrupts(dut):
    """With priorities, the woken task is compared with the running task."""
    bench = await started(dut)
    await bench.allocate(OS, 3)
    await bench.set_context(0, priorities=1)
    await bench.sequence(0, 0, "write_hart", 0)
    await bench.enqueue(0, 0, TASK | 8 << 2)
    assert await bench.dequeue(0, 0) == TASK | 8 << 2
    for priority, interrupts in ((12, 0), (8, 0), (4, 1)):
        task = OTHER | priority << 2 | PREEMPT
        await bench.sequence(0, 0, "register_interrupt", task)
        await bench.write(SIMULATE, 0)
        await bench.interrupts(usip=interrupts)
        assert await bench.dequeue(0, 0) == task
        await bench.interrupts(usip=0)
        await bench.write(bench.queue(0, 0, "running"), 8)


@cocotb.test()
async def what_runs_is_kept_for_each_installed_queue(dut):
    bench = await started(dut)
    for _ in range(2):
        await bench.allocate(OS, 3)
    await bench.sequence(0, 0, "write_hart", 0)
    await bench.enqueue(0, 0, TASK | 8 << 2)
    assert await bench.dequeue(0, 0) == TASK | 8 << 2
    running = bench.queue(0, 0, "running")
    assert await bench.read(running) == 8
    assert await bench.dequeue(1, 0) == 0  # queue of another worker: refused
    assert await bench.read(running) == 8
    assert await bench.dequeue(0, 1) == 0
    assert await bench.read(running) == 8
    assert await bench.dequeue(0, 0) == 0
    assert await bench.read(running) == 15


# 10: errors


@cocotb.test()
async def errors_are_told_where_they_happened(dut):
    bench = await started(dut)
    await bench.enqueue(1, 0, TASK)
    assert await bench.error(1, 0) == NO_OWNER
    assert await bench.dequeue(1, 0) == 0
    assert await bench.error(1, 0) == NO_OWNER
    await bench.allocate(OS, 1)
    await bench.enqueue(0, 1, TASK)
    assert await bench.error(0, 1) == NO_QUEUE
    assert await bench.dequeue(0, 1) == 0
    assert await bench.error(0, 1) == NO_QUEUE
    assert await bench.error(0, 0) == 0
    await bench.send(0, 0, bench.params.channels - 1)
    assert await bench.error(0, 0) == NO_SEND
    await bench.send(0, 0, bench.params.channels)
    assert await bench.error(0, 0) == NO_SEND
    await bench.arm(0, 0, 0, TASK)
    assert await bench.error(0, 0) == NO_RECEIVE
    await bench.set_context(0, limit=1)
    await bench.enqueue(0, 0, TASK)
    await bench.enqueue(0, 0, OTHER)
    await bench.send(0, 0, 0)
    assert await bench.error(0, 0) == FULL | NO_SEND  # errors accumulate
    assert await bench.error(0, 0) == 0
    assert [await bench.dequeue(0, 0) for _ in range(2)] == [TASK, 0]
    await bench.compare()


@cocotb.test()
async def compatible_registration_can_be_forbidden(dut):
    bench = await started(dut)
    await bench.allocate(OS, 1)
    await bench.set_context(0, compatible=0)
    await bench.sequence(0, 0, "write_hart", 0)
    assert await bench.error(0, 0) == NOT_PERMITTED
    await bench.sequence(0, 0, "register_interrupt", TASK)
    assert await bench.error(0, 0) == NOT_PERMITTED
    for name, words in (("register_sender", 2), ("cancel_sender", 2), ("register_receiver", 3),
                        ("send_interrupt", 2)):
        await bench.sequence(0, 0, name, *[1] * words)
        assert await bench.error(0, 0) == NOT_PERMITTED
    await bench.compare()
    await bench.sequence(0, 0, "write_hart", 0, alias=True)
    await bench.sequence(0, 0, "register_interrupt", TASK, alias=True)
    await bench.write(SIMULATE, 0)
    assert await bench.dequeue(0, 0) == TASK
    await bench.compare()


@cocotb.test()
async def mode_strict_forbids_it_for_new_contexts(dut):
    bench = await started(dut)
    await bench.allocate(OS, 1)
    await bench.write(bench.control("mode"), 1)
    await bench.allocate(OS, 2)
    for context, bits in ((0, 0), (1, NOT_PERMITTED)):
        await bench.sequence(context, 0, "write_hart", NO_HART)
        assert await bench.error(context, 0) == bits
    await bench.compare()


@cocotb.test()
async def offsets_without_a_register_are_refused(dut):
    bench = await started(dut)
    await bench.allocate(OS, 1)
    for offset in (0x928, 0x8F8, 0xFF8):
        await bench.write(bench.queue(0, 0, "enqueue") + offset, MASK64)
        assert await bench.error(0, 0) == NOT_PERMITTED
    await bench.compare()


@cocotb.test()
async def the_release_of_what_is_not_there_is_refused(dut):
    """13.1, 11: no access waits for ever."""
    bench = await started(dut)
    await bench.allocate(OS, 1)
    params = bench.params
    for context, queue in ((0, 1), (1, 0), (params.contexts, 0), (0, params.queues),
                           (MASK64 >> 32, MASK64 >> 32)):
        await bench.free(context, queue)
        refused = await bench.read(bench.control("refused"))
        assert refused & 15 == NO_SUCH_QUEUE
        assert refused >> 32 & 0xFF_FFFF == FREE
        await cycles(dut, 1)
    await bench.compare()
