"""The order of a port's head prefetch while another port inserts at any moment of a burst."""

from dataclasses import dataclass

import cocotb

from tests.hdl.taic.device_cycles import DISTANCES
from tests.hdl.taic.device_ports import now, started
from tests.support.clock import cycles

PREEMPT = 1
FIFO, LEVELS = 0, 1  # contexts without and with priorities
SENDER = 2  # context
LATEST = 16  # cycles after the first dequeue of a burst


@dataclass(frozen=True)
class Insertion:
    context: int
    access: str
    priority: int = 0  # tasks already present have 4
    ahead: bool = False  # goes before all present tasks

    @property
    def task(self):
        return 0xF_0000 | self.priority << 2 | (PREEMPT if self.ahead else 0)


INSERTIONS = {
    "tail": Insertion(FIFO, "enqueue"),
    "preempting": Insertion(FIFO, "send", ahead=True),
    "more_urgent": Insertion(LEVELS, "enqueue", priority=0),
    "as_urgent": Insertion(LEVELS, "enqueue", priority=4),
    "less_urgent": Insertion(LEVELS, "enqueue", priority=8),
}


async def burst(bench, place, wanted):
    """Dequeues as fast as answers come. Returns the cycles of acceptance and the tasks."""
    bus, given = bench.ports[1], []
    while sum(task != 0 for _, task in given) < wanted:
        begun = now()
        task = await bus.read(bench.queue(*place, "dequeue"), 8)
        given.append((begun + bus.accepted_after, task))
        assert len(given) < LATEST + 2 * wanted, f"tasks are missing: {given}"
    return given


def check(given, old, insertion, accepted):
    """Checks that each dequeue returns the best present task. For some cycles after its insertion
    the new task may count as present or not."""
    waiting, new = list(old), insertion.task

    def rank(task):
        level = task >> 2 & 15 if insertion.context == LEVELS else 0
        return level, not (task == new and insertion.ahead), task == new

    present = True  # not dequeued yet
    for at, task in given:
        before = min(waiting, key=rank, default=0)
        after = min([*waiting, new], key=rank) if present else before
        if at < accepted:
            possible = {before}
        elif at < accepted + DISTANCES[insertion.access]:
            possible = {before, after}
        else:
            possible = {after}
        assert task in possible, f"{task:#x} at {at}, new one at {accepted}: {given}"
        if task == new:
            present = False
        elif task:
            waiting.remove(task)


@cocotb.test()
@cocotb.parametrize(name=list(INSERTIONS))
async def the_next_task_is_the_best(dut, name):
    bench = await started(dut)
    insertion = INSERTIONS[name]
    place, other = (insertion.context, 0), bench.ports[0]
    await bench.configure(0, sender=SENDER, receiver=FIFO)
    for priorities in ((4,), (4, 4), (4, 4, 4), (4, 8), (4, 4, 8)):
        old = [(n + 1) << 12 | priority << 2 for n, priority in enumerate(priorities)]
        for distance in range(LATEST):
            if insertion.access == "send":
                await bench.arm(FIFO, 0, 0, insertion.task)
            for task in old:
                await other.write(bench.queue(*place, "enqueue"), task, 8)
            await bench.settle()
            giving = cocotb.start_soon(burst(bench, place, len(old) + 1))
            await cycles(dut, distance)
            begun = now()
            if insertion.access == "send":
                await other.write(bench.queue(SENDER, 0, "send"), 0, 8)
            else:
                await other.write(bench.queue(*place, "enqueue"), insertion.task, 8)
            accepted = begun + other.accepted_after
            check(await giving, old, insertion, accepted)
            await bench.settle()
