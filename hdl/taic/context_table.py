"""Context table: the kernel's settings of each context."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from .params import TaicParams
from .types import settings_layout


def allocation_layout(params: TaicParams) -> data.StructLayout:
    """The allocated queues (``mask``) of ``context``; ``kernel``: its process id is 0."""
    return data.StructLayout({
        "en": 1, "context": params.context_bits, "mask": params.queues, "kernel": 1,
    })


def change_layout(params: TaicParams) -> data.StructLayout:
    """The begin or the end of a context."""
    return data.StructLayout({"valid": 1, "context": params.context_bits})


def row_layout(params: TaicParams) -> data.StructLayout:
    """The register CONTEXT, in the widths that are stored."""
    return data.StructLayout({
        "priorities": 1,
        "compatible": 1,
        "fallback": range(params.harts),
        "limit": params.count_bits,
    })


class ContextTable(wiring.Component):
    """Settings of the contexts, in LUT RAM; ``fallback`` of all contexts is in flip-flops.

    Three look-ups are combinational: ``allocated`` and ``settings`` belong to ``context``,
    ``kernel`` and ``installable`` (the allocated queues) to ``kernel_context``, and ``compatible``
    to ``page_context``.

    While ``write_ready``, ``written`` is the register CONTEXT of context ``register``, and
    ``write`` may replace it by ``new``. A write is refused (``over``) if its limit is beyond the
    unassigned places.

    ``begin`` gives a context an equal share of the places, or the rest if that is less, and permits
    compatible registration unless ``strict``. ``end`` takes the places back. The two do not come
    in the same cycle, and take effect in the cycle after the next.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        harts = range(params.harts)
        super().__init__({
            "context": In(params.context_bits),
            "allocated": Out(params.queues),
            "settings": Out(settings_layout(params)),
            "kernel_context": In(params.context_bits),
            "kernel": Out(1),
            "installable": Out(params.queues),
            "page_context": In(params.context_bits),
            "compatible": Out(1),
            "allocation": In(allocation_layout(params)),
            "begin": In(change_layout(params)),
            "end": In(change_layout(params)),
            "strict": In(1),
            "register": In(params.context_bits),
            "written": Out(row_layout(params)),
            "write": In(1),
            "write_ready": Out(1),
            "over": Out(1),
            "new": In(data.StructLayout({
                "priorities": 1, "compatible": 1, "fallback": harts, "limit": 16})),
            "fallback": Out(harts).array(params.contexts),
            "unassigned": Out(params.count_bits, init=params.spare),
            "sweeping": Out(1, init=1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params = self.params
        share = params.spare // params.contexts
        lut_ram = {"ram_style": "distributed"}
        m.submodules.masks = masks = memory.Memory(
            shape=data.StructLayout({"queues": params.queues, "kernel": 1}),
            depth=params.contexts, init=[], attrs=lut_ram)
        m.submodules.rows = rows = memory.Memory(
            shape=row_layout(params), depth=params.contexts, init=[], attrs=lut_ram)
        mask_write, row_write = masks.write_port(), rows.write_port()
        mask_read, kernel_read = (masks.read_port(domain="comb") for _ in range(2))
        read, engine_read, page_read = (rows.read_port(domain="comb") for _ in range(3))
        changes, context = Signal(), Signal(params.context_bits)
        row = Signal(row_layout(params))
        swept = Signal(params.context_bits)
        total, rest = Signal(params.count_bits), Signal(params.count_bits + 1)

        begin, end = Signal.like(self.begin), Signal.like(self.end)
        m.d.sync += [begin.eq(self.begin), end.eq(self.end)]
        m.d.comb += [
            mask_write.en.eq(self.allocation.en | self.sweeping),
            mask_write.addr.eq(Mux(self.sweeping, swept, self.allocation.context)),
            mask_read.addr.eq(self.context),
            self.allocated.eq(mask_read.data.queues),
            kernel_read.addr.eq(self.kernel_context),
            self.kernel.eq(kernel_read.data.kernel),
            self.installable.eq(kernel_read.data.queues),
            engine_read.addr.eq(self.context),
            self.settings.priorities.eq(engine_read.data.priorities),
            self.settings.limit.eq(engine_read.data.limit),
            page_read.addr.eq(self.page_context),
            self.compatible.eq(page_read.data.compatible),
            self.write_ready.eq(~begin.valid & ~end.valid),
            context.eq(self.register),
            read.addr.eq(context),
            self.written.eq(read.data),
            row.priorities.eq(self.new.priorities),
            row.compatible.eq(self.new.compatible),
            row.fallback.eq(self.new.fallback),
            row.limit.eq(self.new.limit),
            total.eq(self.unassigned + read.data.limit),
            rest.eq(total - row.limit),
            self.over.eq(rest[-1] | self.new.limit[params.count_bits:].any()),
            changes.eq(self.write & ~self.over),
        ]
        with m.If(~self.sweeping):
            m.d.comb += [
                mask_write.data.queues.eq(self.allocation.mask),
                mask_write.data.kernel.eq(self.allocation.kernel),
                row_write.data.eq(row),
            ]
        with m.If(begin.valid | end.valid):
            m.d.comb += [
                context.eq(Mux(begin.valid, begin.context, end.context)),
                row.eq(0),
                changes.eq(1),
            ]
        with m.If(begin.valid):
            m.d.comb += [
                row.compatible.eq(~self.strict),
                row.limit.eq(Mux(self.unassigned < share, self.unassigned, share)),
            ]
        m.d.comb += [
            row_write.en.eq(changes | self.sweeping),
            row_write.addr.eq(Mux(self.sweeping, swept, context)),
        ]
        with m.If(self.sweeping):
            m.d.sync += [swept.eq(swept + 1), self.sweeping.eq(~swept.all())]
        with m.If(changes):
            m.d.sync += self.unassigned.eq(rest)
            for n in range(params.contexts):
                with m.If(context == n):
                    m.d.sync += self.fallback[n].eq(row.fallback)
        return m
