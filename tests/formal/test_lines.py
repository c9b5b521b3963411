"""Proofs about the lines of the TAIC, with few lines, for all inputs of the first cycles."""

from abc import ABC, abstractmethod

import pytest
from amaranth import *
from amaranth.asserts import AnyConst
from amaranth.hdl import Assert, Assume, Cover
from amaranth.lib import wiring
from amaranth.lib.wiring import connect, flipped

from hdl.taic import lines
from hdl.taic.params import TaicParams
from hdl.taic.types import RecordOp
from tests.support.formal import prove
from tests.support.mutant import mutant

PARAMS = TaicParams(contexts=2, queues=2, tasks=64, channels=2, lines=2, slots=2)
DEPTH = 13


class LinesSpec(wiring.Component, ABC):
    """Any line and any context. ``sends``, ``arms`` and ``levels`` are accepted operations on their
    record. ``calls`` is an edge of the line or an accepted ``simulate``.

    The grant of the line and the ownership of the context no longer change after the first event of
    the line. ``listens``: the context has both.
    """

    def __init__(self, dut) -> None:
        self.dut = dut
        self.grants = dut.grants.read_port(domain="comb")
        super().__init__(dut.signature)

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        connect(m, flipped(self), dut)
        line, context = AnyConst(PARAMS.line_bits), AnyConst(PARAMS.context_bits)
        op, arm, simulate, write = dut.record_op, dut.arm, dut.simulate, dut.grant_write
        m.d.comb += self.grants.addr.eq(line)
        owned = dut.owned.bit_select(context, 1)
        self.listens = self.grants.data.bit_select(context, 1) & owned
        ends, ending = Signal(), Signal()  # the grants of the context are removed
        m.d.comb += ends.eq(dut.forget.valid & (dut.forget.context == context))
        m.d.sync += ending.eq((ending | ends) & ~(ending & dut.grant_ready))

        self.high = dut.line.bit_select(line, 1)
        was_high, used, uses = Signal(), Signal(), Signal()
        edge = self.high & ~was_high
        simulated = simulate.valid & (simulate.p == line)
        self.asks = arm.valid & (arm.p.line == line)
        m.d.comb += uses.eq(used | edge | simulated | self.asks)
        m.d.sync += [was_high.eq(self.high), used.eq(uses)]
        offered, held = self.before(m, arm.valid & ~arm.ready), Signal()
        m.d.comb += [
            Assume(~ResetSignal()),
            Assume(dut.grant_ready | ~write.en & ~dut.forget.valid),
            Assume(~(uses & write.en & (write.line == line))),
            Assume(~(write.en & dut.forget.valid)),
            Assume(~(uses & (ends | ending))),
            Assume(~(used & (owned ^ self.before(m, owned)))),
            held.eq(arm.valid & (Value.cast(arm.p) == self.before(m, arm.p))),
            Assume(~offered | held),
        ]
        mine = op.valid & op.ready & (
            op.p.record == PARAMS.first_line_record + Cat(context, line))
        self.asks = self.asks & (arm.p.context == context)
        self.edge, self.simulated = edge, simulated & simulate.ready
        self.calls = self.edge | self.simulated
        self.sends = mine & (op.p.op == RecordOp.SEND) & (op.p.data == 0)
        self.levels = mine & (op.p.op == RecordOp.SEND) & (op.p.data == 1)
        self.arms = mine & (op.p.op == RecordOp.ARM)
        with m.If(mine):
            m.d.comb += [
                Assert(op.p.context == context),
                Assert(op.p.trusted),
                Assert(self.sends | self.levels | self.arms),
            ]
        self.specify(m)
        return m

    @abstractmethod
    def specify(self, m: Module) -> None:
        """Adds the properties to prove."""

    @staticmethod
    def before(m: Module, value: Value) -> Signal:
        """Returns the value of the previous cycle."""
        value = Value.cast(value)
        last = Signal(value.shape())
        m.d.sync += last.eq(value)
        return last


class Told(LinesSpec):
    """A context that listens is told of each call once the device has been idle for long enough.

    The context is told after the call, so a call during the service of the line is not lost. If a
    context arms a line that has been high for long enough, it is told of the level or an edge after
    the ARM.
    """

    def specify(self, m: Module) -> None:
        dut = self.dut
        owed, heard, steady = Signal(), Signal(), Signal()
        enough = PARAMS.lines + 1  # cycles to serve each line, and the lowest line again
        quiet = Signal(range(enough + 1))
        idle = ~(dut.record_op.valid | dut.arm.valid | dut.simulate.valid | ~dut.grant_ready
                 | dut.grant_read)
        was_high = self.before(m, self.high)
        m.d.sync += [
            steady.eq(self.high & was_high & (steady | ~self.asks)),
            heard.eq(self.asks & ~dut.arm.ready & (heard | self.levels)),
        ]
        deaf = self.asks & dut.arm.ready & steady & ~heard & ~self.levels
        with m.If((self.calls | deaf) & self.listens):
            m.d.sync += owed.eq(1)
        with m.Elif(self.sends):
            m.d.sync += owed.eq(0)
        with m.If(~idle | self.calls):
            m.d.sync += quiet.eq(0)
        with m.Elif(quiet != enough):
            m.d.sync += quiet.eq(quiet + 1)
        m.d.comb += [
            Assert(~(idle & (quiet == enough) & owed)),
            Cover(self.sends & self.calls),
            Cover(idle & self.before(m, self.sends)),
            Cover(deaf),
            Cover(self.sends & ~dut.grant_ready),
        ]


class NotOften(LinesSpec):
    """A context is told at most once for each call, and never without a grant and an owner."""

    def specify(self, m: Module) -> None:
        calls = Signal(3)
        m.d.comb += Assume(calls < 6)
        m.d.sync += calls.eq(calls + self.edge + self.simulated - self.sends)
        with m.If(self.sends):
            m.d.comb += [Assert(calls != 0), Assert(self.listens)]
        told = self.before(m, self.sends)
        m.d.comb += [Cover(self.sends & (calls == 1)), Cover(told & (calls == 1))]


class Arms(LinesSpec):
    """An ARM of a context that listens arms the record exactly once. Another is refused once.

    A level is told directly after the ARM, and only if the line was high during the request.
    """

    def specify(self, m: Module) -> None:
        dut, arm = self.dut, self.dut.arm
        refused = dut.error.valid & dut.error.ready
        armed, high, done = Signal(), Signal(), self.asks & arm.ready
        was_high = self.before(m, self.high)
        m.d.sync += [
            armed.eq(self.asks & ~arm.ready & (armed | self.arms)),
            high.eq(self.asks & ~arm.ready & (high | was_high)),
        ]
        with m.If(done):
            m.d.comb += [
                Assert((armed | self.arms) == self.listens),
                Assert(refused == ~self.listens),
            ]
        with m.If(self.arms):
            m.d.comb += [
                Assert(self.asks & ~armed),
                Assert(dut.record_op.p.data == arm.p.task),
                Assert(dut.record_op.p.queue == Mux(arm.p.first, 0, arm.p.queue)),
            ]
        with m.If(self.levels):
            m.d.comb += Assert(done & armed & high)
        m.d.comb += [Cover(done & refused), Cover(done & self.arms), Cover(self.levels)]


PROOFS = {proof.__name__: proof for proof in (Told, NotOften, Arms)}

FAULTS = {
    "edge_lost_in_service": ("calls.eq(waiting | self.line & ~high)",
                             "calls.eq((waiting | self.line & ~high) & (contexts == 0).replicate("
                             "params.lines))", "Told"),
    "level_again": ("calls.eq(waiting | self.line & ~high)", "calls.eq(waiting | self.line)",
                    "NotOften"),
    "stays_waiting": ("waiting.eq(calls & ~taken)", "waiting.eq(calls)", "NotOften"),
    "grant_ignored": ("contexts.eq(looked.data)", "contexts.eq(~0)", "NotOften"),
    "told_without_owner": ("listens.eq(contexts & self.owned)", "listens.eq(contexts)", "NotOften"),
    "grant_of_another_line": ("looked.addr.eq(arm.line)", "looked.addr.eq(first_call)", "Arms"),
    "no_level": ("with m.If(done & granted & level)", "with m.If(0)", "Told"),
    "level_of_another_line": ("(high & ~waiting).bit_select(arm.line, 1)", "(high & ~waiting)[0]",
                              "Arms"),
}


@pytest.mark.parametrize("name", PROOFS)
def test_lines(name):
    prove(PROOFS[name](lines.Lines(PARAMS)), f"taic_lines_{name}", depth=DEPTH)


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_found(fault):
    old, new, proof = FAULTS[fault]
    changed = mutant(lines, old, new).Lines(PARAMS)
    with pytest.raises(AssertionError, match="check of"):
        prove(PROOFS[proof](changed), f"taic_lines_{proof}_{fault}", depth=DEPTH)
