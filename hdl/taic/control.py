"""The registers that are not on a fast path: control page, records, registrations."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..bits import choice
from ..peripheral.mmio import Entry, Register
from .codes import Error, Reason
from .compat import compat_request_layout
from .context_allocator import allocator_request_layout
from .context_table import ContextTable, allocation_layout, change_layout
from .interrupts import installed_layout, runs_layout
from .lines import arm_layout
from .params import (
    CHANNEL_BYTES,
    CHANNEL_PAGES,
    PAGE_BITS,
    SHORT_TASK_BITS,
    TASK_BITS,
    TaicParams,
)
from .port import access_layout
from .registers import (
    Capabilities,
    ChannelConfig,
    Context,
    Id,
    Installed,
    Refused,
    channel_registers,
    control_registers,
    queue_registers,
)
from .types import QueueOp, RecordOp, answer_layout, error_layout, queue_op_layout, record_op_layout

BLOCK_LSB = 6  # of the number of a block of registers in their offsets
COMPATIBLE = ("register_sender", "cancel_sender", "register_receiver", "send_interrupt")


class Control(wiring.Component):
    """Performs one access at a time.

    A read is answered by ``done`` with ``data`` and ``error``, in the cycle after it finished.

    MODE, REFUSED and the context table are here; other registers belong to other parts. A write
    waits until it can be done. A read of a record or of OCCUPANCY waits for the answer. After an
    installation the next access waits for ``install_ready``.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        self.context_table = ContextTable(params)
        super().__init__({
            "access": In(stream.Signature(access_layout(params))),
            "port": In(range(params.ports)),
            "done": Out(1),  # for ``done_port``
            "done_port": Out(range(params.ports)),
            "data": Out(TASK_BITS),
            "error": Out(1),
            "page_error": Out(stream.Signature(error_layout(params))),
            # ContextAllocator
            "allocator": Out(stream.Signature(allocator_request_layout(params))),
            "allocator_answer": In(data.StructLayout({"valid": 1, "data": 64})),
            "allocator_refused": In(1),
            "allocation": In(allocation_layout(params)),
            "begin": In(change_layout(params)),
            "end": In(change_layout(params)),
            # Notifications and lines
            "compat": Out(stream.Signature(compat_request_layout(params))),
            "simulate": Out(stream.Signature(params.line_bits)),
            "arm": Out(stream.Signature(arm_layout(params))),
            "grant_write": Out(data.StructLayout({
                "en": 1, "line": params.line_bits, "contexts": params.contexts})),
            "grant_read": Out(1),
            "grant_line": Out(params.line_bits),
            "grant": In(params.contexts),
            "grant_ready": In(1),
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
        m.submodules.context_table = context_table = self.context_table
        control = {entry.name: entry for entry in control_registers(params)}
        page = {entry.name: entry for entry in queue_registers(params)}
        record = {entry.name: entry for entry in channel_registers(params)}

        held, asked = Signal(), Signal()  # there is an access; it waits for an answer
        judged = Signal()  # asked, and a refusal would be known by now
        access = Signal(access_layout(params), reset_less=True)
        port = Signal.like(self.port, reset_less=True)
        finish = Signal()  # at the end of this cycle
        m.d.comb += self.access.ready.eq(~held & self.install_ready)
        with m.If(self.access.valid & self.access.ready):
            m.d.sync += [held.eq(1), asked.eq(0), access.eq(self.access.p), port.eq(self.port)]
        with m.If(finish):
            m.d.sync += held.eq(0)
        # The answer is registered: its inputs come late, and the path to the hart is long.
        m.d.sync += [self.done.eq(finish & ~access.write), self.done_port.eq(port)]
        offset, word, write = access.addr[:PAGE_BITS], access.data, access.write

        # REFUSED. The allocator refuses an FLQ late, when another access may already be held.
        refused = Signal(Refused().layout)
        reason = Signal.like(refused.reason)
        with m.If((reason != Reason.NONE) | self.allocator_refused):
            m.d.sync += [
                refused.reason.eq(reason),
                refused.write.eq(write),
                refused.offset.eq(access.addr),
                refused.count.eq(refused.count + ~refused.count.all()),
            ]
        with m.If(self.allocator_refused):
            m.d.sync += [
                refused.reason.eq(Reason.NO_QUEUE),
                refused.write.eq(1),
                refused.offset.eq(control["free"].offset),
            ]

        lowest_free = Signal(params.count_bits, init=params.tasks)
        swept = Signal()
        with m.If(self.free_places.all() | (self.free_places == params.tasks)):
            m.d.sync += swept.eq(1)
        with m.If(swept & (self.free_places < lowest_free)):
            m.d.sync += lowest_free.eq(self.free_places)

        # The target of the access: the page of a queue, a record, or the control page.
        in_page, in_channels, in_control = Signal(), Signal(), Signal()
        channels_lsb = (params.channels * CHANNEL_BYTES).bit_length() - 1
        aligned = ~offset[:3].any()
        m.d.comb += [
            in_page.eq(held & access.paged),
            in_channels.eq(held & ~access.paged & access.whole
                           & (access.addr[channels_lsb:] == CHANNEL_PAGES >> channels_lsb)),
            in_control.eq(held & ~access.paged & access.whole & aligned
                          & ~access.addr[PAGE_BITS:].any()),
        ]
        blocks = {}  # of registers, by number

        def at(entry: Entry) -> Value:
            """The offset is that of ``entry``, or of one of its elements."""
            if not _aligned(entry):
                return ~_beyond(_element(entry, offset, whole=True), entry.count)
            low = 3 + entry.index_bits
            if low >= BLOCK_LSB:
                return offset[low:] == entry.offset >> low
            block = entry.offset >> BLOCK_LSB
            if block not in blocks:
                blocks[block] = Signal(name=f"block_{block}")
                m.d.comb += blocks[block].eq(offset[BLOCK_LSB:] == block)
            return blocks[block] & (
                offset[low:BLOCK_LSB] == (entry.offset >> low) % (1 << BLOCK_LSB - low))

        answers = []  # conditions, and the values that are read
        ends = []  # conditions under which an access finishes

        # Records.
        is_config, is_task = (access.addr[:CHANNEL_BYTES.bit_length() - 1] == record[name].offset
                              for name in ("config", "task"))
        exists = is_config | is_task & ~write
        config = _fields(ChannelConfig(), word)
        unknown = in_channels & is_config & write & (
            _beyond(config.sender, params.contexts) | _beyond(config.receiver, params.contexts)
            | _beyond(config.queue, params.queues) | config.policy.all())
        m.d.comb += [
            self.record_op.valid.eq(in_channels & ~asked & exists & ~unknown),
            self.record_op.p.op.eq(Mux(write, RecordOp.CONFIGURE,
                                       Mux(is_task, RecordOp.READ_TASK, RecordOp.READ))),
            self.record_op.p.record.eq(access.addr[CHANNEL_BYTES.bit_length() - 1:channels_lsb]),
            self.record_op.p.trusted.eq(1),
            self.record_op.p.data.eq(self.arm.p.task),
        ]
        no_record = in_channels & ~exists
        in_queue = in_channels & judged & write & self.record_refused
        # A write of a record finishes two cycles after its acceptance, when a refusal is known.
        ends.append(in_channels & Mux(write, judged, asked & self.record_answer.valid))
        answers.append((in_channels & exists, self.record_answer.data))

        # The control page.
        hit = {}
        for name, entry in control.items():
            hit[name] = Signal(name=f"hit_{name}")
            allowed = {"r": ~write, "w": write, "rw": 1}[entry.register.access]
            m.d.comb += hit[name].eq(in_control & at(entry) & allowed)
        new, as_written = _fields(Context(), word), _fields(Installed(), word)
        installed = Array(self.installed)[_element(control["installed"], offset)]
        unplaced = as_written.index[params.index_bits:].any()
        no_hart = _beyond(new.fallback, params.harts)
        counted = (self.answer.valid & (self.answer.source == params.ports)
                   & (self.answer.kind == QueueOp.LENGTH))
        strict, shown = Signal(), Signal(Context().layout)
        m.d.comb += [
            *(getattr(shown, name).eq(getattr(context_table.written, name))
              for name in ("priorities", "compatible", "fallback", "limit")),
            *(getattr(context_table.new, name).eq(getattr(new, name))
              for name in ("priorities", "compatible", "fallback", "limit")),
            context_table.register.eq(_element(control["context"], offset)),
            context_table.page_context.eq(access.context),
            context_table.write.eq(
                hit["context"] & write & context_table.write_ready & ~no_hart),
            context_table.strict.eq(strict),
            context_table.allocation.eq(self.allocation),
            context_table.begin.eq(self.begin),
            context_table.end.eq(self.end),
            self.allocator.valid.eq((hit["allocate"] | hit["free"]) & ~asked),
            self.allocator.p.port.eq(port),
            self.allocator.p.read.eq(~write),
            self.allocator.p.free.eq(hit["free"]),
            self.allocator.p.data.eq(word),
            self.simulate.valid.eq(hit["simulate"]),
            self.simulate.p.eq(_element(control["simulate"], offset)),
            self.clear.eq(Mux(hit["undelivered"] & write, word, 0)),
            self.grant_read.eq(hit["grant"] & ~write),
            self.grant_line.eq(_element(control["grant"], offset)),
            self.grant_write.en.eq(hit["grant"] & write & self.grant_ready),
            self.grant_write.line.eq(self.grant_line),
            self.grant_write.contexts.eq(word),
            self.queue_op.valid.eq(hit["occupancy"] & ~asked),
            self.queue_op.p.kind.eq(Mux(write, QueueOp.MARK, QueueOp.LENGTH)),
            self.queue_op.p.source.eq(params.ports),
            self.queue_op.p.context.eq(_element(control["occupancy"], offset)),
        ]
        with m.If(hit["refused"] & write):
            m.d.sync += refused.eq(0)
        with m.If(hit["mode"] & write):
            m.d.sync += strict.eq(word[0])
        with m.If((self.record_op.valid & self.record_op.ready)
                  | (self.allocator.valid & self.allocator.ready)
                  | (self.queue_op.valid & self.queue_op.ready)):
            m.d.sync += asked.eq(1)
        m.d.sync += judged.eq(asked & held)
        ends += [
            *(hit[name] for name in ("id", "capabilities", "refused", "mode", "places",
                                     "undelivered")),
            hit["grant"] & self.grant_ready,
            (hit["allocate"] | hit["free"]) & Mux(
                write, self.allocator.ready, asked & self.allocator_answer.valid),
            hit["simulate"] & self.simulate.ready,
            hit["context"] & context_table.write_ready,
            hit["installed"],
            hit["occupancy"] & Mux(write, self.queue_op.ready, asked & counted),
        ]
        answers += [
            (hit["allocate"], self.allocator_answer.data),
            (hit["id"], Id().init),
            (hit["capabilities"], Capabilities(params).init),
            (hit["refused"], refused),
            (hit["mode"], strict),
            (hit["places"],
             Cat(_half(self.free_places), _half(lowest_free), _half(context_table.unassigned))),
            (hit["undelivered"], self.undelivered),
            (hit["context"], shown),
            (hit["installed"], Cat(installed.queue, installed.context,
                                   C(0, 63 - params.index_bits), installed.valid)),
            (hit["grant"], self.grant),
            (hit["occupancy"], self.answer.data[16:48]),
        ]

        # Pages of local queues, except the registers with other targets.
        permitted = access.alias | context_table.compatible
        is_arm_line = at(page["arm_line"])
        compatible, places, registers, arms, runs = (
            Signal(name=name) for name in ("compatible", "places", "registers", "arms", "runs"))
        m.d.comb += [
            compatible.eq(in_page & aligned & write & permitted
                          & Cat(at(page[name]) for name in COMPATIBLE).any()),
            places.eq(in_page & aligned & write & permitted & at(page["write_hart"])),
            registers.eq(in_page & aligned & write & permitted
                         & at(page["register_interrupt"])),
            arms.eq(in_page & aligned & write & is_arm_line),
            runs.eq(in_page & aligned & at(page["running"])),
            self.compat.valid.eq(compatible),
            self.compat.p.port.eq(port),
            self.compat.p.context.eq(access.context),
            self.compat.p.queue.eq(access.queue),
            self.compat.p.register.eq(offset[3:5] - (page[COMPATIBLE[0]].offset >> 3)),
            self.compat.p.data.eq(word),
            self.arm.p.context.eq(access.context),
            self.arm.p.queue.eq(access.queue),
            self.arm.p.first.eq(~is_arm_line),
            self.arm.p.line.eq(_element(page["register_interrupt"], offset)),
            self.arm.p.task.eq(word),
            self.running_of.valid.eq(1),
            self.running_of.context.eq(access.context),
            self.running_of.queue.eq(access.queue),
            self.runs.valid.eq(runs & write),
            self.runs.context.eq(access.context),
            self.runs.queue.eq(access.queue),
            self.runs.priority.eq(word),
        ]
        no_line = _beyond(word[SHORT_TASK_BITS:], params.lines)
        with m.If(is_arm_line):
            m.d.comb += [
                self.arm.p.line.eq(word[SHORT_TASK_BITS:]),
                self.arm.p.task.eq(word[:SHORT_TASK_BITS].as_signed()),
            ]

        # INSTALLED and WHART.
        hart_bits = (params.harts - 1).bit_length()
        hart, negative = word[:hart_bits], word[-1]
        uniform = ~(word[hart_bits:-1] ^ negative.replicate(TASK_BITS - 1 - hart_bits)).any()
        nowhere, somewhere = Signal(), Signal()
        installable = context_table.installable.bit_select(self.install_as.queue, 1)
        no_queue = unplaced | as_written.valid & ~installable
        placed = Cat(i.as_value() == self.running_of.as_value() for i in self.installed)
        m.d.comb += [
            self.arm.valid.eq(registers | arms & ~no_line),
            nowhere.eq(uniform & negative & hart.all()),
            somewhere.eq(uniform & ~negative & (hart < params.harts)),
            self.install.eq(hit["installed"] & write & ~no_queue
                            | places & (somewhere & installable | nowhere & placed.any())),
            self.install_hart.eq(word),
            self.install_as.valid.eq(~nowhere),
            self.install_as.context.eq(access.context),
            self.install_as.queue.eq(access.queue),
        ]
        with m.If(~access.paged):
            m.d.comb += [
                self.install_hart.eq(_element(control["installed"], offset)),
                self.install_as.valid.eq(as_written.valid),
                self.install_as.queue.eq(as_written.index),
                self.install_as.context.eq(as_written.index >> params.queue_bits),
            ]
        with m.Elif(nowhere):
            m.d.comb += self.install_hart.eq(choice((here, n) for n, here in enumerate(placed)))
        refuses, stays = Signal(), Signal()
        m.d.comb += [
            stays.eq(places & (nowhere | somewhere & installable)),
            refuses.eq(in_page & ~(compatible | stays | registers | arms & ~no_line | runs)),
            self.page_error.valid.eq(refuses),
            self.page_error.p.context.eq(access.context),
            self.page_error.p.queue.eq(access.queue),
            self.page_error.p.bits.eq(choice((
                (arms, Error.NO_RECEIVE),
                (places & somewhere, Error.NO_QUEUE),
                (~(arms | places & somewhere), Error.NOT_PERMITTED),
            ))),
        ]
        ends += [
            compatible & self.compat.ready,
            self.arm.valid & self.arm.ready,
            stays,
            runs,
            refuses & self.page_error.ready,
        ]
        answers.append((runs, self.running))

        no_register = no_record | (
            held & ~access.paged & access.whole & ~in_channels & ~Cat(hit.values()).any())
        no_size = held & ~access.paged & ~access.whole
        m.d.comb += [
            reason.eq(choice((
                (no_register, Reason.NO_REGISTER),
                (no_size, Reason.SIZE),
                (context_table.write & context_table.over, Reason.LIMIT),
                (hit["installed"] & write & no_queue, Reason.NO_QUEUE),
                (in_queue, Reason.IN_QUEUE),
                (unknown | hit["context"] & write & context_table.write_ready & no_hart,
                 Reason.NO_NUMBER),
            ))),
            finish.eq(Cat(*ends, no_register, no_size, unknown).any()),
        ]
        m.d.sync += self.error.eq(no_size)
        with m.If(~access.write):
            m.d.sync += self.data.eq(choice(answers))
        return m


def _aligned(entry: Entry) -> bool:
    """The index of the array is a field of the address."""
    return entry.offset % (8 << entry.index_bits) == 0 and entry.count == 1 << entry.index_bits


def _element(entry: Entry, offset: Value, *, whole: bool = False) -> Value:
    """Index into an array. The ``whole`` index is too large for offsets outside the array."""
    index = offset[3:]
    if not _aligned(entry):
        index = (index - (entry.offset >> 3))[:len(index)]
    return index if whole else index[:entry.index_bits]


def _beyond(number: Value, count: int) -> Value:
    """``number >= count``, without a comparison of the upper bits."""
    bits = (count - 1).bit_length()
    high, low = number[bits:].any(), number[:bits]
    return high if count == 1 << bits else high | (low >= count)


def _fields(register: Register, word: Value) -> data.View:
    return data.View(register.layout, word[:register.layout.size])


def _half(count: Value) -> Value:
    return Cat(count, C(0, 16 - len(count)))
