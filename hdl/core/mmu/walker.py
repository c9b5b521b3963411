"""Page-table walker for Sv39."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ...bus.coherent import MemOp, MemoryPortSignature, MemSource
from ..params import HartParams
from .l2tlb import VPN_BITS
from .protect import CheckSignature
from .translation import tlb_entry_layout

LEVELS = 3
LEVEL_BITS = 9  # of the page number, resolved by each level
SATP_PPN_BITS = 44


class PteFlags(data.Struct):
    """Bits 7:0 of a page-table entry."""

    v: 1
    r: 1
    w: 1
    x: 1
    u: 1
    g: 1
    a: 1
    d: 1


class Pte(data.Struct):
    """A page-table entry of Sv39."""

    flags: PteFlags
    software: 2
    ppn: SATP_PPN_BITS
    reserved: 10  # N, PBMT and reserved bits: none of these extensions is implemented


class Walker(wiring.Component):
    """Translates one page at a time by the algorithm of the privileged specification, chapter
    "Virtual Address Translation Process".

    ``start`` begins a translation and takes ``satp_ppn``. ``page`` must be stable from then until
    the one cycle of ``done``, in which the results are valid. With ``bare`` there is no walk, and
    only the rights and attributes of ``page`` are determined, for M-mode if ``machine``.

    Permissions of the leaf are reported, not checked. But a leaf must have A set, and ``w`` needs D
    (Svade). Page-table entries are read only from cached regions that S-mode may read; otherwise
    the result is ``access_fault``. A leaf outside the implemented physical addresses has no rights
    (``acc_* = 0``). ``superpage``: the leaf covers more than the page.

    A walk takes 3 cycles and one memory read for each level, and 2 more cycles. Each PMP entry that
    is checked takes another cycle.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "start": In(1),
            "bare": In(1),
            "machine": In(1),
            "page": In(max(VPN_BITS, params.ppn_bits)),
            "satp_ppn": In(SATP_PPN_BITS),
            "done": Out(1),
            "page_fault": Out(1),
            "access_fault": Out(1),
            "entry": Out(tlb_entry_layout(params)),
            "superpage": Out(1),
            "check": Out(CheckSignature(params)),
            "mem": Out(MemoryPortSignature(params.paddr_bits, params.line_bytes)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        ppn_bits = self.params.ppn_bits
        mem, check, entry = self.mem, self.check, self.entry

        level = Signal(range(LEVELS), reset_less=True)
        ppn = Signal(ppn_bits, reset_less=True)  # the table, then the leaf's page
        beyond = Signal(reset_less=True)  # ppn is not an implemented physical address
        flags = Signal(PteFlags, reset_less=True)  # of the entry read last
        reserved = Signal(reset_less=True)
        everywhere = Signal(reset_less=True)  # an entry of the walk had G set
        machine = Signal(reset_less=True)

        pte = Pte(mem.response.p.data)
        vpn = [self.page[LEVEL_BITS * n:LEVEL_BITS * (n + 1)] for n in range(LEVELS)]
        index = Signal(LEVEL_BITS)
        with m.Switch(level):
            for number in range(LEVELS):
                with m.Case(number):
                    m.d.comb += index.eq(vpn[number])
        m.d.comb += [
            check.page.eq(ppn),
            check.machine.eq(machine),
            mem.request.p.op.eq(MemOp.READ),
            mem.request.p.source.eq(MemSource.WALKER),
            mem.request.p.addr.eq(Cat(C(0, 3), index, ppn)),

            entry.ppn.eq(ppn),
            entry.r.eq(flags.r),
            entry.w.eq(flags.w & flags.d),
            entry.x.eq(flags.x),
            entry.u.eq(flags.u),
            entry.g.eq(everywhere),
            entry.acc_r.eq(check.r & ~beyond),
            entry.acc_w.eq(check.w & ~beyond),
            entry.acc_x.eq(check.x & ~beyond),
            entry.io.eq(check.io & ~beyond),
            self.superpage.eq(level != 0),
        ]

        leaf = flags.r | flags.x
        misaligned = ((level != 0) & ppn[:LEVEL_BITS].any()) | (
            (level == 2) & ppn[LEVEL_BITS:2 * LEVEL_BITS].any())
        malformed = ~flags.v | (flags.w & ~flags.r) | reserved
        bad_leaf = ~flags.a | misaligned
        bad_pointer = flags.a | flags.d | flags.u | (level == 0)

        with m.FSM():
            with m.State("IDLE"):
                with m.If(self.start):
                    m.d.sync += [
                        level.eq(Mux(self.bare, 0, LEVELS - 1)),
                        beyond.eq(~self.bare & self.satp_ppn[ppn_bits:].any()),
                        flags.as_value().eq(0xFF),
                        everywhere.eq(0),
                        machine.eq(self.bare & self.machine),
                    ]
                    with m.If(self.bare):
                        m.d.sync += ppn.eq(self.page)
                        m.next = "LEAF"
                    with m.Else():
                        m.d.sync += ppn.eq(self.satp_ppn)
                        m.next = "TABLE"

            with m.State("TABLE"):  # may the table be read?
                m.d.comb += check.valid.eq(1)
                with m.If(check.done):
                    with m.If(check.r & ~check.io & ~beyond):
                        m.next = "REQUEST"
                    with m.Else():
                        m.d.comb += [self.done.eq(1), self.access_fault.eq(1)]
                        m.next = "IDLE"

            with m.State("REQUEST"):
                m.d.comb += mem.request.valid.eq(1)
                with m.If(mem.request.ready):
                    m.next = "RESPONSE"

            with m.State("RESPONSE"):
                with m.If(mem.response.valid):
                    m.d.sync += [
                        ppn.eq(pte.ppn),
                        beyond.eq(pte.ppn[ppn_bits:].any()),
                        flags.eq(pte.flags),
                        reserved.eq(pte.reserved.any()),
                    ]
                    m.next = "ENTRY"

            with m.State("ENTRY"):
                m.d.sync += everywhere.eq(everywhere | flags.g)
                with m.If(malformed | Mux(leaf, bad_leaf, bad_pointer)):
                    m.d.comb += [self.done.eq(1), self.page_fault.eq(1)]
                    m.next = "IDLE"
                with m.Elif(leaf):
                    with m.If(level != 0):
                        m.d.sync += ppn[:LEVEL_BITS].eq(vpn[0])
                    with m.If(level == 2):
                        m.d.sync += ppn[LEVEL_BITS:2 * LEVEL_BITS].eq(vpn[1])
                    m.next = "LEAF"
                with m.Else():
                    m.d.sync += level.eq(level - 1)
                    m.next = "TABLE"

            with m.State("LEAF"):
                m.d.comb += check.valid.eq(1)
                with m.If(check.done):
                    m.d.comb += self.done.eq(1)
                    m.next = "IDLE"
        return m
