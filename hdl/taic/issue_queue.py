"""Issue queue: holds the operations that wait for the engine, and selects the next one."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..bits import choice, lowest_one
from .params import TaicParams
from .types import QueueOp, queue_op_layout


class IssueQueue(wiring.Component):
    """Operations that wait for the engine, in flip-flops.

    ``op`` with ``valid`` is the next operation; ``issue`` removes it.

    - A ``pop`` (the TAKE of a head prefetch) has priority; several are served round robin. When a
      pop has made another operation wait, ``hold_off`` stops the prefetches until one of the
      others has been issued.
    - ``wake`` and ``request`` alternate, and each keeps its own order. A wake is dropped if its
      context loses its owner (``owned``). Neither waits for anything but its turn.
    - Neither ``ready`` depends on the other stream; that of ``request`` is a flip-flop.

    ``waiting`` and ``waiting_context`` show the contexts of the first request and of the wake.
    Bit ``n`` of ``holds_port`` is set while a request of port ``n`` waits.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        super().__init__({
            "request": In(stream.Signature(queue_op_layout(params))),
            "wake": In(stream.Signature(queue_op_layout(params))),
            "owned": In(params.contexts),
            "pop": In(params.ports),
            "pop_context": In(params.context_bits).array(params.ports),
            "pop_queue": In(params.queue_bits).array(params.ports),
            "op": Out(queue_op_layout(params)),
            "valid": Out(1),
            "is_pop": Out(1),  # ``op`` belongs to ``pop``
            "popped": Out(params.ports),
            "hold_off": Out(1),
            "issue": In(1),
            "waiting": Out(2),
            "waiting_context": Out(params.context_bits).array(2),
            "holds_port": Out(params.ports),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, op = self.params, self.op
        layout = queue_op_layout(params)
        first, second, woken = (Signal(layout, name=name, reset_less=True)
                                for name in ("first", "second", "woken"))
        first_valid, second_valid, woken_valid = Signal(), Signal(), Signal()
        turn = Signal()  # a wake goes before a request

        wakes = Signal()  # a wake is next
        next_first, next_woken, next_turn = Signal(), Signal(), Signal()
        last_pop = Signal(params.ports)  # one-hot
        after_last, one_pop = Signal(params.ports), Signal(params.ports)
        m.d.comb += [
            after_last.eq(self.pop & ~(last_pop | (last_pop - 1))),
            one_pop.eq(lowest_one(Mux(after_last.any(), after_last, self.pop))),
            self.is_pop.eq(self.pop.any()),
            self.valid.eq(self.is_pop | wakes | first_valid),
            self.popped.eq(Mux(self.issue, one_pop, 0)),
            op.eq(Mux(wakes, woken, first)),
        ]
        with m.If(self.is_pop):
            m.d.comb += [
                op.kind.eq(QueueOp.TAKE),
                op.source.eq(choice((one, n) for n, one in enumerate(one_pop))),
                op.context.eq(choice(zip(one_pop, self.pop_context, strict=True))),
                op.queue.eq(choice(zip(one_pop, self.pop_queue, strict=True))),
            ]

        moves_wake, moves_first = Signal(), Signal()
        m.d.comb += [
            moves_wake.eq(self.issue & ~self.is_pop & wakes),
            moves_first.eq(self.issue & ~self.is_pop & ~wakes),
            self.request.ready.eq(~second_valid),
            self.wake.ready.eq(~woken_valid | moves_wake),
        ]
        with m.If(self.popped.any()):
            m.d.sync += last_pop.eq(one_pop)
        with m.If(self.is_pop & ~self.issue & (wakes | first_valid)):
            m.d.sync += self.hold_off.eq(1)
        with m.Elif(moves_wake | moves_first):
            m.d.sync += self.hold_off.eq(0)

        m.d.comb += [
            next_woken.eq(Mux(self.wake.ready, self.wake.valid,
                              woken_valid & self.owned.bit_select(woken.context, 1))),
            next_first.eq(second_valid | self.request.valid | first_valid & ~moves_first),
            next_turn.eq(Mux(moves_wake | moves_first, moves_first, turn)),
        ]
        m.d.sync += [
            woken_valid.eq(next_woken),
            first_valid.eq(next_first),
            turn.eq(next_turn),
            wakes.eq(next_woken & (next_turn | ~next_first)),
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
            self.waiting.eq(Cat(first_valid, woken_valid)),
            self.waiting_context[0].eq(first.context),
            self.waiting_context[1].eq(woken.context),
        ]
        for n in range(params.ports):
            m.d.comb += self.holds_port[n].eq(first_valid & (first.source == n)
                                         | second_valid & (second.source == n))
        return m
