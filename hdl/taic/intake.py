"""What the engine is asked to do, and what it does next."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..bits import choice, lowest_one
from .params import TaicParams
from .types import Kind, queue_op_layout


class Intake(wiring.Component):
    """Operations that wait for the engine, in flip-flops.

    ``op``, if ``valid``, is the next one; ``moves`` ends it. Those of ``pop`` (a TAKE of a front),
    in turn, come before all others; once they have kept another waiting that way, ``crowded``
    holds the fronts back until that one has moved. ``wake`` and ``request`` take turns, each in the
    order of its own; a wake only while there is ``room``, which keeps nobody else from coming.
    Neither ``ready`` depends on the other stream, that of ``request`` on flip-flops alone.

    ``waits`` and ``waiting`` tell the contexts of the operations, but for pops, of which one may be
    ``op``. Bit ``n`` of ``holds`` is set while there is an operation of port ``n``.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        super().__init__({
            "request": In(stream.Signature(queue_op_layout(params))),
            "wake": In(stream.Signature(queue_op_layout(params))),
            "room": In(1),
            "pop": In(params.ports),
            "pop_context": In(params.context_bits).array(params.ports),
            "pop_queue": In(params.queue_bits).array(params.ports),
            "op": Out(queue_op_layout(params)),
            "valid": Out(1),
            "pops": Out(1),  # ``op`` is one of ``pop``
            "popped": Out(params.ports),
            "crowded": Out(1),
            "moves": In(1),
            "waits": Out(2),
            "waiting": Out(params.context_bits).array(2),
            "holds": Out(params.ports),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, op = self.params, self.op
        layout = queue_op_layout(params)
        first, second, woken = (Signal(layout, name=name, reset_less=True)
                                for name in ("first", "second", "woken"))
        first_valid, second_valid, woken_valid = Signal(), Signal(), Signal()
        turn = Signal()  # of a wake

        wakes = Signal()  # there is a wake, and it is its turn; with the ``room`` a cycle before
        next_first, next_woken, next_turn = Signal(), Signal(), Signal()
        last_pop = Signal(params.ports)  # one-hot
        after_last, one_pop = Signal(params.ports), Signal(params.ports)
        m.d.comb += [
            after_last.eq(self.pop & ~(last_pop | (last_pop - 1))),
            one_pop.eq(lowest_one(Mux(after_last.any(), after_last, self.pop))),
            self.pops.eq(self.pop.any()),
            self.valid.eq(self.pops | wakes | first_valid),
            self.popped.eq(Mux(self.moves, one_pop, 0)),
            op.eq(Mux(wakes, woken, first)),
        ]
        with m.If(self.pops):
            m.d.comb += [
                op.kind.eq(Kind.TAKE),
                op.source.eq(choice((one, n) for n, one in enumerate(one_pop))),
                op.context.eq(choice(zip(one_pop, self.pop_context, strict=True))),
                op.queue.eq(choice(zip(one_pop, self.pop_queue, strict=True))),
            ]

        moves_wake, moves_first = Signal(), Signal()
        m.d.comb += [
            moves_wake.eq(self.moves & ~self.pops & wakes),
            moves_first.eq(self.moves & ~self.pops & ~wakes),
            self.request.ready.eq(~second_valid),
            self.wake.ready.eq(~woken_valid | moves_wake),
        ]
        with m.If(self.popped.any()):
            m.d.sync += last_pop.eq(one_pop)
        with m.If(self.pops & ~self.moves & (wakes | first_valid)):
            m.d.sync += self.crowded.eq(1)
        with m.Elif(moves_wake | moves_first):
            m.d.sync += self.crowded.eq(0)

        m.d.comb += [
            next_woken.eq(Mux(self.wake.ready, self.wake.valid, woken_valid)),
            next_first.eq(second_valid | self.request.valid | first_valid & ~moves_first),
            next_turn.eq(Mux(moves_wake | moves_first, moves_first, turn)),
        ]
        m.d.sync += [
            woken_valid.eq(next_woken),
            first_valid.eq(next_first),
            turn.eq(next_turn),
            wakes.eq(next_woken & self.room & (next_turn | ~next_first)),
        ]
        with m.If(self.wake.ready):
            m.d.sync += woken.eq(self.wake.p)
        with m.If(~first_valid | moves_first):
            m.d.sync += [
                second_valid.eq(0),
                first.eq(Mux(second_valid, second, self.request.p)),
            ]
        with m.Elif(~second_valid):
            m.d.sync += second_valid.eq(self.request.valid)
        with m.If(~second_valid):
            m.d.sync += second.eq(self.request.p)

        m.d.comb += [
            self.waits.eq(Cat(first_valid, woken_valid)),
            self.waiting[0].eq(first.context),
            self.waiting[1].eq(woken.context),
        ]
        for n in range(params.ports):
            m.d.comb += self.holds[n].eq(first_valid & (first.source == n)
                                         | second_valid & (second.source == n))
        return m
