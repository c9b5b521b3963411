"""Bounded proofs about the queues of the TAIC, in a small configuration."""

import pytest
from amaranth import *
from amaranth.asserts import AnyConst
from amaranth.hdl import Assert, Assume, Cover

from hdl.taic import engine, head_prefetch, issue_queue, queue_select
from hdl.taic.params import RESERVE
from hdl.taic.types import QueueOp
from tests.formal.taic_queues_spec import PARAMS, TASK_BITS, QueuesSpec, shorten_tasks
from tests.support.formal import prove
from tests.support.mutant import mutant

SWEEP = PARAMS.tasks  # cycles before the first request


class Once(QueuesSpec):
    """A task leaves once, after its insertion, through its own context."""

    def specify(self, m: Module) -> None:
        x, answer = self.x, self.dut.answer
        with m.If(x.leaves):
            m.d.comb += Assert(x.present)
        for port, one in enumerate(self.prefetches):
            gives = self.taken[port] & (one.task == x.task)
            answers = self.answered[port] & (answer.data == x.task)
            with m.If(gives):
                m.d.comb += Assert(one.context == x.context)
            with m.If(answers):
                m.d.comb += Assert(self.place[port] == x.context)
            m.d.comb += [Assert(~gives | ~answers), Cover(gives), Cover(answers)]


class Removed(QueuesSpec):
    """After a port took the task of its prefetch, the engine removes that same task."""

    def specify(self, m: Module) -> None:
        answer, pool = self.dut.answer, self.dut.pool
        place = AnyConst(PARAMS.node_bits)  # place of any task
        task, removed, freed = Signal(TASK_BITS), Signal(TASK_BITS), Signal()
        with m.If(pool.write & (pool.write_node == place)):
            m.d.sync += task.eq(pool.write_data.task)
        m.d.sync += [removed.eq(task), freed.eq(pool.free & (pool.free_node == place))]
        for port, one in enumerate(self.prefetches):
            given = Signal(TASK_BITS, name=f"given{port}")
            owed = Signal(2, name=f"owed{port}")
            comes = answer.valid & (answer.kind == QueueOp.TAKE) & (answer.source == port)
            with m.If(self.taken[port]):
                m.d.sync += given.eq(one.task)
            m.d.sync += owed.eq(owed + self.taken[port] - comes)
            with m.If(comes):
                m.d.comb += [
                    Assert(~freed | (removed == given)), Assert(answer.found), Assert(owed == 1)]
            m.d.comb += [Assert(owed < 2), Cover(comes & freed)]


class Order(QueuesSpec):
    """A task leaves after every more urgent task of its queue that was present when it was chosen.

    Tasks of equal priority leave in order of insertion, except that tasks may enter at the head.
    """

    def specify(self, m: Module) -> None:
        x, y, answer = self.x, self.y, self.dut.answer
        precedes = self.precedes(m)
        same = (x.context == y.context) & (x.queue == y.queue)
        for port, one in enumerate(self.prefetches):
            then = Signal(name=f"then{port}")  # both were present when the engine chose
            with m.If(self.chosen(port)):
                m.d.sync += then.eq(x.present & y.present)
            with m.If(self.taken[port] & (one.task == y.task)):
                m.d.comb += Assert(~(x.present & y.present & precedes))
            with m.If(self.answered[port] & (answer.data == y.task)):
                m.d.comb += Assert(~(then & x.present & precedes))
            m.d.comb += [
                Cover(self.taken[port] & (one.task == y.task) & x.present & same
                      & (x.level == y.level)),
                Cover(self.answered[port] & (answer.data == y.task) & then & x.present & same
                      & (x.level > y.level)),
            ]


    def precedes(self, m: Module) -> Value:
        """High if ``x`` must leave before ``y`` while both are present."""
        x, y = self.x, self.y
        y_before = Signal()  # at equal urgency, y goes first
        with m.If(y.enters):
            m.d.sync += y_before.eq(~x.present | x.gone | self.head())
        with m.If(x.enters):
            m.d.sync += y_before.eq(y.present & ~self.head())
        same = (x.context == y.context) & (x.queue == y.queue)
        return same & ((x.level < y.level) | (x.level == y.level) & ~y_before)


class Next(Order):
    """One queue and one port's prefetch: checks the task that follows a taken task.

    It is in the queue, and no other task precedes it.
    """

    def specify(self, m: Module) -> None:
        x, y, one, issue_queue = self.x, self.y, self.prefetches[0], self.dut.issue_queue
        for stream in (issue_queue.request, issue_queue.wake):
            m.d.comb += Assume(~stream.valid | (stream.p.context == 0) & (stream.p.queue == 0))
        m.d.comb += [
            Assume(~issue_queue.request.valid | (issue_queue.request.p.source == 0)
                   & (issue_queue.request.p.kind != QueueOp.READ_ERROR)),
            Assume(self.allocated[0] == 1),
            Assume(self.settings[0].limit == PARAMS.tasks),
        ]
        followed = Signal()  # a task was taken and nothing was requested since
        precedes = self.precedes(m)
        gives = self.taken[0] & (one.task == y.task)
        with m.If(self.taken[0]):
            m.d.sync += followed.eq(1)
        with m.Elif(one.empty | one.peek.valid & one.peek.ready):
            m.d.sync += followed.eq(0)
        m.d.comb += [
            Assert(~gives | y.present & ~(x.present & precedes)),
            Assert(~one.empty | ~x.present | (x.age < 2)),
            Cover(gives & followed),
            Cover(one.empty & followed),
        ]


class Found(QueuesSpec):
    """If a port finds nothing, no task of its context stays behind.

    A prefetch answers early, so it may miss a task that another port enqueued up to two cycles
    before.
    """

    def specify(self, m: Module) -> None:
        x, answer, event = self.x, self.dut.answer, self.dut.event
        context = AnyConst(1)
        total = Signal(range(PARAMS.tasks + 1))
        here = event.valid & (event.context == context)
        age, source = Signal(2), Signal.like(event.source)  # of the first task: cycles, source
        m.d.sync += total.eq(total + (here & event.inserts) - (here & event.removes))
        with m.If(total == 0):
            m.d.sync += [age.eq(0), source.eq(event.source)]
        with m.Elif(~age.all()):
            m.d.sync += age.eq(age + 1)
        for port, one in enumerate(self.prefetches):
            then = Signal(name=f"then{port}")
            with m.If(self.chosen(port)):
                m.d.sync += then.eq(x.present & (x.context == event.context))
            empty = self.answered[port] & ~answer.found
            with m.If(empty):
                m.d.comb += Assert(~(then & x.present))
            early = one.empty & self.idle[port] & (one.context == context)
            with m.If(early & (total != 0)):
                m.d.comb += [Assert(age < 2), Assert(source != port)]
            m.d.comb += [Cover(empty & x.gone), Cover(early & x.gone & (x.context == context))]


class Refused(QueuesSpec):
    """An enqueue is refused if and only if it must be. The errors of its own page record the
    refusal."""

    def specify(self, m: Module) -> None:
        event, op, answer = self.dut.event, self.op, self.dut.answer
        context, queue = AnyConst(1), AnyConst(1)  # any page
        total = Signal(range(PARAMS.tasks + 1))
        here = event.valid & (event.context == context)
        page = here & (event.asked == queue)
        allocated, settings = self.allocated[context], self.settings[context]
        m.d.sync += total.eq(total + (here & event.inserts) - (here & event.removes))

        enqueues = page & (op.kind == QueueOp.ENQUEUE)
        bits = Signal(6)
        with m.If(~allocated.any()):
            m.d.comb += bits.eq(2)
        with m.Elif(~allocated.bit_select(queue, 1)):
            m.d.comb += bits.eq(16)
        with m.Elif(op.task == 0):
            m.d.comb += bits.eq(32)
        with m.Elif((total >= settings.limit) | ~self.dut.room):
            m.d.comb += bits.eq(1)
        with m.If(enqueues):
            m.d.comb += [
                Assert(event.inserts == (bits == 0)),
                Assert(~event.removes),
                Assert((bits != 0) | (event.queue == queue)),
            ]

        # The error bits: those of refused enqueues and dequeues, and those set by others.
        errors, told = Signal(6), Signal(6)
        own = page & ~self.dut.issue_queue.popped.any()
        sets = Signal(6)
        with m.If(own & (op.kind == QueueOp.ENQUEUE)):
            m.d.comb += sets.eq(bits)
        with m.Elif(own & (op.kind == QueueOp.DEQUEUE) & ~allocated.bit_select(queue, 1)):
            m.d.comb += sets.eq(Mux(allocated.any(), 16, 2))
        with m.Elif(own & (op.kind == QueueOp.ERROR)):
            m.d.comb += sets.eq(Mux(allocated.any(), op.task, 2))
        reads = own & (op.kind == QueueOp.READ_ERROR)
        reader = Signal.like(op.source)
        reading = Signal()
        with m.If(reads):
            m.d.sync += [errors.eq(0), told.eq(errors), reader.eq(op.source),
                         reading.eq(1)]
        with m.Else():
            m.d.sync += errors.eq(errors | sets)
        answers = (reading & answer.valid & (answer.kind == QueueOp.READ_ERROR)
                   & (answer.source == reader))
        with m.If(answers):
            m.d.comb += Assert(answer.data == told)
            with m.If(~reads):
                m.d.sync += reading.eq(0)
        m.d.comb += [Cover(answers & (told == 1)), Cover(enqueues & (bits == 0) & (total == 2))]


class Places(QueuesSpec):
    """All places but the reserve are used, and at most one of the reserve. Every place that is
    given away was free for two cycles."""

    def specify(self, m: Module) -> None:
        pool = self.dut.pool
        freed = Signal()
        m.d.sync += freed.eq(pool.free)
        with m.If(~self.dut.sweeping):
            m.d.comb += [
                Assert(pool.count >= RESERVE - 1),
                Assert(~pool.alloc | (pool.count > pool.free + freed)),
            ]
        m.d.comb += [
            Cover(~self.dut.sweeping & (pool.count == RESERVE)),
            Cover(~self.dut.sweeping & (pool.count == RESERVE - 1)),
        ]


# Cycles after the sweep.
PROOFS = {Once: 11, Removed: 14, Order: 11, Next: 16, Found: 11, Refused: 11, Places: 13}

FAULTS = {
    "other_queue": (issue_queue, "op.queue.eq(choice(zip(one_pop, self.pop_queue, strict=True)))",
                    "op.queue.eq(0)", Removed),
    "less_urgent": (head_prefetch, "event.removes | event.inserts & event.ahead", "event.removes",
                    Order),
    "overtaken": (head_prefetch, "with m.If(displaces):\n                m.d.sync += stale.eq(1)",
                  "with m.If(0):\n                pass", Next),
    "missed": (head_prefetch, "lookup.none & ~grown & ~(same & event.inserts)", "lookup.none",
               Next),
    "no_next": (engine, "next_found.eq(goes_on)", "next_found.eq(1)", Next),
    "stale_lists": (engine, "again.eq(link_valid & stale)", "again.eq(0)", Order),
    "empty_queue": (head_prefetch, "& ~self.busy.bit_select(self.context, 1)", "", Found),
    "no_steal": (queue_select, "Mux(redirects, redirected_to, next_filled)", "op.queue", Once),
    "one_place_more": (engine, "Mux(link_valid & link[\"inserts\"], pool.room[1], pool.room[0])",
                       "pool.room[0]", Places),
    "one_more": (queue_select, "row.total >= self.settings.limit",
                 "row.total > self.settings.limit", Refused),
    "other_page": (queue_select, "with m.Elif(~here):\n                    m.d.comb += self.errors"
                   ".eq(Error.NO_QUEUE)\n                with m.Elif(op.task == 0)",
                   "with m.Elif(op.task == 0)", Refused),
}
PARTS = {head_prefetch: (head_prefetch, "HeadPrefetch"), engine: (engine, "Engine"),
         queue_select: (engine, "QueueSelect"), issue_queue: (engine, "IssueQueue")}


@pytest.mark.parametrize("proof", PROOFS)
def test_taic_queues(proof, monkeypatch):
    shorten_tasks(monkeypatch)
    prove(proof(), f"taic_queues_{proof.__name__}", depth=SWEEP + PROOFS[proof], bits=True)


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_found(fault, monkeypatch):
    module, old, new, proof = FAULTS[fault]
    shorten_tasks(monkeypatch)
    changed = mutant(module, old, new)
    if module is head_prefetch:
        changed.TASK_BITS = TASK_BITS
    user, part = PARTS[module]
    monkeypatch.setattr(user, part, getattr(changed, part))
    with pytest.raises(AssertionError, match="check of"):
        prove(proof(), f"taic_queues_{proof.__name__}_{fault}", depth=SWEEP + PROOFS[proof],
              bits=True)
