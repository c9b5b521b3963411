"""The common base of the proofs about wake-up records: one record and its events."""

from abc import ABC, abstractmethod

from amaranth import *
from amaranth.asserts import AnyConst
from amaranth.hdl import Assert, Assume
from amaranth.lib import wiring
from amaranth.lib.wiring import connect, flipped

from hdl.taic.params import KEEP_BIT, TaicParams
from hdl.taic.record_update import has_task
from hdl.taic.types import RecordOp


class FewRecords(TaicParams):
    """One channel, one record of a line and one slot. All derived sizes follow these numbers."""

    first_line_record = 1
    first_slot_record = 2
    records = 3


class RecordsSpec(wiring.Component, ABC):
    """Ports of the design. They are free except for impossible inputs (``Assume``).

    ``record`` is any record. ``row`` and ``task`` are its contents in the memories. ``step`` is an
    operation that has read its record. ``happens`` is high in the last cycle of an operation on
    ``record``; ``row`` does not show its effect yet, ``now`` does. ``settled`` is high once the
    records have been cleared after reset.
    """

    def __init__(self, dut) -> None:
        self.dut = dut
        self.rows = dut.states.read_port(domain="comb")
        self.tasks = dut.tasks.read_port(domain="comb")
        super().__init__(dut.signature)

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        connect(m, flipped(self), dut)
        m.d.comb += Assume(~ResetSignal())
        records, asked, update = dut.params.records, dut.request, dut.update
        self.record = AnyConst(dut.params.record_bits)
        m.d.comb += [
            Assume(self.record < records),
            Assume(asked.p.record < records),
            Assume(asked.p.trusted | (asked.p.op != RecordOp.DEQUEUED)
                   & (asked.p.op != RecordOp.RETRY)),
            self.rows.addr.eq(self.record),
            self.tasks.addr.eq(self.record),
        ]
        self.row, self.task = self.rows.data, self.tasks.data
        self.step, self.settled = update.step, ~dut.sweeping

        accepted, here = Signal(), Signal()
        m.d.comb += [
            accepted.eq(asked.valid & asked.ready),
            here.eq(update.valid & (update.step.record == self.record)),
        ]
        self.accepted, self.here, self.happens = accepted, here, Signal()
        self.now = Signal.like(self.row)
        self.current = Signal(64)  # the task that a wake of the record would deliver
        m.d.comb += [
            self.happens.eq(dut.ends & here),
            self.now.eq(Mux(here, Value.cast(update.next_state), Value.cast(self.row))),
            self.current.eq(Mux(has_task(self.row), self.task, 0)),
        ]

        # The design has read what the memories hold. The proofs by induction need this invariant.
        with m.If(dut.sweeping):
            m.d.comb += [
                Assert(update.step.record < records),
                Assert(~update.valid & dut.wakes.i.ready & dut.errors.i.ready),
                Assert((update.step.record <= self.record) | (Value.cast(self.row) == 0)),
            ]
        with m.Elif(here):
            m.d.comb += Assert(Value.cast(update.state) == Value.cast(self.row))
            with m.If(update.step.op == RecordOp.ARM):
                m.d.comb += Assert(update.task == update.data)
            with m.Elif(update.step.op != RecordOp.CONFIGURE):
                m.d.comb += Assert(update.task == Mux(has_task(update.state), self.task, 0))
        self.specify(m)
        return m

    @abstractmethod
    def specify(self, m: Module) -> None:
        """Adds the properties to prove."""

    def does(self, *ops: RecordOp) -> Value:
        """High in the last cycle of such an operation on the record."""
        return self.happens & Cat(self.step.op == op for op in ops).any()

    @property
    def may(self) -> Value:
        """The record gives the operation the right, and a SEND has a receiver."""
        asks = (self.step.op == RecordOp.SEND) | (self.step.op == RecordOp.ARM)
        lives = (self.step.op == RecordOp.ARM) | self.owns(self.row.receiver)
        return ~asks | self.step.trusted | self.entitled & lives

    @property
    def entitled(self) -> Value:
        """The context of the SEND or ARM has an owner and is that in the record."""
        step, row = self.step, self.row
        who = Mux(step.op == RecordOp.SEND, row.sender, row.receiver)
        return row.enabled & (who == step.context) & self.owns(step.context)

    def owns(self, context: Value) -> Value:
        """The context had an owner when the operation was accepted."""
        return self.dut.update.owned.bit_select(context, 1)

    @property
    def place(self) -> Value:
        """There is a place for the task that the operation makes ready."""
        return self.dut.room & (~self.dut.behind | (self.step.op == RecordOp.RETRY))

    @property
    def wakes(self) -> Value:
        return self.happens & self.dut.update.wakes

    @property
    def cleared(self) -> Value:
        """The operation clears the record, or the receiver or sender of the record ends."""
        channel = self.record < self.dut.params.first_line_record
        gone = (self.row.receiver == self.step.context) | channel & (
            self.row.sender == self.step.context)
        return self.does(RecordOp.CONFIGURE) & ~self.row.queued | (
            self.does(RecordOp.FORGET) & gone)

    @staticmethod
    def keeps(task: Value) -> Value:
        return Value.cast(task)[KEEP_BIT]

    @staticmethod
    def before(m: Module, value: Value) -> Signal:
        """Returns the value of the previous cycle."""
        value = Value.cast(value)
        last = Signal(value.shape())
        m.d.sync += last.eq(value)
        return last
