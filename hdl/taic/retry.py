"""Retry: gives free places to the records that wait for one."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .params import TaicParams
from .types import RecordOp, record_op_layout


def due_layout(params: TaicParams) -> data.StructLayout:
    """An operation on ``record`` was done: whether the record was due before it, and is after it.

    ``tried``: it was a RETRY. ``served``: it was one that woke the task.
    """
    return data.StructLayout({
        "was": 1, "becomes": 1, "tried": 1, "served": 1, "record": params.record_bits,
    })


class Retry(wiring.Component):
    """Counts the records that are due (``RecordUpdate``), and wakes them when places are free.

    While a record is due and there is ``room``, ``record_op`` is a RETRY of one record after the
    other, one in three cycles. The search begins after the record that was served last, and begins
    again if room was lacking. So each record that waits has its turn.

    ``done`` tells of every operation on a record, in the cycle after it. ``behind``: a record is
    due, and places are not ``plenty``; others shall not overtake it. It is a flip-flop, and follows
    ``done`` after two cycles.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        self.due = Signal(range(params.records + 1))  # records that wait for a place
        super().__init__({
            "room": In(1),
            "plenty": In(1),
            "done": In(due_layout(params)),
            "behind": Out(1),
            "record_op": Out(stream.Signature(record_op_layout(params))),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, done, out = self.params, self.done, self.record_op
        due = self.due
        record, first = Signal(params.record_bits), Signal(params.record_bits)
        goes, busy = Signal(), Signal()  # busy: the result of a RETRY is to come

        def after(number: Value) -> Value:
            return Mux(number == params.records - 1, 0, number + 1)

        with m.If(done.was ^ done.becomes):
            m.d.sync += due.eq(due + Cat(C(1, 1), done.was.replicate(len(due) - 1)))
        m.d.sync += [
            goes.eq(due.any() & self.room),
            self.behind.eq(due.any() & ~self.plenty),
        ]
        with m.If(done.served):
            m.d.sync += [first.eq(after(done.record)), record.eq(after(done.record))]
        with m.Elif(~goes):
            m.d.sync += record.eq(first)
        with m.Elif(out.valid & out.ready):
            m.d.sync += record.eq(after(record))
        m.d.sync += busy.eq(out.valid & out.ready | busy & ~done.tried)
        m.d.comb += [
            out.valid.eq(goes & ~busy),
            out.p.op.eq(RecordOp.RETRY),
            out.p.record.eq(record),
            out.p.trusted.eq(1),
        ]
        return m
