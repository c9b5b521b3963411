"""Unbounded proofs by induction about the records of wake-ups, with few records."""

import pytest
from amaranth import *
from amaranth.hdl import Assert, Assume, Cover

from hdl.taic import record_update, records
from hdl.taic.codes import Error
from hdl.taic.types import RecordOp
from tests.formal.records_spec import FewRecords, RecordsSpec
from tests.support.formal import prove
from tests.support.mutant import mutant

PARAMS = FewRecords(contexts=2, queues=2)
DEPTH = PARAMS.records + 6


class OneTask(RecordsSpec):
    """A record has at most one task in a queue. The record is queued exactly while a task is in a
    queue or a wake is on its way to one.

    Assumes that its receiver lives, and that only a task in a queue leaves a queue.
    """

    def specify(self, m: Module) -> None:
        dut, asked = self.dut, self.dut.request.p
        inside = Signal()  # its task is in a queue
        leaves = self.accepted & (asked.record == self.record) & (asked.op == RecordOp.DEQUEUED)
        enters = dut.wake.valid & dut.wake.ready & (dut.wake.p.record == self.record)
        m.d.comb += [
            Assume(~leaves | inside),
            Assume((asked.record != self.record) | (asked.op != RecordOp.FORGET)),
        ]
        with m.If(leaves):
            m.d.sync += inside.eq(0)
        with m.Elif(enters):
            m.d.sync += inside.eq(1)
        kept = ~dut.wakes.i.ready & (dut.wakes.o.p.record == self.record)
        made = self.here & dut.update.wakes
        with m.If(self.settled):
            m.d.comb += [
                Assert(self.now.queued == (inside | kept | made)),
                Assert(~(inside & (kept | made)) & ~(kept & made)),
            ]
        with m.Else():
            m.d.comb += Assert(~inside)
        m.d.comb += [
            Assert(~(dut.wake.valid & (dut.wake.p.record == self.record) & inside)),
            Cover(self.before(m, leaves) & enters),
            Cover(kept),
        ]


class ExactlyOnce(RecordsSpec):
    """If both sides have their rights, a notification makes the task ready once for each arming.

    A wake delivers the last armed task. It needs a notification that has not woken a task yet, and
    consumes it. It also consumes the arming, unless the task stays armed. If there are both an
    arming and a notification and the task is not queued, it is woken.
    """

    def specify(self, m: Module) -> None:
        step, row = self.step, self.row
        armed, told = Signal(), Signal()
        task = Signal(64)
        arms = self.does(RecordOp.ARM) & self.may & (self.dut.update.data != 0)
        disarms = self.does(RecordOp.ARM) & self.may & (self.dut.update.data == 0)
        coalesces = row.queued & armed & self.keeps(task)
        line = (self.record >= PARAMS.first_line_record) & (self.record < PARAMS.first_slot_record)
        level = line & step.level & (row.queued | ~armed)
        sends = self.does(RecordOp.SEND) & self.may & ~coalesces & ~level

        now_armed, now_told, now_task = Signal(), Signal(), Signal(64)
        m.d.comb += [
            now_armed.eq((armed | arms) & ~disarms),
            now_told.eq(told | sends),
            now_task.eq(Mux(arms, self.dut.update.data, task)),
        ]
        with m.If(self.wakes):
            m.d.comb += [
                Assert(now_armed),
                Assert(now_told),
                Assert(self.dut.wakes.i.p.task == now_task),
                Assert(self.dut.wakes.i.p.context == self.now.receiver),
            ]
        with m.If(self.happens & ~self.cleared):
            m.d.comb += Assert(~(now_armed & now_told) | self.now.queued)
        with m.If(self.cleared):
            m.d.sync += [armed.eq(0), told.eq(0)]
        with m.Elif(self.happens):
            m.d.sync += [
                armed.eq(now_armed & (~self.wakes | self.keeps(now_task))),
                told.eq(now_told & ~self.wakes),
                task.eq(now_task),
            ]
        with m.If(self.settled):
            m.d.comb += [
                Assert(row.armed == armed),  # for the induction, like the next ones
                Assert(row.pending == told),
                Assert(~(armed & told) | row.queued),
                Assert(~armed | row.has_task & (self.task == task)),
            ]
        with m.Else():
            m.d.comb += Assert(~armed & ~told)
        m.d.comb += [
            Cover(self.wakes & self.does(RecordOp.SEND)),
            Cover(self.wakes & self.does(RecordOp.ARM)),
            Cover(self.wakes & self.does(RecordOp.DEQUEUED)),
        ]


class Pending(RecordsSpec):
    """A pending notification stays pending until it wakes a task or the record is cleared. A
    permitted notification becomes pending if its task cannot be woken yet.

    There are two exceptions: a notification of a queued task that stays armed, and a level.
    """

    def specify(self, m: Module) -> None:
        row, now = self.row, self.now
        line = (self.record >= PARAMS.first_line_record) & (self.record < PARAMS.first_slot_record)
        with m.If(self.happens):
            m.d.comb += Assert(~row.pending | now.pending | self.wakes | self.cleared)
            with m.If((self.step.op == RecordOp.SEND) & self.may & ~(line & self.step.level)):
                ready = row.queued & row.armed & self.keeps(self.current)
                m.d.comb += Assert(now.pending | self.wakes | ready)
        m.d.comb += [
            Cover(self.happens & now.pending & ~row.pending),
            Cover(self.wakes & row.pending),
        ]


class Refused(RecordsSpec):
    """An operation without the right gets an error and changes nothing. No other gets an error.

    A CONFIGURE of a queued record is also refused, and the refusal is reported.
    """

    def specify(self, m: Module) -> None:
        dut, step = self.dut, self.step
        refused = self.happens & ~self.may
        busy = self.does(RecordOp.CONFIGURE) & self.row.queued
        error = dut.errors.i
        with m.If(self.happens):
            m.d.comb += [
                Assert(error.valid == refused),
                Assert(dut.refused == busy),
            ]
        with m.If(refused):
            m.d.comb += [
                Assert(error.p.context == step.context),
                Assert(error.p.queue == step.queue),
                Assert(error.p.bits == Mux(
                    step.op == RecordOp.SEND, Error.NO_SEND, Error.NO_RECEIVE)),
            ]
        with m.If(refused | busy):
            m.d.comb += [
                Assert(Value.cast(self.now) == Value.cast(self.row)),
                Assert(~dut.update.wakes & ~dut.update.writes_task),
            ]
        m.d.comb += [
            Cover(refused & self.row.enabled & (step.op == RecordOp.SEND)),
            Cover(refused & self.row.enabled & (step.op == RecordOp.ARM)),
            Cover(busy),
        ]


class Untouched(RecordsSpec):
    """An operation changes only the record that it names."""

    def specify(self, m: Module) -> None:
        was_settled = self.before(m, self.settled)
        same = (Value.cast(self.row) == self.before(m, self.row)) & (
            self.task == self.before(m, self.task))
        elsewhere = self.before(m, self.dut.update.valid & ~self.here)
        with m.If(was_settled & ~self.before(m, self.here)):
            m.d.comb += Assert(same)
        m.d.comb += Cover(elsewhere & self.row.armed)


class Reads(RecordsSpec):
    """A read is answered in the cycle after its acceptance. The answer shows all operations
    accepted before it."""

    def specify(self, m: Module) -> None:
        row, answer = self.row, self.dut.answer
        read = self.does(RecordOp.READ, RecordOp.READ_TASK)
        config = Cat(row.enabled, C(0, 1), row.policy, C(0, 4), row.sender, C(0, 7),
                     row.receiver, C(0, 7), row.queue, C(0, 7), row.armed, row.pending, row.queued)
        with m.If(self.happens):
            m.d.comb += Assert(answer.valid == read)
        with m.If(self.does(RecordOp.READ)):
            m.d.comb += Assert(answer.data == config)
        with m.If(self.does(RecordOp.READ_TASK)):
            m.d.comb += Assert(answer.data == self.current)
        m.d.comb += [
            Cover(read & (row.as_value() != 0)),
            Cover(self.does(RecordOp.READ_TASK) & (answer.data != 0)),
        ]


PROOFS = {proof.__name__: proof for proof in (
    OneTask, ExactlyOnce, Pending, Refused, Untouched, Reads)}

FAULTS = {
    "no_forwarding": (records, "forward.eq(last_valid &", "forward.eq(0 &", ("Reads",)),
    "old_task": (records, "| forward & last_writes_task", "", ("ExactlyOnce",)),
    "stale_task": (records, "with m.Elif(update.state.has_task)", "with m.Else()", ("Reads",)),
    "wrong_record": (records, "state_write.addr.eq(step.record)",
                     "state_write.addr.eq(asked.record)", ("Untouched",)),
    "wake_dropped": (records, "waits.eq(update.wakes & ~wakes.i.ready |", "waits.eq(",
                     ("OneTask",)),
    "wake_repeated": (record_update, "next_state.pending.eq(0),\n                next_state.armed."
                      "eq(keep)", "next_state.armed.eq(keep)", ("ExactlyOnce",)),
    "stays_armed": (record_update, "next_state.armed.eq(keep)", "next_state.armed.eq(1)",
                    ("ExactlyOnce",)),
    "two_tasks": (record_update, "arms & state.pending & ~state.queued", "arms & state.pending",
                  ("OneTask",)),
    "sleeps_on": (record_update, "woken.eq(state.armed & state.pending)", "woken.eq(0)",
                  ("ExactlyOnce",)),
    "lost_while_queued": (record_update, "m.Elif(~(state.armed & keep) & ~level)",
                          "m.Elif(~state.armed)", ("Pending", "ExactlyOnce")),
    "slot_has_a_level": (record_update, "& (step.record < params.first_slot_record)", "",
                         ("Pending",)),
    "anybody_sends": (record_update, "state.enabled & sender)", "state.enabled)", ("Refused",)),
    "disabled_receives": (record_update, "state.enabled & receiver)", "receiver)", ("Refused",)),
    "configured_while_queued": (record_update, "with m.If(state.queued):", "with m.If(0):",
                                ("Refused", "OneTask")),
}


@pytest.mark.parametrize("name", PROOFS)
def test_records(name):
    prove(PROOFS[name](records.Records(PARAMS)), f"records_{name}", depth=DEPTH, mode="prove")


@pytest.mark.parametrize(("fault", "proof"), [
    (fault, proof) for fault, (*_, proofs) in FAULTS.items() for proof in proofs])
def test_planted_fault_is_found(fault, proof, monkeypatch):
    module, old, new, _ = FAULTS[fault]
    changed = mutant(module, old, new)
    for part in ("RecordUpdate", "Records"):
        if part in vars(changed):
            monkeypatch.setattr(records, part, getattr(changed, part))
    with pytest.raises(AssertionError, match="check of"):
        prove(PROOFS[proof](records.Records(PARAMS)), f"records_{proof}_{fault}", depth=DEPTH)
