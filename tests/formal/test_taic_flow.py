"""Bounded proofs that no operation on a record waits for a place, and that each record that waits
for one has its turn (TAIC-2.7, TAIC-6.13)."""

import pytest
from amaranth import *
from amaranth.asserts import AnyConst, AnySeq
from amaranth.hdl import Assert, Assume, Cover
from amaranth.lib import data, wiring

from hdl.stream import StreamArbiter
from hdl.taic import issue_queue, records, retry
from hdl.taic.record_update import is_due
from hdl.taic.types import RecordOp, queue_op_layout, record_op_layout
from tests.formal.records_spec import FewRecords
from tests.support.formal import prove
from tests.support.mutant import mutant

PARAMS = FewRecords(contexts=2, queues=2)
DEPTH = PARAMS.records + 29
BOUND = 24  # cycles until an operation on a record is accepted


class Waits:
    """Counts the cycles for which ``condition`` has been true without a break."""

    def __init__(self, m: Module, condition: Value, name: str) -> None:
        self.cycles = Signal(5, name=f"{name}_waits")
        with m.If(condition):
            m.d.sync += self.cycles.eq(self.cycles + ~self.cycles.all())
        with m.Else():
            m.d.sync += self.cycles.eq(0)


class Accepted(wiring.Component):
    """The records accept an operation within ``BOUND`` cycles, whatever places are free.

    The engine issues what the issue queue offers after a cycle at most, and takes an error after
    two. A prefetch asks for another removal only while the issue queue does not hold it off, and
    three cycles after the last one, when it has looked up the next task.
    """

    def __init__(self) -> None:
        self.records = records.Records(PARAMS)
        self.issue = issue_queue.IssueQueue(PARAMS)
        super().__init__({})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.dut = dut = self.records
        m.submodules.issue = issue = self.issue
        layout, queue_op = record_op_layout(PARAMS), queue_op_layout(PARAMS)
        owned = AnySeq(PARAMS.contexts)
        asked, popped = Signal(), Signal(3)
        m.d.sync += [
            asked.eq(issue.pop[0] & ~issue.popped[0]),
            popped.eq(Cat(issue.popped[0], popped)),
        ]
        m.d.comb += [
            Assume(~ResetSignal()),
            dut.request.valid.eq(AnySeq(1)),
            dut.request.p.eq(data.View(layout, AnySeq(layout.size))),
            Assume(dut.request.p.record < PARAMS.records),
            dut.error.ready.eq(AnySeq(1)),
            dut.room.eq(AnySeq(1)),
            dut.plenty.eq(AnySeq(1)),
            dut.behind.eq(AnySeq(1)),
            dut.waiting.eq(issue.waiting[1]),
            dut.owned.eq(owned),
            issue.owned.eq(owned),
            issue.wake.valid.eq(dut.wake.valid),
            issue.wake.p.eq(dut.wake.p),
            dut.wake.ready.eq(issue.wake.ready),
            issue.request.valid.eq(AnySeq(1)),
            issue.request.p.eq(data.View(queue_op, AnySeq(queue_op.size))),
            issue.issue.eq(AnySeq(1) & issue.valid),
            issue.pop.eq(AnySeq(1)),
            Assume(~asked | issue.pop[0]),
            Assume(asked | ~issue.pop[0] | ~(issue.hold_off | popped.any())),
        ]
        engine = Waits(m, issue.valid & ~issue.issue, "engine")
        error = Waits(m, dut.error.valid & ~dut.error.ready, "error")
        operation = Waits(m, ~dut.request.ready & ~dut.sweeping, "operation")
        m.d.comb += [
            Assume(engine.cycles < 2),
            Assume(error.cycles < 3),
            Assert(operation.cycles < BOUND),
            Cover(operation.cycles == 6),
            Cover(dut.update.asks & dut.ends & ~dut.room),
        ]
        return m


class Turns(wiring.Component):
    """The records that are due are counted. While one of them waits, each other one gets a place at
    most once before it.

    Room comes and goes. Other operations leave every second cycle to the search at least.
    """

    def __init__(self) -> None:
        self.records, self.retry = records.Records(PARAMS), retry.Retry(PARAMS)
        super().__init__({})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.dut = dut = self.records
        m.submodules.retry = search = self.retry
        layout = record_op_layout(PARAMS)
        m.submodules.inputs = inputs = StreamArbiter(layout, inputs=2)
        wiring.connect(m, search.record_op, inputs.i[1])
        others = inputs.i[0]
        rows = [dut.states.read_port(domain="comb") for _ in range(PARAMS.records)]
        room = AnySeq(1)
        m.d.comb += [
            Assume(~ResetSignal()),
            others.valid.eq(AnySeq(1)),
            others.p.eq(data.View(layout, AnySeq(layout.size))),
            Assume((others.p.record < PARAMS.records) & (others.p.op != RecordOp.RETRY)),
            dut.request.valid.eq(inputs.o.valid),
            dut.request.p.eq(inputs.o.p),
            inputs.o.ready.eq(dut.request.ready),
            dut.wake.ready.eq(AnySeq(1)),
            dut.error.ready.eq(1),
            dut.owned.eq(~0),
            dut.room.eq(room),
            search.room.eq(room),
            search.done.eq(dut.done),
            dut.behind.eq(search.behind),
            *(port.addr.eq(number) for number, port in enumerate(rows)),
        ]
        due = Cat(is_due(port.data) for port in rows)
        counted = (search.due + search.done.becomes - search.done.was)[:len(search.due)]

        record = AnyConst(PARAMS.record_bits)
        waits = Signal()
        others_served = Signal(3)
        served = dut.done.served & (dut.done.record != record)
        m.d.comb += waits.eq(due.bit_select(record, 1))
        with m.If(~waits):
            m.d.sync += others_served.eq(0)
        with m.Elif(served):
            m.d.sync += others_served.eq(others_served + ~others_served.all())
        with m.If(~dut.sweeping):
            m.d.comb += [
                Assert(counted == sum(due)),
                Assert(others_served < PARAMS.records),
            ]
        m.d.comb += [
            Assume(record < PARAMS.records),
            Cover(others_served == PARAMS.records - 1),
            Cover(sum(due) == PARAMS.records),
        ]
        return m


PROOFS = {Accepted: DEPTH, Turns: DEPTH}
PARTS = {records: "Records", retry: "Retry", issue_queue: "IssueQueue"}
FAULTS = {
    "waits_for_a_place": (records, "wakes.i.ready & (self.plenty | ~self.waiting)",
                          "wakes.i.ready & self.room", Accepted),
    "wake_behind_all_requests": (issue_queue, "next_woken & (next_turn | ~next_first)",
                                 "next_woken & ~next_first", Accepted),
    "lowest_first": (retry, "first.eq(after(done.record))", "first.eq(0)", Turns),
    "passed_over": (retry, "m.d.sync += record.eq(first)", "pass", Turns),
    "tried_too_early": (retry, "out.valid.eq(goes & ~busy)", "out.valid.eq(goes)", Turns),
    "counted_twice": (records, "self.done.was.eq(update.was_due & self.ends)",
                      "self.done.was.eq(update.was_due)", Turns),
}


@pytest.mark.parametrize("proof", PROOFS)
def test_taic_flow(proof):
    prove(proof(), f"taic_flow_{proof.__name__}", depth=PROOFS[proof], bits=True)


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_found(fault, monkeypatch):
    module, old, new, proof = FAULTS[fault]
    monkeypatch.setattr(module, PARTS[module], getattr(mutant(module, old, new), PARTS[module]))
    with pytest.raises(AssertionError, match="check of"):
        prove(proof(), f"taic_flow_{proof.__name__}_{fault}", depth=PROOFS[proof], bits=True)
