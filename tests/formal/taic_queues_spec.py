"""The base of the proofs about the queues: the engine, head prefetches, and two tasks."""

from abc import ABC, abstractmethod

from amaranth import *
from amaranth.asserts import AnyConst, AnySeq
from amaranth.hdl import Assume
from amaranth.lib import data, wiring

from hdl.stream import StreamArbiter
from hdl.taic import engine, head_prefetch, task_pool, types
from hdl.taic.params import PREEMPT_BIT, PRIORITY_LSB, TaicParams
from hdl.taic.port import READS
from hdl.taic.types import QueueOp, queue_op_layout, settings_layout

CONTEXTS, QUEUES, PORTS = 2, 2, 2
TASK_BITS = 8  # two bits to tell tasks apart, plus the bits with a meaning
TOP_OF_PRIORITY = PRIORITY_LSB + 3


class FewPlaces(TaicParams):
    """Software may fill all places except the reserved ones. Records play no part."""

    spare = 8
    records = 2


PARAMS = FewPlaces(contexts=CONTEXTS, queues=QUEUES, priorities=2, tasks=8, channels=2, lines=2,
                   slots=2, ports=PORTS)


class Tag:
    """A task that is inserted at most once: its place, its entry and its exit.

    ``enters`` and ``leaves`` describe this cycle, ``present`` and ``gone`` the time before it.
    """

    def __init__(self, name: str) -> None:
        self.task = AnyConst(TASK_BITS)
        self.enters, self.leaves, self.present, self.gone = (
            Signal(name=f"{name}_{part}") for part in ("enters", "leaves", "present", "gone"))
        self.context = Signal(range(CONTEXTS), name=f"{name}_context")
        self.queue = Signal(range(QUEUES), name=f"{name}_queue")
        self.level = Signal(name=f"{name}_level")
        self.source = Signal(range(PORTS + 1), name=f"{name}_source")
        self.age = Signal(4, name=f"{name}_age")  # cycles of presence


def shorten_tasks(monkeypatch) -> None:
    """Shortens tasks to ``TASK_BITS``, because the solver carries each bit through all places and
    cycles."""
    for module in (types, head_prefetch, task_pool):
        monkeypatch.setattr(module, "TASK_BITS", TASK_BITS)


class QueuesSpec(wiring.Component, ABC):
    """The engine with a head prefetch for each port, connected as in the device.

    Ports request any operation, one read at a time. Wakes come as the records make them, one after
    the other and only if there is room. Errors are free inputs. The allocated
    queues and the settings of contexts do not change. The offer of a prefetch may be taken whenever
    its port is idle.

    ``x`` and ``y`` are any two tasks. ``taken``: the port takes its prefetch's task. ``answered``:
    the engine answers the port's DEQUEUE.
    """

    def __init__(self) -> None:
        self.dut = engine.Engine(PARAMS)
        self.prefetches = [head_prefetch.HeadPrefetch(PARAMS, port=port) for port in range(PORTS)]
        super().__init__({})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        m.submodules.peeks = peeks = StreamArbiter(queue_op_layout(PARAMS), inputs=PORTS)
        self.allocated = Array(AnyConst(QUEUES) for _ in range(CONTEXTS))
        settings = settings_layout(PARAMS)
        self.settings = Array(data.View(settings, AnyConst(settings.size))
                              for _ in range(CONTEXTS))
        layout = queue_op_layout(PARAMS)
        asks, asked = AnySeq(1), data.View(layout, AnySeq(layout.size))
        wakes, woken = AnySeq(1), data.View(layout, AnySeq(layout.size))
        answer, event, issue_queue = dut.answer, dut.event, dut.issue_queue
        m.d.comb += [
            Assume(~ResetSignal()),
            dut.allocated.eq(self.allocated[dut.select_context]),
            dut.settings.eq(self.settings[dut.select_context]),
            issue_queue.owned.eq(Cat(mask.any() for mask in self.allocated)),
            issue_queue.request.valid.eq(asks | peeks.o.valid),
            issue_queue.request.p.eq(Mux(asks, asked, peeks.o.p)),
            peeks.o.ready.eq(issue_queue.request.ready & ~asks),
            issue_queue.wake.valid.eq(wakes),
            issue_queue.wake.p.eq(woken),
        ]
        accepted = asks & issue_queue.request.ready
        self.op = issue_queue.op

        # Allowed requests.
        by_port = ((asked.kind == QueueOp.ENQUEUE) | (asked.kind == QueueOp.DEQUEUE)
                   | (asked.kind == QueueOp.READ_ERROR))
        waits = [Signal(name=f"waits{port}") for port in range(PORTS)]
        m.d.comb += [
            Assume(~asks | ~dut.sweeping & (by_port & (asked.source < PORTS)
                                            | (asked.kind == QueueOp.ERROR)
                                            & (asked.source == PORTS))),
            Assume(~wakes | ~dut.sweeping & (woken.kind == QueueOp.WAKE) & (woken.task != 0)
                   & (woken.source == PORTS) & dut.room & ~issue_queue.waiting[1]),
            *(Assume(~asks | ~by_port | (asked.source != port) | ~waits[port])
              for port in range(PORTS)),
        ]

        # The ports.
        self.taken, self.answered, self.idle = [], [], []
        self.place = [Signal(range(CONTEXTS), name=f"place{port}") for port in range(PORTS)]
        for port, one in enumerate(self.prefetches):
            m.submodules[f"prefetch{port}"] = one
            idle = ~waits[port] & ~dut.in_flight[port] & ~(asks & (asked.source == port))
            taken, answered = Signal(name=f"taken{port}"), Signal(name=f"answered{port}")
            m.d.comb += [
                taken.eq(AnySeq(1) & one.valid & idle),
                answered.eq(answer.valid & (answer.source == port)
                            & Cat(answer.kind == kind for kind in READS).any()),
                one.take.eq(taken),
                one.dequeued.ready.eq(AnySeq(1)),
                one.event.eq(event),
                one.lookup.eq(dut.lookup),
                one.popped.eq(issue_queue.popped[port]),
                one.waiting.eq(issue_queue.waiting),
                *(one.waiting_context[n].eq(issue_queue.waiting_context[n]) for n in range(2)),
                one.hold_off.eq(issue_queue.hold_off),
                one.busy.eq(dut.busy),
                issue_queue.pop[port].eq(one.pop),
                issue_queue.pop_context[port].eq(one.context),
                issue_queue.pop_queue[port].eq(one.queue),
            ]
            wiring.connect(m, one.peek, peeks.i[port])
            with m.If(accepted & (asked.source == port) & (asked.kind != QueueOp.ENQUEUE)):
                m.d.sync += [waits[port].eq(1), self.place[port].eq(asked.context)]
            with m.Elif(answered):
                m.d.sync += waits[port].eq(0)
            self.taken.append(taken)
            self.answered.append(answered & (answer.kind == QueueOp.DEQUEUE))
            self.idle.append(idle)

        # The two tasks.
        self.x, self.y = Tag("x"), Tag("y")
        m.d.comb += Assume(self.x.task != self.y.task)
        for tag in (self.x, self.y):
            issued = Signal()
            enqueued = accepted & (asked.kind == QueueOp.ENQUEUE) & (asked.task == tag.task)
            sent = wakes & issue_queue.wake.ready & (woken.task == tag.task)
            m.d.comb += [
                Assume(tag.task != 0),
                Assume(~((enqueued | sent) & issued)),
                Assume(~(enqueued & sent)),
                tag.enters.eq(event.valid & event.inserts & (event.task == tag.task)),
                tag.leaves.eq(Cat(
                    *(taken & (one.task == tag.task)
                      for taken, one in zip(self.taken, self.prefetches, strict=True)),
                    *(answered & (answer.data == tag.task) for answered in self.answered),
                ).any()),
            ]
            with m.If(enqueued | sent):
                m.d.sync += issued.eq(1)
            with m.If(tag.leaves):
                m.d.sync += [tag.present.eq(0), tag.gone.eq(1)]
            with m.Elif(tag.enters):
                m.d.sync += [
                    tag.present.eq(1),
                    tag.context.eq(event.context),
                    tag.queue.eq(event.queue),
                    tag.level.eq(self.settings[event.context].priorities
                                 & event.task[TOP_OF_PRIORITY]),
                    tag.source.eq(event.source),
                    tag.age.eq(0),
                ]
            with m.Elif(~tag.age.all()):
                m.d.sync += tag.age.eq(tag.age + 1)
        self.specify(m)
        return m

    @abstractmethod
    def specify(self, m: Module) -> None:
        """Adds the properties to prove."""

    def chosen(self, port: int) -> Value:
        """High if the engine chooses a task for a DEQUEUE of this port in this cycle."""
        event = self.dut.event
        return (event.valid & event.dequeues & (event.source == port)
                & ~self.dut.issue_queue.popped[port])

    def head(self) -> Value:
        """High if the task inserted in this cycle goes to the head of its queue."""
        return ((self.op.kind == QueueOp.WAKE) & self.op.task[PREEMPT_BIT]
                & ~self.settings[self.op.context].priorities)
