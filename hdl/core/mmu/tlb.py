"""First-level TLB: a few pages in flip-flops, looked up within a cycle."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..params import HartParams
from .translation import TLB_PAGE_BITS, Mode, tlb_entry_layout

ALIAS_BITS = 14  # low page bits compared at a fill


class MicroTlb(wiring.Component):
    """A fully associative TLB of 4 KiB pages.

    The look-up from ``page`` and ``mode`` to ``hit`` and ``entry`` (0 without a hit) is
    combinational. ``asid`` is compared one cycle ahead, so a look-up is valid only if ``asid`` was
    the same in the cycle before. An entry filled in cycle ``n`` hits from cycle ``n + 1``.

    A fill replaces the oldest entry, and drops every entry with a page that is equal in the low
    ``ALIAS_BITS`` bits. So two entries never hold the same page. ``flush`` drops everything and has
    priority over a fill in its cycle.
    """

    def __init__(self, params: HartParams, entries: int) -> None:
        if entries < 1:
            raise ValueError(f"a TLB must have at least 1 entry, not {entries!r}")
        self.params, self.entries = params, entries
        layout = tlb_entry_layout(params)
        super().__init__({
            "page": In(TLB_PAGE_BITS),
            "mode": In(Mode),
            "asid": In(16),
            "hit": Out(1),
            "entry": Out(layout),
            "fill": In(1),
            "fill_page": In(TLB_PAGE_BITS),
            "fill_mode": In(Mode),
            "fill_asid": In(16),
            "fill_entry": In(layout),
            "flush": In(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        asid_bits = self.params.asid_bits
        layout = tlb_entry_layout(self.params)
        asid = self.asid[:asid_bits]
        fill_asid = self.fill_asid[:asid_bits]

        fill_everywhere = Signal()  # the filled entry belongs to every address space
        fill_live = Signal()
        m.d.comb += [
            fill_everywhere.eq(self.fill_entry.g | (self.fill_mode != Mode.SV39)),
            fill_live.eq(fill_everywhere | (fill_asid == asid)),
        ]
        oldest = Signal(range(self.entries))
        with m.If(self.fill):
            m.d.sync += oldest.eq(Mux(oldest == self.entries - 1, 0, oldest + 1))

        hits, selected = [], []
        for index in range(self.entries):
            valid = Signal(name=f"valid_{index}")
            live = Signal(name=f"live_{index}")  # valid, and the address space matches
            page = Signal(TLB_PAGE_BITS, reset_less=True, name=f"page_{index}")
            mode = Signal(Mode, reset_less=True, name=f"mode_{index}")
            everywhere = Signal(reset_less=True, name=f"everywhere_{index}")
            space = Signal(asid_bits, reset_less=True, name=f"space_{index}")
            entry = Signal(layout, reset_less=True, name=f"entry_{index}")

            m.d.sync += live.eq(valid & (everywhere | (space == asid)))
            with m.If(self.fill):
                with m.If(oldest == index):
                    m.d.sync += [
                        valid.eq(1),
                        live.eq(fill_live),
                        page.eq(self.fill_page),
                        mode.eq(self.fill_mode),
                        everywhere.eq(fill_everywhere),
                        space.eq(fill_asid),
                        entry.eq(self.fill_entry),
                    ]
                with m.Elif(page[:ALIAS_BITS] == self.fill_page[:ALIAS_BITS]):
                    m.d.sync += [valid.eq(0), live.eq(0)]
            with m.If(self.flush):
                m.d.sync += [valid.eq(0), live.eq(0)]

            hit = Signal(name=f"hit_{index}")
            m.d.comb += hit.eq(live & (page == self.page) & (mode == self.mode))
            hits.append(hit)
            selected.append(Mux(hit, entry.as_value(), 0))

        merged = C(0, layout.size)
        for candidate in selected:
            merged = merged | candidate
        m.d.comb += [
            self.hit.eq(Cat(hits).any()),
            self.entry.as_value().eq(merged),
        ]
        return m
