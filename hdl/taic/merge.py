"""Several streams into one."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..bus.arbiter import RoundRobin


class Merge(wiring.Component):
    """Round robin, combinational. ``taken``: which of the inputs is accepted, one-hot."""

    def __init__(self, shape, *, inputs: int) -> None:
        self.shape, self.inputs = shape, inputs
        super().__init__({
            "i": In(stream.Signature(shape)).array(inputs),
            "o": Out(stream.Signature(shape)),
            "taken": Out(inputs),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.arbiter = arbiter = RoundRobin(self.inputs)
        value = Value.cast(self.i[0].p)
        for n in range(1, self.inputs):
            value = Mux(arbiter.grant[n], self.i[n].p, value)
        m.d.comb += [
            arbiter.requests.eq(Cat(i.valid for i in self.i)),
            arbiter.served.eq(self.o.ready),
            self.o.valid.eq(arbiter.requests.any()),
            self.o.p.eq(value),
            self.taken.eq(Mux(self.o.ready, arbiter.grant, 0)),
        ]
        for n, i in enumerate(self.i):
            m.d.comb += i.ready.eq(self.taken[n])
        return m
