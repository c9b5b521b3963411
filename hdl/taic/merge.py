"""Several streams into one."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out


class Merge(wiring.Component):
    """Round robin, combinational. ``taken``: which of the inputs is accepted, one-hot.

    Inputs may withdraw what they offer, and so may the output.
    """

    def __init__(self, shape, *, inputs: int) -> None:
        self.shape, self.inputs = shape, inputs
        super().__init__({
            "i": In(stream.Signature(shape)).array(inputs),
            "o": Out(stream.Signature(shape)),
            "taken": Out(inputs),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        requests = Cat(i.valid for i in self.i)
        last = Signal(self.inputs, init=1 << (self.inputs - 1))  # accepted last, one-hot
        after, chosen, grant = (Signal(self.inputs, name=name)
                                for name in ("after", "chosen", "grant"))
        value = Value.cast(self.i[0].p)
        for n in range(1, self.inputs):
            value = Mux(grant[n], self.i[n].p, value)
        m.d.comb += [
            after.eq(requests & ~(last | (last - 1))),
            chosen.eq(Mux(after.any(), after, requests)),
            grant.eq(chosen & -chosen),
            self.o.valid.eq(requests.any()),
            self.o.p.eq(value),
            self.taken.eq(Mux(self.o.ready, grant, 0)),
        ]
        with m.If(self.taken.any()):
            m.d.sync += last.eq(self.taken)
        for n, i in enumerate(self.i):
            m.d.comb += i.ready.eq(self.taken[n])
        return m
