"""A place beside a stream."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out


class Skid(wiring.Component):
    """Passes a stream on combinationally, and keeps what is not accepted at once.

    ``i.ready`` is a flip-flop: low while something is kept.
    """

    def __init__(self, shape) -> None:
        self.shape = shape
        super().__init__({
            "i": In(stream.Signature(shape)),
            "o": Out(stream.Signature(shape)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        kept = Signal(self.shape, reset_less=True)
        free = Signal(init=1)
        m.d.comb += [
            self.i.ready.eq(free),
            self.o.valid.eq(~free | self.i.valid),
            self.o.p.eq(Mux(free, Value.cast(self.i.p), Value.cast(kept))),
        ]
        m.d.sync += free.eq(self.o.ready | ~self.o.valid)
        with m.If(free):
            m.d.sync += kept.eq(self.i.p)
        return m
