"""Proofs about the stream components."""

import pytest
from amaranth import *
from amaranth.asserts import AnySeq
from amaranth.hdl import Assert, Assume, Cover
from amaranth.lib import wiring
from amaranth.lib.wiring import connect, flipped

from hdl import stream
from tests.support.formal import prove
from tests.support.mutant import mutant


class Kept(wiring.Component):
    """Each payload leaves once and in order, in the cycle of its arrival if nothing is stored."""

    def __init__(self, dut) -> None:
        self.dut = dut
        super().__init__(dut.signature)

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        connect(m, flipped(self), dut)
        inside = Signal()
        payload = Signal.like(dut.i.p)
        goes_in, comes_out = dut.i.valid & dut.i.ready, dut.o.valid & dut.o.ready
        m.d.comb += [
            Assume(~ResetSignal()),
            Assert(dut.o.valid == (inside | dut.i.valid)),
            Assert(~dut.o.valid | (dut.o.p == Mux(inside, payload, dut.i.p))),
            Assert(dut.i.ready == ~inside),
            Cover(inside & comes_out),
        ]
        m.d.sync += inside.eq((inside | goes_in) & ~comes_out)
        with m.If(goes_in):
            m.d.sync += payload.eq(dut.i.p)
        return m


class RoundRobin(wiring.Component):
    """The output offers one valid input. The input accepted last waits for the others."""

    INPUTS = 3

    def __init__(self, dut) -> None:
        self.dut = dut
        super().__init__({})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        m.d.comb += dut.o.ready.eq(AnySeq(1))
        for i in dut.i:
            m.d.comb += [i.valid.eq(AnySeq(1)), i.p.eq(AnySeq(4))]
        valid = Cat(i.valid for i in dut.i)
        last = Signal(range(self.INPUTS), init=self.INPUTS - 1)
        m.d.comb += [
            Assume(~ResetSignal()),
            Assert(dut.o.valid == valid.any()),
            Assert(dut.accepted == Mux(dut.o.ready, dut.grant, 0)),
            Assert((dut.grant & (dut.grant - 1)) == 0),
        ]
        for n, i in enumerate(dut.i):
            m.d.comb += Assert(i.ready == dut.accepted[n])
            with m.If(dut.grant[n]):
                m.d.comb += [Assert(i.valid), Assert(dut.o.p == i.p)]
            with m.If(dut.accepted[n]):
                m.d.sync += last.eq(n)
            with m.If(last == n):
                following = [(n + distance) % self.INPUTS for distance in range(1, self.INPUTS + 1)]
                for position, one in enumerate(following):
                    before = Cat(dut.i[other].valid for other in following[:position]).any()
                    m.d.comb += Assert(
                        dut.grant[one] == (dut.i[one].valid & ~before))
        m.d.comb += Cover(valid.all() & (last == 1) & dut.o.ready)
        return m


class Alternating(wiring.Component):
    """The output offers one valid input: ``early``, unless ``late`` waited a cycle before."""

    def __init__(self, dut) -> None:
        self.dut = dut
        super().__init__(dut.signature)

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        connect(m, flipped(self), dut)
        early, late, o = dut.early, dut.late, dut.o
        waited, takes_early, takes_late = Signal(), Signal(), Signal()
        m.d.sync += waited.eq(late.valid & ~late.ready)
        m.d.comb += [
            Assume(~ResetSignal()),
            takes_early.eq(early.valid & early.ready),
            takes_late.eq(late.valid & late.ready),
            Assert(~(takes_early & takes_late)),
            Assert((takes_early | takes_late) == (o.valid & o.ready)),
            Assert(~takes_early | (o.p == early.p)),
            Assert(~takes_late | (o.p == late.p)),
            Assert(~(waited & late.valid & o.ready) | takes_late),
            Assert(~(~waited & early.valid & o.ready) | takes_early),
            Cover(waited & early.valid & takes_late),
        ]
        return m


PROOFS = {
    "skid_buffer": lambda part: Kept(part.SkidBuffer(4)),
    "stream_arbiter": lambda part: RoundRobin(part.StreamArbiter(4, inputs=RoundRobin.INPUTS)),
    "alternating_arbiter": lambda part: Alternating(part.AlternatingArbiter(4)),
}
BOUNDED = ("stream_arbiter",)  # the spec has its own state, and induction has no invariant for it
FAULTS = {
    "overwritten": ("with m.If(free):", "with m.If(1):", "skid_buffer"),
    "same_again": ("last.eq(self.accepted)", "last.eq(last)", "stream_arbiter"),
    "starved": ("waited.eq(late.valid & ~late.ready)", "waited.eq(0)", "alternating_arbiter"),
}


@pytest.mark.parametrize("name", PROOFS)
def test_stream(name):
    mode = "bmc" if name in BOUNDED else "prove"
    prove(PROOFS[name](stream), f"stream_{name}", depth=6, mode=mode)


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_found(fault):
    old, new, name = FAULTS[fault]
    with pytest.raises(AssertionError, match="check of"):
        prove(PROOFS[name](mutant(stream, old, new)), f"stream_{name}_{fault}", depth=4)
