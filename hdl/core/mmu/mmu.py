"""Memory management unit: serves the misses of the first-level TLBs."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ...bus.coherent import MemoryPortSignature
from ..params import HartParams
from .l2tlb import VPN_BITS, L2Tlb
from .protect import Protect
from .translation import Mode, PmpEntry, RefillSignature, TlbFlush, tlb_entry_layout
from .walker import SATP_PPN_BITS, Walker


class Mmu(wiring.Component):
    """Second-level TLB, table walker, PMP and physical memory attributes behind two refill ports.

    One request is served at a time; ``data`` has priority over ``fetch``. ``done`` comes 2 cycles
    after ``valid`` on a second-level hit, 3 cycles after it in a bare mode, otherwise at the end of
    a walk. Without a second-level hit, each PMP entry that is checked takes another cycle.

    An answer never depends on anything read before the end of a cycle with ``flush.valid``.
    ``done`` is suppressed in that cycle, and the work restarts.

    ``asid`` comes from ``satp`` and changes together with ``satp_ppn``. A request for another
    address space was made before ``satp`` changed, and its owner no longer needs it. It is answered
    from the second-level TLB or with ``page_fault``.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "fetch": In(RefillSignature(params)),
            "data": In(RefillSignature(params)),
            "asid": In(16),
            "satp_ppn": In(SATP_PPN_BITS),
            "pmp": In(data.ArrayLayout(PmpEntry, params.pmp_entries)),
            "flush": In(TlbFlush),
            "mem": Out(MemoryPortSignature(params.paddr_bits, params.line_bytes)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.l2tlb = l2tlb = L2Tlb(self.params)
        m.submodules.walker = walker = Walker(self.params)
        m.submodules.protect = protect = Protect(self.params)
        connect(m, walker.check, protect.check)
        connect(m, walker.mem, flipped(self.mem))

        idle, for_data, serving_data = Signal(), Signal(), Signal()
        page, mode, asid = Signal(52), Signal(Mode), Signal(16)
        m.d.comb += for_data.eq(Mux(idle, self.data.valid, serving_data))
        with m.If(for_data):
            m.d.comb += [page.eq(self.data.page), mode.eq(self.data.mode), asid.eq(self.data.asid)]
        with m.Else():
            m.d.comb += [page.eq(self.fetch.page), mode.eq(self.fetch.mode),
                         asid.eq(self.fetch.asid)]

        bare = mode != Mode.SV39
        out_of_reach = page[self.params.ppn_bits:].any()  # not a physical address
        canonical = page[VPN_BITS - 1:].all() | ~page[VPN_BITS - 1:].any()
        asid_bits = self.params.asid_bits
        moved_on = asid[:asid_bits] != self.asid[:asid_bits]

        barred = Signal(reset_less=True)  # the page in LOOKUP is not an address, found in IDLE
        done, stale = Signal(), Signal()
        entry = Signal(tlb_entry_layout(self.params), reset_less=True)
        page_fault, access_fault = Signal(reset_less=True), Signal(reset_less=True)
        m.d.comb += [
            protect.pmp.eq(self.pmp),
            walker.page.eq(page),
            walker.bare.eq(bare),
            walker.machine.eq(mode == Mode.BARE_M),
            walker.satp_ppn.eq(self.satp_ppn),
            l2tlb.page.eq(page),
            l2tlb.asid.eq(asid),
            l2tlb.fill_entry.eq(walker.entry),
            l2tlb.superpage.eq(walker.superpage),
            l2tlb.flush.eq(self.flush),
        ]
        for port, selected in ((self.data, serving_data), (self.fetch, ~serving_data)):
            m.d.comb += [
                port.done.eq(done & selected),
                port.entry.eq(entry),
                port.page_fault.eq(page_fault),
                port.access_fault.eq(access_fault),
            ]

        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += idle.eq(1)
                m.d.sync += [
                    serving_data.eq(for_data),
                    stale.eq(0),
                    barred.eq(Mux(bare, out_of_reach, ~canonical)),
                ]
                with m.If(self.data.valid | self.fetch.valid):
                    m.d.comb += l2tlb.read.eq(1)
                    m.next = "LOOKUP"

            with m.State("LOOKUP"):
                m.d.sync += [entry.eq(l2tlb.entry), page_fault.eq(0), access_fault.eq(0)]
                with m.If(self.flush.valid):
                    m.next = "IDLE"
                with m.Elif(barred):
                    m.d.sync += [access_fault.eq(bare), page_fault.eq(~bare)]
                    m.next = "DONE"
                with m.Elif(~bare & l2tlb.hit):
                    m.next = "DONE"
                with m.Elif(~bare & moved_on):
                    m.d.sync += page_fault.eq(1)
                    m.next = "DONE"
                with m.Else():
                    m.d.comb += walker.start.eq(1)
                    m.next = "WALK"

            with m.State("WALK"):
                with m.If(self.flush.valid):
                    m.d.sync += stale.eq(1)
                with m.If(walker.done):
                    m.d.sync += [
                        entry.eq(walker.entry),
                        page_fault.eq(walker.page_fault),
                        access_fault.eq(walker.access_fault),
                    ]
                    with m.If(stale | self.flush.valid):
                        m.next = "IDLE"
                    with m.Else():
                        m.d.comb += l2tlb.fill.eq(
                            ~bare & ~walker.page_fault & ~walker.access_fault)
                        m.next = "DONE"

            with m.State("DONE"):
                m.d.comb += done.eq(~self.flush.valid)
                m.next = "IDLE"
        return m
