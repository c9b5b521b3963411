"""Several streams into one."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..bits import choice


class Merge(wiring.Component):
    """Round robin, combinational. ``chosen``: whose turn it is, one-hot; ``taken`` if accepted.

    Inputs may withdraw what they offer, and so may the output.
    """

    def __init__(self, shape, *, inputs: int) -> None:
        self.shape, self.inputs = shape, inputs
        super().__init__({
            "i": In(stream.Signature(shape)).array(inputs),
            "o": Out(stream.Signature(shape)),
            "chosen": Out(inputs),
            "taken": Out(inputs),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        requests = Cat(i.valid for i in self.i)
        last = Signal(self.inputs, init=1 << (self.inputs - 1))  # accepted last, one-hot
        after, candidates = Signal(self.inputs), Signal(self.inputs)
        m.d.comb += [
            after.eq(requests & ~(last | (last - 1))),
            candidates.eq(Mux(after.any(), after, requests)),
            self.chosen.eq(candidates & -candidates),
            self.o.valid.eq(requests.any()),
            self.o.p.eq(choice((self.chosen[n], i.p) for n, i in enumerate(self.i))),
            self.taken.eq(Mux(self.o.ready, self.chosen, 0)),
        ]
        with m.If(self.taken.any()):
            m.d.sync += last.eq(self.taken)
        for n, i in enumerate(self.i):
            m.d.comb += i.ready.eq(self.taken[n])
        return m
