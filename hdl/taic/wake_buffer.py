"""Wake buffer: stores a wake until the engine takes it, or until its context has ended."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .params import TaicParams
from .types import queue_op_layout


class WakeBuffer(wiring.Component):
    """A ``SkidBuffer`` for wakes: passes them on in the same cycle, and stores one that waits.

    A stored wake is offered until it is accepted. It is dropped in the cycle after its context has
    lost its owner, so that it cannot reach the queues of a later owner. ``owned`` has a bit for
    each context.

    ``i.ready`` is a flip-flop, low while a wake is stored. ``o`` depends on ``i`` combinationally
    while nothing is stored.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        super().__init__({
            "i": In(stream.Signature(queue_op_layout(params))),
            "o": Out(stream.Signature(queue_op_layout(params))),
            "owned": In(params.contexts),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        stored = Signal(queue_op_layout(self.params), reset_less=True)
        free, ended = Signal(init=1), Signal()
        m.d.comb += [
            ended.eq(~free & ~self.owned.bit_select(stored.context, 1)),
            self.i.ready.eq(free),
            self.o.valid.eq(~free | self.i.valid),
            self.o.p.eq(Mux(free, Value.cast(self.i.p), Value.cast(stored))),
        ]
        m.d.sync += free.eq(self.o.ready | ~self.o.valid | ended)
        with m.If(free):
            m.d.sync += stored.eq(self.i.p)
        return m
