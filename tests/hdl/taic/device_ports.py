"""With several concurrent ports, no task is lost or doubled and every defined order is kept."""

import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass

import cocotb
from cocotb.triggers import FallingEdge
from cocotb.utils import get_sim_time

from tests.hdl.taic.device_bench import Bench
from tests.support.clock import PERIOD_NS, cycles
from tests.support.pauses import bursts, never

KEEP = 2
OPERATIONS = 400  # of each port
VISIBLE = 100  # cycles until other ports see an accepted access
OS = 1


def now():
    return round(get_sim_time("ns") / PERIOD_NS)


@dataclass
class Task:
    """A task and the cycles of its events. A port's accesses end in its own order."""

    place: tuple[int, int]
    level: int
    port: int
    enqueued: int  # end of the access
    begun: int = 0  # begin of the dequeue that returned it
    ended: int = 0
    taker: int = -1

    def there_before(self, begun, port):
        return self.enqueued <= begun if port == self.port else self.enqueued + VISIBLE <= begun


class Workers:
    """The ports and their observations."""

    def __init__(self, bench):
        self.bench, self.rng = bench, bench.rng
        self.tasks = {}
        self.empty = []  # dequeues without a task: context, port, begun, ended
        self.given = Counter()
        self.numbers = itertools.count(1)

    async def enqueue(self, port, place, priority):
        task = next(self.numbers) << 20 | priority << 2
        entry = Task(place, priority, port, 0)
        self.tasks[task] = entry
        await self.bench.ports[port].write(self.bench.queue(*place, "enqueue"), task, 8)
        entry.enqueued = now()

    async def dequeue(self, port, place):
        begun = now()
        task = await self.bench.ports[port].read(self.bench.queue(*place, "dequeue"), 8)
        ended = now()
        if not task:
            self.empty.append((place[0], port, begun, ended))
            return 0
        self.given[task] += 1
        assert self.given[task] == 1, f"{task:#x} came twice"
        if task in self.tasks:
            entry = self.tasks[task]
            assert entry.place[0] == place[0], f"{task:#x} came out of another context"
            entry.begun, entry.ended, entry.taker = begun, ended, port
        return task

    async def drain(self, contexts):
        """Dequeues all remaining tasks through all ports in turn."""
        for context in contexts:
            ports = itertools.cycle(range(len(self.bench.ports)))
            while await self.dequeue(next(ports), (context, 0)):
                pass

    def check(self):
        """Checks that each task left once, before all tasks that it precedes."""
        lost = [f"{task:#x}" for task in self.tasks if self.given[task] != 1]
        assert not lost, f"lost: {lost}"
        by_queue = defaultdict(list)
        for task, entry in self.tasks.items():
            by_queue[entry.place].append((task, entry))
        pairs = 0
        for members in by_queue.values():
            for (a, first), (b, second) in itertools.permutations(members, 2):
                if first.begun < second.ended:  # the second did not leave first
                    continue
                precedes = first.level < second.level or (
                    first.level == second.level and first.enqueued < second.enqueued
                    and first.there_before(second.enqueued, second.port))
                if precedes and first.there_before(second.begun, second.taker):
                    raise AssertionError(f"{b:#x} left before {a:#x}: {second}, {first}")
                pairs += precedes
        for context, port, begun, ended in self.empty:
            for task, entry in self.tasks.items():
                if (entry.place[0] == context and entry.there_before(begun, port)
                        and entry.begun > ended):
                    raise AssertionError(f"{task:#x} was not found at {begun}: {entry}")


async def started(dut, pause=never):
    """Allocates a context for each port except the last and all queues of the first context. The
    second context has priorities."""
    bench = Bench(dut, pause)
    await bench.start()
    params = bench.params
    for process in range(params.contexts):
        for _ in range(params.queues):
            await bench.allocate(OS, 1 + process)
    await bench.set_context(1, priorities=1)
    return bench


async def together(*coroutines):
    for task in [cocotb.start_soon(coroutine) for coroutine in coroutines]:
        await task


@cocotb.test()
@cocotb.parametrize(pause=[never, bursts], places=["one", "context", "all"])
async def tasks_leave_once_and_in_order(dut, pause, places):
    bench = await started(dut, pause)
    params, rng = bench.params, bench.rng
    workers = Workers(bench)
    step = 16 // params.priorities
    contexts = {"one": [1], "context": [0, 1], "all": range(params.contexts)}[places]

    async def work(port):
        balance = 0
        for _ in range(OPERATIONS):
            context = rng.choice(contexts)
            place = context, 0 if places == "one" else rng.randrange(params.queues)
            if rng.random() < (0.55 if balance < 6 else 0.3):
                priority = step * rng.randrange(min(3, params.priorities)) if context == 1 else 0
                await workers.enqueue(port, place, priority)
                balance += 1
            else:
                balance -= bool(await workers.dequeue(port, place))

    await together(*(work(port) for port in range(params.ports)))
    await bench.settle()
    await workers.drain(contexts)
    for context in contexts:
        assert await bench.ports[0].read(bench.queue(context, 0, "error"), 8) == 0
    workers.check()


@cocotb.test()
@cocotb.parametrize(pause=[never, bursts])
async def every_arming_wakes_exactly_once(dut, pause):
    """A one-shot task is armed and notified in any order. The next round begins after both."""
    bench = await started(dut, pause)
    params, rng = bench.params, bench.rng
    channels = range(min(6, params.channels))
    rounds = 60
    woken = [0 for _ in channels]  # rounds of each channel
    for channel in channels:
        await bench.configure(channel, sender=0, receiver=1, policy=channel % 3,
                              queue=channel % params.queues)
    workers = Workers(bench)

    def task(channel, number):
        return (channel + 1) << 32 | (number + 1) << 16

    async def send(port):
        sent = dict.fromkeys((c for c in channels if c % (params.ports - 1) == port), 0)
        while any(count < rounds for count in sent.values()):
            for channel, count in sent.items():
                if woken[channel] == count < rounds:
                    await cycles(dut, rng.randrange(12))
                    await bench.ports[port].write(
                        bench.queue(0, 0, "send"), channel | rng.randrange(params.queues) << 16, 8)
                    sent[channel] += 1
            await FallingEdge(dut.clk)

    async def receive(port):
        armed = [0 for _ in channels]
        while any(count < rounds for count in woken):
            for channel in channels:
                if woken[channel] == armed[channel] < rounds:
                    await bench.ports[port].write(
                        bench.queue(1, 0, "arm"),
                        channel << 52 | task(channel, armed[channel]), 8)
                    armed[channel] += 1
            got = await workers.dequeue(port, (1, rng.randrange(params.queues)))
            if got:
                channel = (got >> 32) - 1
                assert got == task(channel, woken[channel])
                woken[channel] += 1

    await together(*(send(port) for port in range(params.ports - 1)), receive(params.ports - 1))
    await bench.settle()
    await workers.drain(range(params.contexts))
    assert workers.given == Counter(task(c, n) for c in channels for n in range(rounds))


@cocotb.test()
async def a_notification_after_the_dequeue_is_not_lost(dut):
    """After a dequeue returned the task, the next notification makes it ready again."""
    bench = await started(dut)
    sender, receiver = bench.ports[:2]
    kept = 0x1000 | KEEP
    await bench.configure(0, sender=0, receiver=1)
    await bench.arm(1, 0, 0, kept)
    dequeue, send = bench.queue(1, 0, "dequeue"), bench.queue(0, 0, "send")
    for tracked in (True, False):
        for distance in range(12):
            if tracked:  # the port's prefetch follows the queue
                assert await receiver.read(dequeue, 8) == 0
                await bench.settle()
            else:
                assert await receiver.read(bench.queue(2, 0, "dequeue"), 8) == 0
            await sender.write(send, 0, 8)
            await bench.settle()
            begun = cocotb.start_soon(receiver.read(dequeue, 8))
            await cycles(dut, 1)
            while not begun.done():
                await FallingEdge(dut.clk)
            await cycles(dut, distance)
            await sender.write(send, 0, 8)
            assert begun.result() == kept
            await bench.settle()
            got = await receiver.read(dequeue, 8)
            assert got == kept, f"lost, {distance} cycles after the dequeue, prefetch: {tracked}"
            await bench.settle()


@cocotb.test()
@cocotb.parametrize(pause=[never, bursts])
async def a_kept_channel_loses_no_notification(dut, pause):
    """The task comes once more after the last notification, and at most once for each."""
    bench = await started(dut, pause)
    params, rng = bench.params, bench.rng
    kept = 0x1000 | KEEP
    await bench.configure(0, sender=0, receiver=1)
    await bench.arm(1, 0, 0, kept)
    sends, gives = [], []

    async def send(port, count):
        for _ in range(count):
            await cycles(dut, rng.randrange(8))
            await bench.ports[port].write(bench.queue(0, 0, "send"), 0, 8)
            sends.append(now())

    async def receive(port, done):
        while not done:
            if await bench.ports[port].read(bench.queue(1, 0, "dequeue"), 8):
                gives.append(now())

    for _ in range(40):
        done = []
        receiving = cocotb.start_soon(receive(params.ports - 1, done))
        await together(*(send(port, rng.randrange(1, 4)) for port in range(params.ports - 1)))
        await bench.settle()
        done.append(True)
        await receiving
        assert await bench.ports[0].read(bench.queue(1, 0, "dequeue"), 8) == 0
        assert gives, "no task"
        assert gives[-1] >= sends[-1], f"sent at {sends[-1]}, task at {gives[-1]}"
        assert len(gives) <= len(sends)
        sends.clear()
        gives.clear()


@cocotb.test()
@cocotb.parametrize(pause=[never, bursts])
async def tasks_survive_the_release_of_queues(dut, pause):
    """Queues of a context are allocated and freed while other ports use the remaining ones."""
    bench = await started(dut, pause)
    params, rng = bench.params, bench.rng
    workers = Workers(bench)
    running = [True]
    most = params.spare // params.contexts - 20  # never exceeds the limit

    async def work(port):
        while running:
            place = 0, rng.randrange(2)
            if rng.random() < 0.5 and len(workers.tasks) < workers.given.total() + most:
                await workers.enqueue(port, place, 0)
            else:
                await workers.dequeue(port, place)

    async def churn(port):
        bus = bench.ports[port]
        control = bench.control
        for _ in range(25):
            queue = rng.randrange(2, params.queues)
            for _ in range(rng.randrange(4)):
                await workers.enqueue(port, (0, queue), 0)
            await bus.write(control("free"), queue, 8)
            await cycles(dut, rng.randrange(60))
            await bus.write(control("allocate"), OS, 8)
            await bus.write(control("allocate"), 1, 8)
            assert await bus.read(control("allocate"), 8) == queue
        running.clear()

    await together(*(work(port) for port in range(params.ports - 1)), churn(params.ports - 1))
    await bench.settle(bench.params.records + 500)
    await workers.drain([0])
    lost = [f"{task:#x}" for task in workers.tasks if workers.given[task] != 1]
    assert not lost, f"lost: {lost}"
    places = await bench.ports[0].read(bench.control("places"), 8)
    assert places & 0xFFFF == params.tasks


@cocotb.test()
async def an_installation_is_not_held_up_by_the_queues(dut):
    """TAIC-2.7: the other ports keep the queues of different contexts busy in every cycle."""
    bench = await started(dut)
    first, done = bench.ports[0], []

    async def works(port):
        while not done:
            await bench.ports[port].write(bench.queue(port, 0, "enqueue"), 0x1000, 8)

    others = [cocotb.start_soon(works(port)) for port in range(1, len(bench.ports))]
    await bench.settle()
    for hart in range(bench.params.harts):
        page = hart * bench.params.queues
        await first.write(bench.control("installed", hart), 1 << 63 | page, 8)
        assert await first.read(bench.control("installed", hart), 8) == 1 << 63 | page
        assert first.accepted_after + first.answered_after < VISIBLE
    done.append(True)
    for other in others:
        await other
