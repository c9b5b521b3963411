"""Head prefetch: holds the first task of a queue ready for the port that dequeues from it."""

from amaranth import *
from amaranth.lib import enum, stream, wiring
from amaranth.lib.wiring import In, Out

from .params import ADDR_BITS, PAGE_BITS, QUEUE_PAGES, TASK_BITS, TaicParams
from .types import QueueOp, event_layout, lookup_layout, queue_op_layout

PAGE_NUMBER_BITS = ADDR_BITS - PAGE_BITS - 1


class State(enum.Enum, shape=2):
    """What is known about the tracked queue."""

    UNKNOWN = 0
    VALID = 1  # ``task`` is its first task
    EMPTY = 2


class HeadPrefetch(wiring.Component):
    """Tracks the queue from which ``port`` dequeued last. No two prefetches track the same queue.

    - ``valid``: ``task`` is what a DEQUEUE would return. It is low while an operation in the
      engine's first stage could change that task, and while ``hold_off`` lets other operations go
      first. ``empty``: the whole context has no task. Both are known early in the cycle.
    - ``take``, allowed while ``valid``, gives the task away. Afterwards ``pop`` asks the engine to
      remove it, until ``popped``.
    - ``pending``: ``valid`` or ``empty`` will follow without a request.
    - ``dequeued``: the record of the task that was taken, if it has one, from the next cycle on.
      Nothing is valid until it is accepted.
    - ``event`` comes from the engine's first stage.
    - ``lookup`` comes from the engine's last stage. It describes the successor of a removed task,
      or the result of a ``peek``. The prefetch issues a ``peek`` while the queue is unknown.
    - ``invalidate``: queues of ``invalidate_context`` have been allocated or freed.
    """

    def __init__(self, params: TaicParams, *, port: int) -> None:
        self.params, self.port = params, port
        super().__init__({
            "valid": Out(1),
            "empty": Out(1),
            "pending": Out(1),
            "task": Out(TASK_BITS),
            "tracking": Out(1),
            "context": Out(params.context_bits),
            "queue": Out(params.queue_bits),
            "page": Out(PAGE_NUMBER_BITS),  # page number of the queue, not of its alias
            "take": In(1),
            "pop": Out(1),
            "popped": In(1),
            "dequeued": Out(stream.Signature(params.record_bits)),
            "peek": Out(stream.Signature(queue_op_layout(params))),
            "event": In(event_layout(params)),
            "lookup": In(lookup_layout(params)),
            "waiting": In(2),
            "waiting_context": In(params.context_bits).array(2),
            "hold_off": In(1),
            "busy": In(params.contexts),
            "redirected": In(1),
            "invalidate": In(1),
            "invalidate_context": In(params.context_bits),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        event, lookup = self.event, self.lookup
        state = Signal(State)
        asked, stale = Signal(), Signal()  # a lookup is in flight; its result will be outdated
        grown = Signal()  # a task arrived since: a lookup that finds none is outdated
        recorded, record = Signal(), Signal(self.params.record_bits, reset_less=True)  # of the task
        own_event = event.valid & event.dequeues & (event.source == self.port)
        here = self.tracking & event.valid & (event.context == self.context)
        same = Signal()
        others = Cat(waits & (context == self.context) for waits, context in zip(
            self.waiting, self.waiting_context, strict=True)).any()
        m.d.comb += [
            same.eq(here & (event.queue == self.queue)),
            self.valid.eq(self.tracking & (state == State.VALID) & ~self.redirected
                          & ~self.dequeued.valid & ~others & ~self.hold_off),
            self.empty.eq(self.tracking & (state == State.EMPTY) & ~self.redirected
                          & ~self.busy.bit_select(self.context, 1)),
            self.pending.eq(self.pop | self.dequeued.valid | (asked & ~stale)),
            self.peek.valid.eq(self.tracking & (state == State.UNKNOWN) & ~self.pop & ~asked),
            self.peek.p.kind.eq(QueueOp.PEEK),
            self.peek.p.context.eq(self.context),
            self.peek.p.queue.eq(self.queue),
            self.peek.p.source.eq(self.port),
        ]

        looked_up = lookup.valid & (lookup.source == self.port)
        arrives = same & event.inserts & (state == State.EMPTY)
        displaces = same & (event.removes | event.inserts & event.ahead)
        with m.If(looked_up):
            m.d.sync += asked.eq(0)
        with m.If(self.popped):
            m.d.sync += self.pop.eq(0)
        with m.If(self.dequeued.ready):
            m.d.sync += self.dequeued.valid.eq(0)
        with m.If(self.take):
            m.d.sync += [
                self.pop.eq(1),
                self.dequeued.valid.eq(recorded),
                self.dequeued.p.eq(record),
            ]
        with m.If(state == State.EMPTY):  # loads in every cycle; the last load is the new task
            m.d.sync += [
                self.task.eq(event.task),
                recorded.eq(event.recorded),
                record.eq(event.record),
            ]
        with m.Elif(state == State.UNKNOWN):
            m.d.sync += [
                self.task.eq(lookup.task),
                recorded.eq(lookup.recorded),
                record.eq(lookup.record),
            ]

        # A lookup that ends in the cycle of an insertion does not show the inserted task.
        with m.If(arrives):
            m.d.sync += state.eq(State.VALID)
        with m.Elif(self.take | displaces):
            m.d.sync += state.eq(State.UNKNOWN)
        with m.Elif(looked_up & ~stale):
            with m.If(lookup.found):
                m.d.sync += state.eq(State.VALID)
            with m.Elif(lookup.none & ~grown & ~(same & event.inserts)):
                m.d.sync += state.eq(State.EMPTY)
        with m.If(self.popped | self.peek.valid & self.peek.ready):
            m.d.sync += [asked.eq(1), stale.eq(0), grown.eq(0)]
        with m.Else():
            with m.If(displaces):
                m.d.sync += stale.eq(1)
            with m.If(same & event.inserts):
                m.d.sync += grown.eq(1)
        with m.If(own_event & ~self.popped):
            m.d.sync += [
                self.tracking.eq(1),
                self.context.eq(event.context),
                self.queue.eq(event.asked),
                self.page.eq(Cat(event.asked, event.context) + (QUEUE_PAGES >> PAGE_BITS)),
                # A DEQUEUE that removes nothing has found the whole context empty.
                state.eq(Mux(event.removes, State.UNKNOWN, State.EMPTY)),
                stale.eq(1),
            ]
        with m.Elif(here & event.dequeues & ~own_event & (event.asked == self.queue)):
            m.d.sync += self.tracking.eq(0)
        with m.If(self.invalidate & (self.invalidate_context == self.context)):
            m.d.sync += self.tracking.eq(0)
        return m
