"""What the kernel has said about each context."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from .params import TaicParams
from .types import settings_layout


def allocation_layout(params: TaicParams) -> data.StructLayout:
    """``mask``: the allocated queues of ``context``; ``kernel``: its process id is 0."""
    return data.StructLayout({
        "en": 1, "context": params.context_bits, "mask": params.queues, "kernel": 1,
    })


def change_layout(params: TaicParams) -> data.StructLayout:
    """The begin or the end of a context."""
    return data.StructLayout({"valid": 1, "context": params.context_bits})


class Contexts(wiring.Component):
    """Settings of the contexts, in LUT RAM for the engine and in flip-flops for what needs all.

    ``allocated`` and ``settings`` belong to ``context``, combinationally. ``written`` is the
    content of the register CONTEXT for ``register``; ``write`` replaces it, if ``write_ready``, or
    is refused (``over``) for a limit beyond what is unassigned.

    ``begin`` gives a context an equal share of the places, or what is left of them, and permits it
    compatible registration unless ``strict``; ``end`` takes the places back. Both come before a
    ``write`` in the same cycle, and not together.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        harts = range(params.harts)
        super().__init__({
            "context": In(params.context_bits),
            "allocated": Out(params.queues),
            "settings": Out(settings_layout(params)),
            "allocation": In(allocation_layout(params)),
            "begin": In(change_layout(params)),
            "end": In(change_layout(params)),
            "strict": In(1),
            "register": In(params.context_bits),
            "written": Out(data.StructLayout({
                "priorities": 1, "compatible": 1, "fallback": harts,
                "limit": params.count_bits})),
            "write": In(1),
            "write_ready": Out(1),
            "over": Out(1),
            "new": In(data.StructLayout({
                "priorities": 1, "compatible": 1, "fallback": harts, "limit": 16})),
            "compatible": Out(params.contexts),
            "kernel": Out(params.contexts),
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
            shape=unsigned(params.queues), depth=params.contexts, init=[], attrs=lut_ram)
        m.submodules.rows = rows = memory.Memory(
            shape=unsigned(settings_layout(params).size), depth=params.contexts, init=[],
            attrs=lut_ram)
        mask_write, mask_read = masks.write_port(), masks.read_port(domain="comb")
        row_write = rows.write_port()
        engine_read, read = rows.read_port(domain="comb"), rows.read_port(domain="comb")
        changes, context = Signal(), Signal(params.context_bits)
        row = Signal(settings_layout(params))
        old = data.View(settings_layout(params), read.data)
        swept = Signal(params.context_bits)

        m.d.comb += [
            mask_write.en.eq(self.allocation.en | self.sweeping),
            mask_write.addr.eq(Mux(self.sweeping, swept, self.allocation.context)),
            mask_write.data.eq(Mux(self.sweeping, 0, self.allocation.mask)),
            mask_read.addr.eq(self.context),
            self.allocated.eq(mask_read.data),
            engine_read.addr.eq(self.context),
            self.settings.eq(engine_read.data),
            self.write_ready.eq(~self.begin.valid & ~self.end.valid),
            context.eq(self.register),
            read.addr.eq(context),
            self.written.priorities.eq(old.priorities),
            self.written.limit.eq(old.limit),
            self.written.compatible.eq(self.compatible.bit_select(self.register, 1)),
            self.written.fallback.eq(Array(self.fallback)[self.register]),
            row.priorities.eq(self.new.priorities),
            row.limit.eq(self.new.limit),
            self.over.eq(self.new.limit > self.unassigned + old.limit),
            changes.eq(self.write & ~self.over),
        ]
        with m.If(self.begin.valid):
            m.d.comb += [
                context.eq(self.begin.context),
                row.priorities.eq(0),
                row.limit.eq(Mux(self.unassigned < share, self.unassigned, share)),
                changes.eq(1),
            ]
        with m.Elif(self.end.valid):
            m.d.comb += [context.eq(self.end.context), row.eq(0), changes.eq(1)]
        m.d.comb += [
            row_write.en.eq(changes | self.sweeping),
            row_write.addr.eq(Mux(self.sweeping, swept, context)),
            row_write.data.eq(Mux(self.sweeping, 0, row.as_value())),
        ]
        with m.If(self.sweeping):
            m.d.sync += [swept.eq(swept + 1), self.sweeping.eq(~swept.all())]
        with m.If(changes):
            m.d.sync += self.unassigned.eq(self.unassigned + old.limit - row.limit)
            for n in range(params.contexts):
                with m.If(context == n):
                    m.d.sync += [
                        self.compatible[n].eq(Mux(self.begin.valid, ~self.strict,
                                                  self.new.compatible & ~self.end.valid)),
                        self.fallback[n].eq(Mux(self.begin.valid | self.end.valid, 0,
                                                self.new.fallback)),
                    ]
        with m.If(self.allocation.en):
            m.d.sync += self.kernel.bit_select(self.allocation.context, 1).eq(
                self.allocation.kernel)
        return m
