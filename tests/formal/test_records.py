"""Unbounded proofs by induction about the records of wake-ups, with few records."""

import pytest
from amaranth import *
from amaranth.asserts import AnyConst
from amaranth.hdl import Assert, Assume, Cover

from hdl.taic import record_update, records, wake_buffer
from hdl.taic.codes import Error
from hdl.taic.record_update import Arming, has_task, is_armed
from hdl.taic.types import RecordOp
from tests.formal.records_spec import FewRecords, RecordsSpec
from tests.support.formal import prove
from tests.support.mutant import mutant

PARAMS = FewRecords(contexts=2, queues=2)
DEPTH = PARAMS.records + 6
LIFE = 4  # further cycles, until a context has another owner


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
            Assume(dut.owned.all()),
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


class Waits(RecordsSpec):
    """No record waits for what will not come. If it is queued, its task is in a queue, a wake is on
    its way to one, or a FORGET is due. A wake of an earlier owner reaches no queue of a later one.

    The environment is the allocator: a context loses its owner some cycles before the FORGETs, its
    tasks leave before its FORGET, and it gets another owner some cycles later. The engine drops a
    wake for a context without an owner. Only channels are configured, and used by operations that
    are not trusted.
    """

    def specify(self, m: Module) -> None:
        dut, asked, params = self.dut, self.dut.request.p, self.dut.params
        channel = self.record < params.first_line_record
        home = AnyConst(params.context_bits)  # the context of a record of a line or a slot
        now_due = Signal(params.contexts)  # contexts whose FORGET of this record is to come
        inside, place = Signal(), Signal(params.context_bits)  # its task is in a queue of ``place``
        here = self.accepted & (asked.record == self.record)
        asks = (asked.op == RecordOp.SEND) | (asked.op == RecordOp.ARM)
        for context in range(params.contexts):
            owned, before = dut.owned[context], Signal(name=f"owned_before{context}")
            due, low = Signal(name=f"due{context}"), Signal(range(3), name=f"low{context}")
            rest = Signal(2, name=f"rest{context}")
            forgets = here & (asked.op == RecordOp.FORGET) & (asked.context == context)
            m.d.comb += [
                now_due[context].eq(due | before & ~owned),
                Assume(~(due | rest.any()) | ~owned),
                Assume(~forgets | due & (low == 2)),
                Assert(~due | ~before),
                Assert(~before | (low == 0)),
            ]
            m.d.sync += [before.eq(owned), due.eq(now_due[context] & ~forgets),
                         rest.eq(Cat(forgets, rest))]
            with m.If(owned):
                m.d.sync += low.eq(0)
            with m.Elif(low != 2):
                m.d.sync += low.eq(low + 1)
            # What was accepted for a context can still be removed by a FORGET.
            may_go_on = owned | now_due[context]
            m.d.comb += [
                Assert(~(dut.update.valid & dut.update.owned[context]) | may_go_on),
                Assert(~(self.here & self.step.trusted & (self.step.context == context)
                         & ((self.step.op == RecordOp.SEND) | (self.step.op == RecordOp.ARM)))
                       | may_go_on),
            ]
        lives = (dut.owned | now_due).bit_select(asked.context, 1)
        leaves = here & (asked.op == RecordOp.DEQUEUED)
        gone = here & (asked.op == RecordOp.FORGET) & inside & (asked.context == place)
        wake = dut.wake.valid & dut.wake.ready & (dut.wake.p.record == self.record)
        enters = wake & dut.owned.bit_select(dut.wake.p.context, 1)
        m.d.comb += [
            Assume(~(here & asks) | (asked.trusted == ~channel)),
            Assume(~(here & asks & ~channel) | (asked.context == home) & lives),
            Assume(~here | channel | (asked.op != RecordOp.CONFIGURE)),
            Assume(~leaves | inside),
        ]
        with m.If(leaves | gone):
            m.d.sync += inside.eq(0)
        with m.Elif(enters):
            m.d.sync += [inside.eq(1), place.eq(dut.wake.p.context)]
        kept = ~dut.wakes.i.ready & (dut.wakes.o.p.record == self.record)
        made = self.here & dut.update.wakes
        used = self.now.queued | is_armed(self.now) | self.now.pending
        live = (dut.owned | now_due).bit_select(self.now.receiver, 1)
        due = now_due.bit_select(self.now.receiver, 1)
        origin = dut.wakes.o.p.context
        with m.If(self.settled):
            m.d.comb += [
                Assert(~self.now.queued | inside | kept | made | due),
                Assert(~(enters & ~self.now.queued)),
                Assert(~used | live),  # for the induction, like the next ones
                Assert(~used | channel | (self.now.receiver == home)),
                Assert(~(inside & (kept | made)) & ~(kept & made)),
                Assert(~inside | self.now.queued & (place == self.now.receiver)),
                Assert(~kept | ~dut.owned.bit_select(origin, 1)
                       | self.now.queued & (origin == self.now.receiver)),
            ]
        with m.Else():
            m.d.comb += Assert(~inside)
        m.d.comb += [
            Cover(wake & ~enters),
            Cover(gone),
            Cover(kept & ~dut.owned.any()),
        ]


class ExactlyOnce(RecordsSpec):
    """If both sides have their rights, a notification makes the task ready once for each arming.

    A wake delivers the last armed task. It needs a notification that has not woken a task yet, and
    consumes it. It also consumes the arming, unless the task stays armed. If there are both an
    arming and a notification and the task is not queued, it is woken by the operation that brings
    the last of them, or else by a RETRY, if there is a place for it.
    """

    def specify(self, m: Module) -> None:
        step, row = self.step, self.row
        armed, told = Signal(), Signal()
        anew = Signal()  # armed while an earlier task is in a queue
        task = Signal(64)
        arms = self.does(RecordOp.ARM) & self.may & (self.dut.update.data != 0)
        disarms = self.does(RecordOp.ARM) & self.may & (self.dut.update.data == 0)
        coalesces = row.queued & armed & ~anew & self.keeps(task)
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
        tries = arms | self.does(RecordOp.SEND) & self.may | self.does(RecordOp.DEQUEUED) | (
            self.does(RecordOp.RETRY) & self.owns(row.receiver))
        with m.If(tries & self.place):
            m.d.comb += Assert(~(now_armed & now_told) | self.now.queued)
        with m.If(self.happens):
            m.d.comb += Assert(~self.wakes | tries & self.place)
        with m.If(self.cleared):
            m.d.sync += [armed.eq(0), told.eq(0), anew.eq(0)]
        with m.Elif(self.happens):
            m.d.sync += [
                armed.eq(now_armed & (~self.wakes | self.keeps(now_task))),
                told.eq(now_told & ~self.wakes),
                task.eq(now_task),
                anew.eq(now_armed & (anew | arms & row.queued) & ~self.wakes
                        & ~self.does(RecordOp.DEQUEUED)),
            ]
        with m.If(self.settled):
            m.d.comb += [
                Assert(is_armed(row) == armed),  # for the induction, like the next ones
                Assert((row.arming == Arming.ANEW) == anew),
                Assert(~anew | row.queued),
                Assert(row.pending == told),
                Assert(~armed | has_task(row) & (self.task == task)),
            ]
        with m.Else():
            m.d.comb += Assert(~armed & ~told & ~anew)
        m.d.comb += [
            Cover(self.wakes & self.does(RecordOp.SEND)),
            Cover(self.wakes & self.does(RecordOp.ARM)),
            Cover(self.wakes & self.does(RecordOp.DEQUEUED)),
            Cover(self.wakes & self.does(RecordOp.RETRY)),
            Cover(self.does(RecordOp.RETRY) & ~self.place & armed & told),
        ]


class Pending(RecordsSpec):
    """A pending notification stays pending until it wakes a task or the record is cleared. A
    permitted notification becomes pending if its task cannot be woken yet.

    There are two exceptions: a notification of a queued task that is still armed, and a level.
    """

    def specify(self, m: Module) -> None:
        row, now = self.row, self.now
        line = (self.record >= PARAMS.first_line_record) & (self.record < PARAMS.first_slot_record)
        with m.If(self.happens):
            m.d.comb += Assert(~row.pending | now.pending | self.wakes | self.cleared)
            with m.If((self.step.op == RecordOp.SEND) & self.may & ~(line & self.step.level)):
                ready = (row.queued & (row.arming == Arming.ARMED)
                         & self.keeps(self.current))
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
                Assert(error.p.bits == Mux((step.op == RecordOp.SEND) & ~self.entitled,
                                           Error.NO_SEND, Error.NO_RECEIVE)),
            ]
        with m.If(refused | busy):
            m.d.comb += [
                Assert(Value.cast(self.now) == Value.cast(self.row)),
                Assert(~dut.update.wakes & ~dut.update.writes_task),
            ]
        m.d.comb += [
            Cover(refused & self.row.enabled & (step.op == RecordOp.SEND)),
            Cover(refused & self.row.enabled & (step.op == RecordOp.ARM)),
            Cover(refused & self.entitled),
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
        m.d.comb += Cover(elsewhere & is_armed(self.row))


class Reads(RecordsSpec):
    """A read is answered in the cycle after its acceptance. The answer shows all operations
    accepted before it."""

    def specify(self, m: Module) -> None:
        row, answer = self.row, self.dut.answer
        read = self.does(RecordOp.READ, RecordOp.READ_TASK)
        config = Cat(row.enabled, C(0, 1), row.policy, C(0, 4), row.sender, C(0, 7),
                     row.receiver, C(0, 7), row.queue, C(0, 7), is_armed(row), row.pending,
                     row.queued)
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
    OneTask, Waits, ExactlyOnce, Pending, Refused, Untouched, Reads)}

FAULTS = {
    "no_forwarding": (records, "forward.eq(last_valid &", "forward.eq(0 &", ("Reads",)),
    "old_task": (records, "| forward & last_writes_task", "", ("ExactlyOnce",)),
    "stale_task": (records, "with m.Elif(has_task(update.state))", "with m.Else()", ("Reads",)),
    "wrong_record": (records, "state_write.addr.eq(step.record)",
                     "state_write.addr.eq(asked.record)", ("Untouched",)),
    "wake_dropped": (records, "waits.eq(update.asks & ~may_wake |", "waits.eq(",
                     ("OneTask",)),
    "wake_repeated": (record_update, "next_state.queued.eq(1),\n                next_state.pending."
                      "eq(0)", "next_state.queued.eq(1)", ("ExactlyOnce",)),
    "stays_armed": (record_update, "next_state.arming.eq(Mux(keep, Arming.ARMED, Arming.SPENT))",
                    "next_state.arming.eq(Arming.ARMED)", ("ExactlyOnce",)),
    "keep_of_another_task": (record_update, "(state.arming == Arming.ARMED) & keep",
                             "armed & keep", ("ExactlyOnce", "Pending")),
    "armed_without_owner": (record_update, "state.enabled & receiver & asker_owned",
                            "state.enabled & receiver", ("Waits", "Refused")),
    "pending_without_owner": (record_update, "with m.Elif(~step.trusted & ~receiver_owned)",
                              "with m.Elif(0)", ("Waits", "Refused")),
    "wake_of_an_earlier_owner": (wake_buffer, "| ~self.o.valid | ended", "| ~self.o.valid",
                                 ("Waits",)),
    "two_tasks": (record_update, "arms & state.pending & ~state.queued", "arms & state.pending",
                  ("OneTask",)),
    "sleeps_on": (record_update, "woken.eq(armed & state.pending)", "woken.eq(0)",
                  ("ExactlyOnce",)),
    "lost_while_queued": (record_update, "~((state.arming == Arming.ARMED) & keep) & ~level",
                          "~armed", ("Pending", "ExactlyOnce")),
    "slot_has_a_level": (record_update, "& (step.record < params.first_slot_record)", "",
                         ("Pending",)),
    "anybody_sends": (record_update, "state.enabled & sender &", "state.enabled &", ("Refused",)),
    "disabled_receives": (record_update, "state.enabled & receiver &", "receiver &", ("Refused",)),
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
    for part in ("RecordUpdate", "Records", "WakeBuffer"):
        if part in vars(changed):
            monkeypatch.setattr(records, part, getattr(changed, part))
    with pytest.raises(AssertionError, match="check of"):
        depth = DEPTH + (proof == "Waits") * LIFE
        prove(PROOFS[proof](records.Records(PARAMS)), f"records_{proof}_{fault}", depth=depth)
