"""Interrupt lines of devices: a rising edge notifies the contexts with a grant for the line."""

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..bits import lowest, one_hot
from .codes import Error
from .context_table import change_layout
from .params import TASK_BITS, TaicParams
from .types import RecordOp, error_layout, record_op_layout


def arm_layout(params: TaicParams) -> data.StructLayout:
    """``context`` arms its record of ``line`` through the page of ``queue``.

    The task is woken into that queue, or into queue 0 with ``first``.
    """
    return data.StructLayout({
        "line": params.line_bits,
        "context": params.context_bits,
        "queue": params.queue_bits,
        "task": TASK_BITS,
        "first": 1,
    })


class Lines(wiring.Component):
    """Turns edges of lines, and requests to arm lines, into operations on the lines' records.

    A rising edge calls for service. The lowest calling line is served with a trusted SEND for each
    context that has a grant and an owner (``owned``), lowest context first, one a cycle. The first
    SEND is valid one cycle after the edge, unless another line or an ARM is being served. A line
    that rises while it is served is served again; several edges while it waits count as one.
    ``simulate`` is accepted when its service begins, and is then served like a line.

    An ARM without a grant or an owner goes to ``error``. Otherwise it becomes a trusted ARM of the
    record. If the line was high and not waiting for service when the ARM was taken, a SEND that
    reports the level follows. ``arm`` is ready in the cycle in which the last operation is
    accepted.

    An ARM has priority over ``simulate``, which has priority over lines. Between two ARMs the
    others have a turn.

    During ``grant_read``, ``grant`` shows the grants of ``grant_line``, combinationally from LUT
    RAM, and no service begins. ``grant_write`` takes effect in the next cycle, except on a line
    that is being served. Both need ``grant_ready`` (a flip-flop).

    ``forget``: the context has ended. Its grants are removed, one line a cycle. ``grant_ready`` is
    low meanwhile, and no service begins. After reset all grants are removed in the same way, and
    ``sweeping`` (a flip-flop) is high.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        self.grants = memory.Memory(shape=unsigned(params.contexts), depth=params.lines, init=[],
                                    attrs={"ram_style": "distributed"})
        super().__init__({
            "line": In(params.lines),  # levels
            "simulate": In(stream.Signature(params.line_bits)),
            "grant_write": In(data.StructLayout({
                "en": 1, "line": params.line_bits, "contexts": params.contexts})),
            "grant_read": In(1),
            "grant_line": In(params.line_bits),
            "grant": Out(params.contexts),
            "grant_ready": Out(1),
            "owned": In(params.contexts),
            "forget": In(change_layout(params)),
            "arm": In(stream.Signature(arm_layout(params))),
            "record_op": Out(stream.Signature(record_op_layout(params))),
            "error": Out(stream.Signature(error_layout(params))),
            "sweeping": Out(1, init=1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, arm, out = self.params, self.arm.p, self.record_op
        m.submodules.grants = self.grants
        write, looked = self.grants.write_port(), self.grants.read_port(domain="comb")

        contexts = Signal(params.contexts)  # still to be notified; for an ARM, those with a grant
        listens = Signal(params.contexts)  # those of them that have an owner
        forgetting, swept = Signal(init=1), Signal(params.line_bits)
        kept = Signal(params.contexts)  # their grants are not removed
        line = Signal(params.line_bits, reset_less=True)
        level = Signal(reset_less=True)  # the line of an ARM was high
        rested = Signal(init=1)  # the others had their turn since the last ARM

        high, waiting = Signal(params.lines), Signal(params.lines)
        calls, taken = Signal(params.lines), Signal(params.lines)
        first_call = Signal(params.line_bits)
        takes_arm = Signal()
        m.d.sync += [high.eq(self.line), waiting.eq(calls & ~taken)]
        m.d.comb += [
            calls.eq(waiting | self.line & ~high),
            first_call.eq(lowest(calls)),
            takes_arm.eq(self.arm.valid & rested),
        ]
        with m.If(forgetting):
            m.d.comb += looked.addr.eq(swept)
        with m.Elif(self.grant_read):
            m.d.comb += looked.addr.eq(self.grant_line)
        with m.Elif(takes_arm):
            m.d.comb += looked.addr.eq(arm.line)
        with m.Elif(self.simulate.valid):
            m.d.comb += looked.addr.eq(self.simulate.payload)
        with m.Else():
            m.d.comb += looked.addr.eq(first_call)

        told = Signal(params.context_bits)
        m.d.comb += [
            listens.eq(contexts & self.owned),
            told.eq(lowest(listens)),
            out.p.op.eq(RecordOp.SEND),
            out.p.record.eq(params.first_line_record + Cat(out.p.context, line)),
            out.p.context.eq(arm.context),
            out.p.trusted.eq(1),
            self.error.p.context.eq(arm.context),
            self.error.p.queue.eq(arm.queue),
            self.error.p.bits.eq(Error.NO_RECEIVE),
        ]
        with m.FSM():
            with m.State("SERVE"):
                m.d.comb += [out.valid.eq(listens != 0), out.p.context.eq(told)]
                m.d.sync += contexts.eq(listens)  # the next owner hears nothing of this event
                with m.If(out.valid & out.ready):
                    m.d.sync += contexts.eq(listens & ~one_hot(told, 1))
                with m.If(~out.valid & ~forgetting & ~self.grant_read):
                    m.d.sync += [
                        line.eq(looked.addr),
                        level.eq((high & ~waiting).bit_select(arm.line, 1)),
                        rested.eq(~takes_arm),
                    ]
                    with m.If(takes_arm):
                        m.next = "ARM"
                    with m.Elif(self.simulate.valid):
                        m.d.comb += self.simulate.ready.eq(1)
                    with m.Else():
                        m.d.comb += taken.eq(one_hot(first_call, 1))
                    with m.If(takes_arm | self.simulate.valid | calls.any()):
                        m.d.sync += contexts.eq(looked.data)
            with m.State("ARM"):
                granted, done = Signal(), Signal()
                m.d.comb += [
                    granted.eq(listens.bit_select(arm.context, 1)),
                    out.valid.eq(granted),
                    out.p.op.eq(RecordOp.ARM),
                    out.p.queue.eq(Mux(arm.first, 0, arm.queue)),
                    out.p.data.eq(arm.task),
                    self.error.valid.eq(~granted),
                    done.eq(Mux(granted, out.ready, self.error.ready)),
                ]
                with m.If(done & granted & level):
                    m.next = "LEVEL"
                with m.Elif(done):
                    m.d.comb += self.arm.ready.eq(1)
                    m.d.sync += contexts.eq(0)
                    m.next = "SERVE"
            with m.State("LEVEL"):
                m.d.comb += [out.valid.eq(1), out.p.data.eq(1), self.arm.ready.eq(out.ready)]
                with m.If(out.ready):
                    m.d.sync += contexts.eq(0)
                    m.next = "SERVE"

        # After reset no grant is kept, later all but those of the context that ends.
        with m.If(self.forget.valid):
            m.d.sync += [
                forgetting.eq(1),
                kept.eq(~one_hot(self.forget.context, 1)),
            ]
        with m.Elif(forgetting):
            m.d.sync += swept.eq(swept + 1)
            with m.If(swept.all()):
                m.d.sync += [forgetting.eq(0), self.sweeping.eq(0)]
        m.d.comb += [
            self.grant.eq(looked.data),
            self.grant_ready.eq(~forgetting),
            write.en.eq(forgetting | self.grant_write.en),
            write.addr.eq(Mux(forgetting, swept, self.grant_write.line)),
            write.data.eq(Mux(forgetting, looked.data & kept, self.grant_write.contexts)),
        ]
        return m
