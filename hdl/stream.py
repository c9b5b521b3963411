"""Stream components that know no protocol but valid and ready."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .bits import choice


class SkidBuffer(wiring.Component):
    """Passes a stream on in the same cycle, and stores one payload while the output waits.

    A payload that the output does not accept at once is stored and offered until it is accepted.
    Payloads leave in order; none is lost or repeated.

    ``i.ready`` is a flip-flop, low while a payload is stored. ``o`` depends on ``i``
    combinationally while nothing is stored.
    """

    def __init__(self, shape) -> None:
        self.shape = shape
        super().__init__({
            "i": In(stream.Signature(shape)),
            "o": Out(stream.Signature(shape)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        stored = Signal(self.shape, reset_less=True)
        free = Signal(init=1)
        m.d.comb += [
            self.i.ready.eq(free),
            self.o.valid.eq(~free | self.i.valid),
            self.o.p.eq(Mux(free, Value.cast(self.i.p), Value.cast(stored))),
        ]
        m.d.sync += free.eq(self.o.ready | ~self.o.valid)
        with m.If(free):
            m.d.sync += stored.eq(self.i.p)
        return m


class StreamArbiter(wiring.Component):
    """Merges ``inputs`` streams into one, round robin.

    The input after the one that was accepted last has priority. ``grant`` is one-hot and names the
    input that is offered in this cycle; ``accepted`` equals ``grant`` if the output accepts it,
    else it is 0.

    All outputs are combinational. An input may withdraw its payload before a transfer, and so the
    output may change or withdraw its own.
    """

    def __init__(self, shape, *, inputs: int) -> None:
        self.shape, self.inputs = shape, inputs
        super().__init__({
            "i": In(stream.Signature(shape)).array(inputs),
            "o": Out(stream.Signature(shape)),
            "grant": Out(inputs),
            "accepted": Out(inputs),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        requests = Cat(i.valid for i in self.i)
        last = Signal(self.inputs, init=1 << (self.inputs - 1))  # accepted last, one-hot
        after, candidates = Signal(self.inputs), Signal(self.inputs)
        m.d.comb += [
            after.eq(requests & ~(last | (last - 1))),
            candidates.eq(Mux(after.any(), after, requests)),
            self.grant.eq(candidates & -candidates),
            self.o.valid.eq(requests.any()),
            self.o.p.eq(choice((self.grant[n], i.p) for n, i in enumerate(self.i))),
            self.accepted.eq(Mux(self.o.ready, self.grant, 0)),
        ]
        with m.If(self.accepted.any()):
            m.d.sync += last.eq(self.accepted)
        for n, i in enumerate(self.i):
            m.d.comb += i.ready.eq(self.accepted[n])
        return m


class AlternatingArbiter(wiring.Component):
    """Merges two streams into one. ``early`` has priority, ``late`` is not starved.

    ``late`` has priority in the cycle after one in which it was offered and not accepted. So the
    two alternate while both are valid.

    All outputs are combinational. ``early.ready`` does not depend on ``late``, which may become
    valid late in a cycle. Inputs may withdraw their payloads before a transfer.
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
