"""Instruction TLB."""

from functools import reduce
from operator import or_

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..isa import Priv
from ..mmu.translation import TLB_PAGE_BITS, Context, Mode, RefillSignature
from ..params import HartParams
from .types import FetchFault

RECENT_PAGES = 2  # in registers


class InstructionTlb(wiring.Component):
    """Translates fetches. The recent pages are in registers; behind them is a direct-mapped table.

    The look-up of ``f_page`` for ``ctx`` is combinational. Bit ``n`` of ``hit`` says that
    ``ppn[n]`` is the page, or, if ``fault`` is not NONE, that fetching from it is forbidden. After
    a miss with ``look`` (a fetch waits for the answer) the page is loaded. That takes one cycle if
    the table has it. Otherwise ``wait`` is high and the MMU gets a request; in the cycle after
    ``retry`` the MMU has answered, or can accept a request.

    ``give_up`` (late) abandons the waiting fetch. A request to the MMU is not withdrawn, even if it
    starts in this cycle, but a fault that it returns is dropped. ``flush`` drops everything,
    including the result of an outstanding request, and has priority over a fill in its cycle.
    """

    def __init__(self, params: HartParams) -> None:
        if params.itlb_entries < 2 or params.itlb_entries & (params.itlb_entries - 1):
            raise ValueError(
                f"itlb_entries must be a power of two of at least 2, not {params.itlb_entries!r}")
        self.params = params
        self._rights = data.StructLayout({"ppn": params.ppn_bits, "x": 1, "u": 1, "acc_x": 1})
        self._space = data.StructLayout({"mode": Mode, "priv": 2, "asid": params.asid_bits})
        super().__init__({
            "ctx": In(Context),
            "f_page": In(TLB_PAGE_BITS),
            "look": In(1),
            "hit": Out(RECENT_PAGES),
            "ppn": Out(data.ArrayLayout(params.ppn_bits, RECENT_PAGES)),
            "fault": Out(FetchFault),
            "wait": Out(1),
            "retry": Out(1),
            "give_up": In(1),
            "flush": In(1),
            "tlb": Out(RefillSignature(params)),
            "refill_start": Out(1),  # for counting
        })

    def elaborate(self, platform):
        m = Module()
        ctx, tlb = self.ctx, self.tlb
        flushed = Signal()  # the answer of the MMU may be older than a flush
        table_hit, table_rights = self._table(m, flushed)

        # Loading a register, from the table or from the answer of the MMU.
        space = Signal(self._space)
        request_space = Signal(self._space, reset_less=True)
        load_page, load_space = Signal(TLB_PAGE_BITS), Signal(self._space)
        m.d.comb += [
            space.mode.eq(ctx.mode),
            space.priv.eq(ctx.priv),
            space.asid.eq(ctx.asid),
            load_page.eq(Mux(tlb.valid, tlb.page, self.f_page)),
            load_space.eq(Mux(tlb.valid, request_space, space)),
            tlb.mode.eq(request_space.mode),
            tlb.asid.eq(request_space.asid),
        ]
        rights = Signal(self._rights)
        fault, refill_fault = Signal(FetchFault), Signal()
        load = Signal()
        with m.If(tlb.valid):
            m.d.comb += [rights[name].eq(tlb.entry[name]) for name, _ in self._rights]
        with m.Else():
            m.d.comb += rights.eq(table_rights)
        user_mismatch = ((load_space.mode == Mode.SV39)
                         & (rights.u != (load_space.priv == Priv.U)))
        m.d.comb += refill_fault.eq(tlb.valid & (tlb.page_fault | tlb.access_fault))
        with m.If(refill_fault):
            m.d.comb += fault.eq(Mux(tlb.page_fault, FetchFault.PAGE, FetchFault.ACCESS))
        with m.Elif(~rights.x | user_mismatch):
            m.d.comb += fault.eq(FetchFault.PAGE)
        with m.Elif(~rights.acc_x):
            m.d.comb += fault.eq(FetchFault.ACCESS)

        outdated = Signal()  # the request belongs to an abandoned fetch
        missing = Signal()
        m.d.comb += [
            missing.eq(self.look & ~self.hit.any()),
            self.wait.eq(missing & (tlb.valid | ~table_hit)),
            load.eq(Mux(tlb.valid, tlb.done & ~flushed, missing & table_hit)),
            self.retry.eq(~tlb.valid | tlb.done),
            self.refill_start.eq(missing & ~tlb.valid & ~table_hit),
        ]
        with m.If(self.give_up):
            m.d.sync += outdated.eq(1)
        with m.If(self.flush):
            m.d.sync += flushed.eq(1)
        with m.If(tlb.done):
            m.d.sync += tlb.valid.eq(0)
        with m.If(self.refill_start):
            m.d.sync += [
                tlb.valid.eq(1),
                tlb.page.eq(self.f_page.as_signed()),
                request_space.eq(space),
                outdated.eq(self.give_up),
                flushed.eq(self.flush),
            ]

        oldest = Signal()  # the register that was not used last
        with m.If(self.look & self.hit.any()):
            m.d.sync += oldest.eq(self.hit[0])
        # A page is valid only in the context for which it was loaded. So a trap and the return
        # from it both find their pages.
        faults = []
        for index in range(RECENT_PAGES):
            valid = Signal(name=f"valid_{index}")
            page = Signal(TLB_PAGE_BITS, reset_less=True, name=f"page_{index}")
            owner = Signal(self._space, reset_less=True, name=f"context_{index}")
            page_fault = Signal(FetchFault, reset_less=True, name=f"fault_{index}")
            ppn = Signal(self.params.ppn_bits, reset_less=True, name=f"ppn_{index}")
            refused = Signal(reset_less=True, name=f"refused_{index}")  # by the MMU: not to be kept
            m.d.comb += [
                self.hit[index].eq(valid & (Cat(page, owner) == Cat(self.f_page, space))),
                self.ppn[index].eq(ppn),
            ]
            faults.append(Mux(self.hit[index], page_fault.as_value(), 0))
            with m.If(self.give_up & refused):
                m.d.sync += valid.eq(0)
            with m.If(load & (oldest == index)):
                m.d.sync += [
                    valid.eq(~(refill_fault & (outdated | self.give_up))),
                    page.eq(load_page),
                    owner.eq(load_space),
                    ppn.eq(rights.ppn),
                    page_fault.eq(fault),
                    refused.eq(refill_fault),
                ]
            with m.If(self.flush):
                m.d.sync += valid.eq(0)
        m.d.comb += self.fault.as_value().eq(reduce(or_, faults))
        return m

    def _table(self, m, flushed):
        """The table: returns whether it has ``f_page``, and the rights. It is filled by the MMU."""
        params, ctx, tlb = self.params, self.ctx, self.tlb
        index_bits = exact_log2(params.itlb_entries)
        tag_layout = data.StructLayout({
            "page": TLB_PAGE_BITS - index_bits,
            "mode": Mode,
            "asid": params.asid_bits,
            "everywhere": 1,  # in every address space
        })

        def index(page):
            return page[:index_bits] ^ page[9:9 + index_bits]

        m.submodules.tags = tags = Memory(shape=tag_layout, depth=params.itlb_entries, init=[])
        m.submodules.rights = rights = Memory(shape=self._rights, depth=params.itlb_entries,
                                              init=[])
        valid = Signal(params.itlb_entries)
        tag, tag_write = tags.read_port(domain="comb"), tags.write_port()
        right, right_write = rights.read_port(domain="comb"), rights.write_port()
        fill = Signal()
        m.d.comb += [
            tag.addr.eq(index(self.f_page)),
            right.addr.eq(index(self.f_page)),
            fill.eq(tlb.valid & tlb.done & ~(tlb.page_fault | tlb.access_fault) & ~flushed),
            tag_write.en.eq(fill),
            tag_write.addr.eq(index(tlb.page)),
            tag_write.data.page.eq(tlb.page[index_bits:TLB_PAGE_BITS]),
            tag_write.data.mode.eq(tlb.mode),
            tag_write.data.asid.eq(tlb.asid),
            tag_write.data.everywhere.eq(tlb.entry.g | (tlb.mode != Mode.SV39)),
            right_write.en.eq(fill),
            right_write.addr.eq(index(tlb.page)),
        ]
        m.d.comb += [right_write.data[name].eq(tlb.entry[name]) for name, _ in self._rights]
        with m.If(fill):
            m.d.sync += valid.bit_select(index(tlb.page), 1).eq(1)
        with m.If(self.flush):
            m.d.sync += valid.eq(0)
        hit = (
            valid.bit_select(index(self.f_page), 1)
            & (tag.data.page == self.f_page[index_bits:])
            & (tag.data.mode == ctx.mode)
            & (tag.data.everywhere | (tag.data.asid == ctx.asid[:params.asid_bits]))
        )
        return hit, right.data
