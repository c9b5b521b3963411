"""Unbounded proofs by induction about the UINTC, with few receivers and harts."""

import pytest
from amaranth import *
from amaranth.asserts import AnyConst
from amaranth.hdl import Assert, Assume, Cover

from hdl.uintc import UintcParams, line, table, uintc
from tests.formal.uintc_spec import ACTIVE, HARTS, HIGH, LOW, RECEIVERS, SEND, UintcSpec
from tests.support.formal import prove
from tests.support.mutant import mutant

PARAMS = UintcParams(receivers=RECEIVERS, harts=HARTS)
DEPTH = 9


class Lines(UintcSpec):
    """``usip[h]`` is high exactly when an entry is active, has pending vectors and hart ID h.

    The entries are those of the same cycle. Entries and line show an operation two cycles after its
    acceptance. The counter of a hart is the number of such entries.
    """

    def specify(self, m: Module) -> None:
        for hart in range(HARTS):
            count = Signal(range(RECEIVERS + 1), name=f"count_{hart}")
            m.d.comb += count.eq(sum(self.interrupts(row, hart) for row in self.rows))
            with m.If(self.settled):
                m.d.comb += [
                    Assert(self.dut.lines[hart].count == count),
                    Assert(self.usip[hart] == (count != 0)),
                ]
        m.d.comb += [
            Cover(self.dut.lines[0].count == 2),
            Cover(self.before(m, self.usip == 1) & (self.usip == 2)),
        ]


class Untouched(UintcSpec):
    """An operation changes only the entry that it addresses."""

    def specify(self, m: Module) -> None:
        entry = AnyConst(range(RECEIVERS))
        m.d.comb += Assume(entry < RECEIVERS)
        row = Value.cast(Array(self.rows)[entry])
        same = row == self.before(m, row)
        elsewhere = ~self.done.table | (self.done.index != entry)
        with m.If(self.was_settled & (~self.done.valid | elsewhere)):
            m.d.comb += Assert(same)
        m.d.comb += Cover(self.done.valid & elsewhere & row[0])


class Entries(UintcSpec):
    """An operation has the specified effect on the entry that it addresses.

    A pending vector stays pending until a READ_HIGH of its entry.
    """

    def specify(self, m: Module) -> None:
        entry, vector = AnyConst(range(RECEIVERS)), AnyConst(6)
        m.d.comb += Assume(entry < RECEIVERS)
        row = Array(self.rows)[entry]
        pending, done = row.pending.bit_select(vector, 1), self.done
        was_pending = self.before(m, pending)
        cleared = self.does(done, False, HIGH, entry)
        posted = self.posts(done, entry, vector)
        placed = self.does(done, True, LOW, entry)
        switched = self.does(done, True, ACTIVE, entry)
        was_active, was_mode, was_hart_id = (
            self.before(m, field) for field in (row.active, row.mode, row.hart_id))
        with m.If(self.was_settled):
            m.d.comb += [
                Assert(pending | ~was_pending | cleared),
                Assert(pending == (posted | was_pending & ~cleared)),
                Assert(row.active == Mux(placed | switched, done.data[0], was_active)),
                Assert(row.mode == Mux(placed, done.data[1], was_mode)),
                Assert(row.hart_id == Mux(placed, done.data[16:32], was_hart_id)),
            ]
        m.d.comb += [Cover(cleared & was_pending), Cover(switched & was_pending)]


class Reads(UintcSpec):
    """A read is answered in the next cycle. The answer shows all operations accepted before it."""

    def specify(self, m: Module) -> None:
        entry = AnyConst(range(RECEIVERS))
        m.d.comb += Assume(entry < RECEIVERS)
        row = Array(self.rows)[entry]
        answer, asked = self.bus.response, self.asked
        m.d.comb += Assert(answer.valid == (asked.valid & ~asked.write))
        values = {
            SEND: 0x5549 << 48 | 1 << 32 | HARTS << 16 | RECEIVERS,
            LOW: Cat(row.active, row.mode, C(0, 14), row.hart_id),
            HIGH: row.pending,
            ACTIVE: row.active,
        }
        for register, value in values.items():
            with m.If(self.does(asked, False, register, entry)):
                m.d.comb += [Assert(answer.p.data == value), Assert(~answer.p.error)]
                m.d.comb += Cover(answer.p.data != 0)
        with m.If(answer.valid & self.refused(asked)):
            m.d.comb += Assert(answer.p.data == 0)
        with m.If(answer.valid):
            m.d.comb += Assert(answer.p.error == (asked.size != 3))


class ExactlyOnce(UintcSpec):
    """Each posted vector is read exactly once: none is lost and none is read twice.

    READ_HIGH returns a vector if and only if it was posted after the previous READ_HIGH, in the
    order of acceptance. This holds for any distance between them, even adjacent cycles.
    """

    def specify(self, m: Module) -> None:
        entry, vector = AnyConst(range(RECEIVERS)), AnyConst(6)
        m.d.comb += Assume(entry < RECEIVERS)
        owed = Signal()
        read = self.does(self.accepted, False, HIGH, entry)
        posted = self.posts(self.accepted, entry, vector)
        with m.If(read):
            m.d.sync += owed.eq(0)
        with m.Elif(posted):
            m.d.sync += owed.eq(1)
        owed_before = self.before(m, owed)
        seen = self.bus.response.p.data.bit_select(vector, 1)
        with m.If(self.does(self.asked, False, HIGH, entry)):
            m.d.comb += Assert(seen == owed_before)
        with m.If(self.settled):  # for the induction
            m.d.comb += Assert(
                Array(self.rows)[entry].pending.bit_select(vector, 1) == owed_before)
        m.d.comb += [
            Cover(read & self.before(m, posted)),
            Cover(posted & self.before(m, read & owed)),
        ]


class Refused(UintcSpec):
    """A refused operation changes no entry and no line, and is recorded. No other operation is
    recorded as refused."""

    def specify(self, m: Module) -> None:
        entry = AnyConst(range(RECEIVERS))
        row, record, done = Array(self.rows)[entry], self.dut.refusals.record, self.done
        refused = self.refused(done)
        same = (Value.cast(row) == self.before(m, row)) & (
            self.usip == self.before(m, self.usip))
        with m.If(self.was_settled & refused):
            m.d.comb += [
                Assert(same),
                Assert(record.reason != 0),
                Assert(record.index == done.index),
            ]
        count = self.before(m, record.count)
        cleared = done.valid & done.write & ~done.table & (record.as_value() == 0)
        with m.If(self.was_settled & ~cleared):
            m.d.comb += Assert(record.count == count + (refused & ~count.all()))
        m.d.comb += [Cover(record.reason == reason) for reason in (1, 2, 3)]


PROOFS = {proof.__name__: proof for proof in (
    Lines, Untouched, Entries, Reads, ExactlyOnce, Refused)}

FAULTS = {
    "no_forwarding": (table, "transparent_for=(write,)", "", ("ExactlyOnce", "Reads", "Lines")),
    "wrong_entry": (table, "write.addr.eq(index)", "write.addr.eq(self.index)", ("Untouched",)),
    "vector_wraps": (table, "vector_exists.eq(written[6:] == 0)", "vector_exists.eq(1)",
                     ("Refused",)),
    "read_keeps": (table, "Mux(operation.read_high, 0, entry.pending | posted)",
                   "entry.pending | posted", ("ExactlyOnce", "Entries")),
    "active_only": (table, "posts.eq(operation.send", "posts.eq(operation.send & self.entry.active",
                    ("Lines",)),
    "mode_lost": (table, "changed.mode.eq(low.mode),", "", ("Entries",)),
    "cleared_elsewhere": (table, '.const({"here": 1})', ".const({})", ("Lines",)),
    "line_forgets": (line, "self.after | (self.count != 1)", "self.after", ("Lines",)),
    "line_stays": (line, "self.after | (self.count != 1)", "1", ("Lines",)),
    "index_wraps": (uintc, "entry_exists.eq(access.index < params.receivers)",
                    "entry_exists.eq(1)", ("Refused", "Untouched")),
    "any_size": (uintc, "size_ok.eq(request.p.size == DWORD)", "size_ok.eq(1)",
                 ("Refused", "Reads")),
}


@pytest.mark.parametrize("name", PROOFS)
def test_uintc(name):
    prove(PROOFS[name](uintc.Uintc(PARAMS)), f"uintc_{name}", depth=DEPTH, mode="prove")


@pytest.mark.parametrize(("fault", "proof"), [
    (fault, proof) for fault, (*_, proofs) in FAULTS.items() for proof in proofs])
def test_planted_fault_is_found(fault, proof, monkeypatch):
    module, old, new, _ = FAULTS[fault]
    changed = mutant(module, old, new)
    for part in ("EntryTable", "HartLine", "Uintc"):
        if hasattr(changed, part):
            monkeypatch.setattr(uintc, part, getattr(changed, part))
    with pytest.raises(AssertionError, match="check of"):
        prove(PROOFS[proof](uintc.Uintc(PARAMS)), f"uintc_{proof}_{fault}", depth=DEPTH + 2)
