"""The registers that are not on a fast path."""

from amaranth import *
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

from ..peripheral.mmio import Register
from .compat import compat_request_layout
from .contexts import Contexts, allocation_layout, change_layout
from .directory import directory_request_layout
from .interrupts import installed_layout, runs_layout
from .lines import arm_layout
from .params import CHANNEL_BYTES, CHANNEL_PAGES, PAGE_BITS, TASK_BITS, TaicParams
from .port import access_layout
from .registers import (
    Capabilities,
    Context,
    Id,
    Installed,
    Refused,
    channel_registers,
    control_registers,
    queue_registers,
)
from .types import (
    Error,
    Kind,
    RecordOp,
    answer_layout,
    error_layout,
    queue_op_layout,
    record_op_layout,
)

COMPATIBLE = ("register_sender", "cancel_sender", "register_receiver", "send_interrupt")


class Reason(enum.Enum, shape=4):
    """Why an access to the control page or a record was refused."""

    NONE = 0
    NO_REGISTER = 1
    SIZE = 2
    LIMIT = 3
    NO_QUEUE = 4
    IN_QUEUE = 5


class Control(wiring.Component):
    """Takes one access at a time, which ``done`` ends, with ``data`` and ``error`` of a read.

    Holds MODE, REFUSED and the settings of the contexts; everything else is asked of the part that
    has it. A write that cannot be done at once waits; a read of a record or of OCCUPANCY waits for
    its answer.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        self.contexts = Contexts(params)
        super().__init__({
            "access": In(stream.Signature(access_layout(params))),
            "port": In(range(params.ports)),
            "done": Out(1),  # for ``done_port``
            "done_port": Out(range(params.ports)),
            "data": Out(TASK_BITS),
            "error": Out(1),
            "page_error": Out(stream.Signature(error_layout(params))),
            # Directory
            "directory": Out(stream.Signature(directory_request_layout(params))),
            "directory_answer": In(data.StructLayout({"valid": 1, "data": 64})),
            "directory_refused": In(1),
            "allocation": In(allocation_layout(params)),
            "begin": In(change_layout(params)),
            "end": In(change_layout(params)),
            # Notifications and lines
            "compat": Out(stream.Signature(compat_request_layout(params))),
            "simulate": Out(stream.Signature(params.line_bits)),
            "arm": Out(stream.Signature(arm_layout(params))),
            "grant_write": Out(data.StructLayout({
                "en": 1, "line": params.line_bits, "contexts": params.contexts})),
            "grant_line": Out(params.line_bits),
            "grant": In(params.contexts),
            # Records
            "record_op": Out(stream.Signature(record_op_layout(params))),
            "record_answer": In(data.StructLayout({"valid": 1, "data": 64})),
            "record_refused": In(1),
            # Queues
            "queue_op": Out(stream.Signature(queue_op_layout(params))),
            "answer": In(answer_layout(params)),
            "free_places": In(params.count_bits),
            # Interrupts
            "install": Out(1),
            "install_ready": In(1),
            "install_hart": Out(range(params.harts)),
            "install_as": Out(installed_layout(params)),
            "installed": In(installed_layout(params)).array(params.harts),
            "running_of": Out(installed_layout(params)),
            "running": In(4),
            "runs": Out(runs_layout(params)),
            "clear": Out(params.contexts),
            "undelivered": In(params.contexts),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params = self.params
        m.submodules.contexts = contexts = self.contexts
        control = {entry.name: entry for entry in control_registers(params)}
        page = {entry.name: entry for entry in queue_registers(params)}
        record = {entry.name: entry for entry in channel_registers(params)}

        held, asked = Signal(), Signal()  # an access; it waits for an answer
        access = Signal(access_layout(params), reset_less=True)
        port = Signal.like(self.port, reset_less=True)
        finish = Signal()  # at the end of this cycle
        m.d.comb += self.access.ready.eq(~held)
        with m.If(self.access.valid & ~held):
            m.d.sync += [held.eq(1), asked.eq(0), access.eq(self.access.p), port.eq(self.port)]
        with m.If(finish):
            m.d.sync += held.eq(0)
        m.d.comb += [self.done.eq(finish & ~access.write), self.done_port.eq(port)]
        offset, word = access.addr[:PAGE_BITS], access.data
        go, read, write = Signal(), Signal(), Signal()
        m.d.comb += [
            go.eq(held & ~asked),
            read.eq(go & ~access.write),
            write.eq(go & access.write),
        ]

        strict = Signal()
        refused = Signal(Refused().layout)
        lowest_free = Signal(params.count_bits, init=params.tasks)
        swept = Signal()
        with m.If(self.free_places.all() | (self.free_places == params.tasks)):
            m.d.sync += swept.eq(1)
        with m.If(swept & (self.free_places < lowest_free)):
            m.d.sync += lowest_free.eq(self.free_places)

        reason = Signal(Reason)
        with m.If(reason != Reason.NONE):
            m.d.sync += [
                refused.reason.eq(reason),
                refused.write.eq(access.write),
                refused.offset.eq(access.addr),
                refused.count.eq(refused.count + ~refused.count.all()),
            ]

        def give(value) -> None:
            m.d.comb += [self.data.eq(value), finish.eq(1)]

        def page_refuses(error: Error) -> None:
            m.d.comb += [
                self.page_error.valid.eq(go),
                self.page_error.p.bits.eq(error),
                finish.eq(go & self.page_error.ready),
            ]

        def aligned(entry) -> bool:
            return entry.offset % (8 << entry.index_bits) == 0

        def at(entry) -> Value:
            """The offset is that of a register, or of one of an array."""
            low = 3 + entry.index_bits
            if aligned(entry) and entry.count == 1 << entry.index_bits:
                return (offset[low:] == entry.offset >> low) & ~offset[:3].any()
            last = entry.offset + (entry.count - 1) * 8
            return (offset >= entry.offset) & (offset <= last) & ~offset[:3].any()

        def element(entry) -> Value:
            if aligned(entry):
                return offset[3:3 + entry.index_bits]
            return (offset[3:] - (entry.offset >> 3))[:entry.index_bits]

        def when_done(ready: Value) -> None:
            m.d.comb += finish.eq(ready)

        # Constant connections.
        number = Signal(range(params.channels))
        m.d.comb += [
            contexts.strict.eq(strict),
            contexts.allocation.eq(self.allocation),
            contexts.begin.eq(self.begin),
            contexts.end.eq(self.end),
            contexts.register.eq(element(control["context"])),
            self.page_error.p.context.eq(access.context),
            self.page_error.p.queue.eq(access.queue),
            self.directory.p.port.eq(port),
            self.directory.p.read.eq(~access.write),
            self.directory.p.data.eq(word),
            self.compat.p.port.eq(port),
            self.compat.p.context.eq(access.context),
            self.compat.p.queue.eq(access.queue),
            self.compat.p.register.eq(offset[3:] - (page[COMPATIBLE[0]].offset >> 3)),
            self.compat.p.data.eq(word),
            self.simulate.p.eq(element(control["simulate"])),
            self.arm.p.context.eq(access.context),
            self.grant_write.line.eq(element(control["grant"])),
            self.grant_write.contexts.eq(word),
            self.grant_line.eq(element(control["grant"])),
            number.eq((access.addr - CHANNEL_PAGES)[CHANNEL_BYTES.bit_length() - 1:]),
            self.record_op.p.record.eq(number),
            self.record_op.p.trusted.eq(1),
            self.record_op.p.data.eq(word),
            self.queue_op.p.source.eq(params.ports),
            self.queue_op.p.context.eq(element(control["occupancy"])),
            self.running_of.valid.eq(1),
            self.running_of.context.eq(access.context),
            self.running_of.queue.eq(access.queue),
            self.runs.context.eq(access.context),
            self.runs.queue.eq(access.queue),
            self.runs.priority.eq(word),
        ]
        new = _fields(Context(), word)
        m.d.comb += [
            contexts.new.priorities.eq(new.priorities),
            contexts.new.compatible.eq(new.compatible),
            contexts.new.fallback.eq(new.fallback),
            contexts.new.limit.eq(new.limit),
        ]

        permitted = access.alias | contexts.compatible.bit_select(access.context, 1)
        in_channels = Signal()
        channels_end = CHANNEL_PAGES + params.channels * CHANNEL_BYTES
        m.d.comb += in_channels.eq(
            (access.addr >= CHANNEL_PAGES) & (access.addr < channels_end))
        with m.If(~held):
            m.d.comb += finish.eq(0)
        with m.Elif(access.paged):
            self._page(m, access, page, permitted, go, read, write, at, element, give, when_done,
                       page_refuses)
        with m.Elif(~access.whole):
            m.d.comb += [reason.eq(Reason.SIZE), self.error.eq(1), finish.eq(1)]
        with m.Elif(in_channels):
            with m.If(asked):
                with m.If(self.record_answer.valid):
                    give(self.record_answer.data)
                with m.If(access.write):  # the cycle in which a refusal comes
                    m.d.comb += finish.eq(1)
                    with m.If(self.record_refused):
                        m.d.comb += reason.eq(Reason.IN_QUEUE)
            with m.Elif(access.write & (access.addr[:6] == record["config"].offset)):
                m.d.comb += [
                    self.record_op.valid.eq(1),
                    self.record_op.p.op.eq(RecordOp.CONFIGURE),
                ]
            with m.Elif(~access.write & (access.addr[:6] == record["config"].offset)):
                m.d.comb += [self.record_op.valid.eq(1), self.record_op.p.op.eq(RecordOp.READ)]
            with m.Elif(~access.write & (access.addr[:6] == record["task"].offset)):
                m.d.comb += [
                    self.record_op.valid.eq(1),
                    self.record_op.p.op.eq(RecordOp.READ_TASK),
                ]
            with m.Else():
                m.d.comb += [reason.eq(Reason.NO_REGISTER), finish.eq(1)]
            with m.If(self.record_op.valid & self.record_op.ready):
                m.d.sync += asked.eq(1)
        with m.Elif(access.addr[PAGE_BITS:].any()):
            m.d.comb += [reason.eq(Reason.NO_REGISTER), finish.eq(1)]
        with m.Else():
            installed = Array(self.installed)[element(control["installed"])]
            occupancy = self.answer.data
            with m.If(asked):  # OCCUPANCY or ALQ
                with m.If(self.answer.valid & (self.answer.source == params.ports)
                          & (self.answer.kind == Kind.LENGTH)):
                    give(occupancy[16:])
                with m.If(self.directory_answer.valid):
                    give(self.directory_answer.data)
            with m.Elif(at(control["allocate"])):
                m.d.comb += self.directory.valid.eq(1)
                with m.If(access.write):
                    when_done(self.directory.ready)
                with m.Elif(self.directory.ready):
                    m.d.sync += asked.eq(1)
            with m.Elif(at(control["free"]) & access.write):
                m.d.comb += [self.directory.valid.eq(1), self.directory.p.free.eq(1)]
                when_done(self.directory.ready)
            with m.Elif(at(control["simulate"]) & access.write):
                m.d.comb += self.simulate.valid.eq(1)
                when_done(self.simulate.ready)
            with m.Elif(at(control["id"]) & ~access.write):
                give(Id().init)
            with m.Elif(at(control["capabilities"]) & ~access.write):
                give(Capabilities(params).init)
            with m.Elif(at(control["refused"])):
                give(refused.as_value())
                with m.If(access.write):
                    m.d.sync += refused.eq(0)
            with m.Elif(at(control["mode"])):
                give(strict)
                with m.If(access.write):
                    m.d.sync += strict.eq(word[0])
            with m.Elif(at(control["places"]) & ~access.write):
                give(Cat(_half(self.free_places), _half(lowest_free), _half(contexts.unassigned)))
            with m.Elif(at(control["undelivered"])):
                give(self.undelivered)
                with m.If(access.write):
                    m.d.comb += self.clear.eq(word)
            with m.Elif(at(control["context"])):
                with m.If(access.write):
                    m.d.comb += contexts.write.eq(contexts.write_ready)
                    when_done(contexts.write_ready)
                    with m.If(contexts.write_ready & contexts.over):
                        m.d.comb += reason.eq(Reason.LIMIT)
                with m.Else():
                    shown = Signal(Context().layout)
                    m.d.comb += [
                        shown.priorities.eq(contexts.written.priorities),
                        shown.compatible.eq(contexts.written.compatible),
                        shown.fallback.eq(contexts.written.fallback),
                        shown.limit.eq(contexts.written.limit),
                    ]
                    with m.If(contexts.write_ready):
                        give(shown.as_value())
            with m.Elif(at(control["installed"])):
                give(Cat(installed.queue, installed.context, C(0, 63 - params.index_bits),
                         installed.valid))
                with m.If(access.write):
                    as_written = _fields(Installed(), word)
                    m.d.comb += [
                        self.install.eq(1),
                        self.install_hart.eq(element(control["installed"])),
                        self.install_as.valid.eq(as_written.valid),
                        self.install_as.queue.eq(as_written.index),
                        self.install_as.context.eq(as_written.index >> params.queue_bits),
                        finish.eq(self.install_ready),
                    ]
                    with m.If(as_written.index >> params.index_bits != 0):
                        m.d.comb += [self.install.eq(0), finish.eq(1),
                                     reason.eq(Reason.NO_QUEUE)]
            with m.Elif(at(control["grant"])):
                give(self.grant)
                m.d.comb += self.grant_write.en.eq(access.write)
            with m.Elif(at(control["occupancy"])):
                m.d.comb += [
                    self.queue_op.valid.eq(1),
                    self.queue_op.p.kind.eq(Mux(access.write, Kind.MARK, Kind.LENGTH)),
                ]
                with m.If(self.queue_op.ready):
                    with m.If(access.write):
                        m.d.comb += finish.eq(1)
                    with m.Else():
                        m.d.sync += asked.eq(1)
            with m.Else():
                m.d.comb += [reason.eq(Reason.NO_REGISTER), finish.eq(1)]
        # An FLQ turns out to be impossible when another access may be under way already.
        with m.If(self.directory_refused):
            m.d.sync += [
                refused.reason.eq(Reason.NO_QUEUE),
                refused.write.eq(1),
                refused.offset.eq(control["free"].offset),
                refused.count.eq(refused.count + ~refused.count.all()),
            ]
        return m

    def _page(self, m, access, page, permitted, go, read, write, at, element, give, when_done,
              page_refuses) -> None:
        """Registers in the page of a local queue, but for those that the port does by itself."""
        params, word = self.params, access.data
        compatible = Cat(at(page[name]) for name in COMPATIBLE).any()
        with m.If(access.write & compatible & permitted):
            m.d.comb += self.compat.valid.eq(go)
            when_done(self.compat.ready)
        with m.Elif(access.write & at(page["write_hart"]) & permitted):
            none = word.all()
            placed = Cat(
                i.as_value() == Cat(C(1, 1), access.context, access.queue)
                for i in self.installed)
            m.d.comb += [
                self.install.eq(go),
                self.install_hart.eq(word),
                self.install_as.valid.eq(~none),
                self.install_as.context.eq(access.context),
                self.install_as.queue.eq(access.queue),
            ]
            when_done(self.install_ready)
            with m.If(none):  # off the hart on which it is
                for hart in range(params.harts):
                    with m.If(placed[hart]):
                        m.d.comb += self.install_hart.eq(hart)
                with m.If(~placed.any()):
                    m.d.comb += self.install.eq(0)
                    when_done(1)
            with m.Elif(word >= params.harts):
                m.d.comb += self.install.eq(0)
                page_refuses(Error.NOT_PERMITTED)
        with m.Elif(access.write & at(page["register_interrupt"]) & permitted):
            m.d.comb += [
                self.arm.valid.eq(go),
                self.arm.p.line.eq(element(page["register_interrupt"])),
                self.arm.p.queue.eq(access.queue),
                self.arm.p.first.eq(1),
                self.arm.p.task.eq(word),
            ]
            when_done(self.arm.ready)
        with m.Elif(access.write & at(page["arm_line"])):
            m.d.comb += [
                self.arm.valid.eq(go),
                self.arm.p.line.eq(word[52:]),
                self.arm.p.queue.eq(access.queue),
                self.arm.p.task.eq(word[:52].as_signed()),
            ]
            when_done(self.arm.ready)
            with m.If(word[52:] >= params.lines):
                m.d.comb += self.arm.valid.eq(0)
                page_refuses(Error.NO_RECEIVE)
        with m.Elif(at(page["running"])):
            with m.If(access.write):
                m.d.comb += self.runs.valid.eq(go)
            give(self.running)
        with m.Else():
            page_refuses(Error.NOT_PERMITTED)


def _fields(register: Register, word: Value) -> data.View:
    return data.View(register.layout, word[:register.layout.size])


def _half(count: Value) -> Value:
    return Cat(count, C(0, 16 - len(count)))
