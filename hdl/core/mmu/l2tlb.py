"""Second-level TLB: many pages in block RAM, looked up in two cycles."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..params import HartParams
from .translation import TlbFlush, tlb_entry_layout

VPN_BITS = 27  # vaddr[38:12]
SPREAD_BITS = 3  # low ASID bits that take part in the index


class L2Tlb(wiring.Component):
    """A direct-mapped TLB of 4 KiB pages of all Sv39 address spaces.

    The index is the low bits of the page number. In the lower half of the address space, processes
    tend to use different pages at the same address. There the index also depends on low bits of the
    ASID, so that two processes do not evict each other's entries. A global page of that half is
    found only by ASIDs with the same low bits as the one that filled it.

    Look-up: ``read`` with ``page`` and ``asid`` in cycle ``n``. ``hit`` and ``entry`` are valid in
    cycle ``n + 1``, with the same ``page`` and ``asid``. ``fill`` stores ``fill_entry`` for
    ``page`` and ``asid``; ``superpage`` says that it is a part of a superpage. A look-up that
    starts in the cycle of a fill misses.

    ``flush`` takes effect in the next cycle, has priority over a fill in its cycle, and clears the
    RAM in the background. Until it has finished nothing hits and fills are lost. A flush of one
    page clears all its possible entries, in 8 cycles. If parts of a superpage were filled in its
    half of the address space, everything is cleared, as by ``flush.all`` and reset, in
    ``l2tlb_entries`` cycles.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        self.index_bits = (params.l2tlb_entries - 1).bit_length()
        if not SPREAD_BITS < self.index_bits < VPN_BITS - 1:
            raise ValueError(
                f"l2tlb_entries must be at least {2 << SPREAD_BITS}, not {params.l2tlb_entries!r}"
            )
        layout = tlb_entry_layout(params)
        super().__init__({
            "read": In(1),
            "page": In(VPN_BITS),
            "asid": In(16),
            "hit": Out(1),
            "entry": Out(layout),
            "fill": In(1),
            "fill_entry": In(layout),
            "superpage": In(1),
            "flush": In(TlbFlush),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        asid_bits, index_bits = self.params.asid_bits, self.index_bits
        row_layout = data.StructLayout({
            "valid": 1,
            "page": VPN_BITS - index_bits,
            "asid": asid_bits,
            "entry": tlb_entry_layout(self.params),
        })
        m.submodules.rows = rows = Memory(
            shape=row_layout, depth=self.params.l2tlb_entries, init=[],
            attrs={"ram_style": "block", "no_rw_check": 1},  # not read while it is written
        )
        read, write = rows.read_port(), rows.write_port()

        row = read.data
        half = self.page[-1]
        moved = Mux(half, 0, self.asid[:SPREAD_BITS])
        # An index that depends on the ASID identifies the page only together with those ASID bits.
        # So they are compared for global pages too.
        unmoved = half | (row.asid[:SPREAD_BITS] == self.asid[:SPREAD_BITS])
        index = self.page[:index_bits] ^ (moved << (index_bits - SPREAD_BITS))
        m.d.comb += [
            read.addr.eq(index),
            read.en.eq(self.read & ~write.en),
            self.entry.eq(row.entry),
        ]

        clearing = Signal(init=1)
        everything = Signal(init=1)  # clear all entries, not only those of one page
        next_clear = Signal(index_bits)
        clear_step = Mux(everything, 1, 1 << (index_bits - SPREAD_BITS))
        after_clear = Signal(index_bits + 1)
        lost = Signal()  # the RAM was written when it should have been read
        superpages = Signal(2)  # entries cut from superpages were filled, by half
        m.d.comb += after_clear.eq(next_clear + clear_step)
        m.d.sync += lost.eq(write.en)
        with m.If(clearing):
            m.d.sync += next_clear.eq(after_clear)
            with m.If(after_clear[-1]):
                m.d.sync += clearing.eq(0)
        with m.Elif(self.fill & self.superpage):
            m.d.sync += superpages.bit_select(half, 1).eq(1)
        with m.If(self.flush.valid):
            m.d.sync += clearing.eq(1)
            with m.If(self.flush.all | clearing | superpages.bit_select(self.flush.page[-1], 1)):
                m.d.sync += [everything.eq(1), next_clear.eq(0), superpages.eq(0)]
            with m.Else():
                m.d.sync += [
                    everything.eq(0),
                    next_clear.eq(self.flush.page[:index_bits - SPREAD_BITS]),
                ]

        m.d.comb += [
            self.hit.eq(
                row.valid & (row.page == self.page[index_bits:])
                & ((row.entry.g & unmoved) | (row.asid == self.asid[:asid_bits]))
                & ~clearing & ~lost
            ),
            write.en.eq(clearing | (self.fill & ~self.flush.valid)),
            write.addr.eq(Mux(clearing, next_clear, index)),
            write.data.valid.eq(~clearing),
            write.data.page.eq(self.page[index_bits:]),
            write.data.asid.eq(self.asid[:asid_bits]),
            write.data.entry.eq(self.fill_entry),
        ]
        return m
