"""The first task of a queue, kept at hand for the port that dequeues from it."""

from amaranth import *
from amaranth.lib import enum, stream, wiring
from amaranth.lib.wiring import In, Out

from .params import ADDR_BITS, PAGE_BITS, QUEUE_PAGES, TASK_BITS, TaicParams
from .types import Kind, event_layout, lookup_layout, queue_op_layout

PAGE_NUMBER_BITS = ADDR_BITS - PAGE_BITS - 1


class State(enum.Enum, shape=2):
    """What is known of the queue's list."""

    UNKNOWN = 0
    VALID = 1  # ``task`` is the first
    EMPTY = 2


class Front(wiring.Component):
    """Follows the queue from which ``port`` dequeued last, which no other front follows.

    ``valid`` with ``task``: what a DEQUEUE would give, and nothing in the engine's first stage
    could make it another, or has to wait for fronts (``crowded``). ``empty``: there is none in the
    whole context. Both are early. ``take``, if ``valid``, gives the task away; ``pop`` then has the
    engine remove it (until ``popped``). ``soon``: wait, one of the two follows without being asked
    for. ``left`` is the record of the task that has been taken, if it has one, from the next cycle
    on; until it is accepted nothing is valid.

    ``event`` comes from the engine's first stage, ``lookup`` from its end: what follows the task
    that was removed, or what ``peek`` has found, the front's own request, issued if the list is
    unknown still. ``forget``: a context's queues have been allocated or freed.
    """

    def __init__(self, params: TaicParams, *, port: int) -> None:
        self.params, self.port = params, port
        super().__init__({
            "valid": Out(1),
            "empty": Out(1),
            "soon": Out(1),
            "task": Out(TASK_BITS),
            "known": Out(1),
            "context": Out(params.context_bits),
            "queue": Out(params.queue_bits),
            "page": Out(PAGE_NUMBER_BITS),  # of the queue, without that of its alias
            "take": In(1),
            "pop": Out(1),
            "popped": In(1),
            "left": Out(stream.Signature(params.record_bits)),
            "peek": Out(stream.Signature(queue_op_layout(params))),
            "event": In(event_layout(params)),
            "lookup": In(lookup_layout(params)),
            "waits": In(2),
            "waiting": In(params.context_bits).array(2),
            "crowded": In(1),
            "busy": In(params.contexts),
            "redirected": In(1),
            "forget": In(1),
            "forget_context": In(params.context_bits),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        event, lookup = self.event, self.lookup
        state = Signal(State)
        asked, stale = Signal(), Signal()  # a lookup is under way; it will be too old
        grown = Signal()  # it will be, if it finds no task: one has come
        recorded, record = Signal(), Signal(self.params.record_bits, reset_less=True)  # of the task
        own_event = event.valid & event.dequeues & (event.source == self.port)
        here = self.known & event.valid & (event.context == self.context)
        same = Signal()
        others = Cat(self.waits[n] & (self.waiting[n] == self.context) for n in range(2)).any()
        m.d.comb += [
            same.eq(here & (event.queue == self.queue)),
            self.valid.eq(self.known & (state == State.VALID) & ~self.redirected & ~self.left.valid
                          & ~others & ~self.crowded),
            self.empty.eq(self.known & (state == State.EMPTY) & ~self.redirected
                          & ~self.busy.bit_select(self.context, 1)),
            self.soon.eq(self.pop | self.left.valid | (asked & ~stale)),
            self.peek.valid.eq(self.known & (state == State.UNKNOWN) & ~self.pop & ~asked),
            self.peek.p.kind.eq(Kind.PEEK),
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
        with m.If(self.left.ready):
            m.d.sync += self.left.valid.eq(0)
        with m.If(self.take):
            m.d.sync += [
                self.pop.eq(1),
                self.left.valid.eq(recorded),
                self.left.p.eq(record),
            ]
        with m.If(state == State.EMPTY):  # what counts is the last, which arrives
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

        # A lookup that comes with an insertion knows nothing of the task.
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
                self.known.eq(1),
                self.context.eq(event.context),
                self.queue.eq(event.asked),
                self.page.eq(Cat(event.asked, event.context) + (QUEUE_PAGES >> PAGE_BITS)),
                # Nothing removed, nothing in the context.
                state.eq(Mux(event.removes, State.UNKNOWN, State.EMPTY)),
                stale.eq(1),
            ]
        with m.Elif(here & event.dequeues & ~own_event & (event.asked == self.queue)):
            m.d.sync += self.known.eq(0)
        with m.If(self.forget & (self.forget_context == self.context)):
            m.d.sync += self.known.eq(0)
        return m
