"""Two streams into one, without a path from one to the other."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out


class Turns(wiring.Component):
    """``early`` goes first, but ``late`` has its turn once it has waited for a cycle.

    Combinational, but nothing of ``early`` depends on ``late``, which may come late in the cycle.
    Inputs may withdraw what they offer.
    """

    def __init__(self, shape) -> None:
        self.shape = shape
        super().__init__({
            "early": In(stream.Signature(shape)),
            "late": In(stream.Signature(shape)),
            "o": Out(stream.Signature(shape)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        early, late = self.early, self.late
        waited, first = Signal(), Signal()
        m.d.comb += [
            first.eq(early.valid & ~waited),
            self.o.valid.eq(first | late.valid),
            self.o.p.eq(Mux(first, Value.cast(early.p), Value.cast(late.p))),
            early.ready.eq(self.o.ready & ~waited),
            late.ready.eq(self.o.ready & ~first),
        ]
        m.d.sync += waited.eq(late.valid & ~late.ready)
        return m
