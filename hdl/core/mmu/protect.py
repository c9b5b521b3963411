"""Physical memory protection and physical memory attributes of one page."""

from collections.abc import Iterator

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..params import PAGE_BITS, HartParams, RegionKind
from .translation import PmpEntry

PMP_TOR, PMP_NAPOT = 1, 3  # values of PmpEntry.a that match something
PAGE_START = 10  # pmpaddr holds address bits 55:2, so a page number starts here


class CheckSignature(wiring.Signature):
    """A query for the rights on a physical page, seen from the initiator.

    ``valid`` is held with a stable ``page`` and ``machine`` until the one cycle of ``done``, in
    which the answer is valid. Lowering ``valid`` earlier abandons the query.
    """

    def __init__(self, params: HartParams) -> None:
        super().__init__({
            "valid": Out(1),
            "page": Out(params.ppn_bits),
            "machine": Out(1),  # rights of M-mode; otherwise those of S- and U-mode
            "done": In(1),
            "r": In(1),
            "w": In(1),
            "x": In(1),
            "io": In(1),  # uncached region
        })


def aligned_blocks(first: int, count: int) -> Iterator[tuple[int, int]]:
    """Splits ``count`` pages from ``first`` on into naturally aligned powers of two.

    Yields the first page of each block, and the binary logarithm of its size in pages.
    """
    while count:
        log2 = count.bit_length() - 1
        if first:
            log2 = min(log2, (first & -first).bit_length() - 1)
        yield first, log2
        first += 1 << log2
        count -= 1 << log2


class Protect(wiring.Component):
    """Rights on a 4 KiB page: those of its region, reduced by PMP.

    PMP entries are checked one a cycle, lowest first, until one matches or no higher one is
    enabled. So an answer takes 1 to ``pmp_entries`` cycles. ``pmp`` must be stable meanwhile and in
    the cycle before. Address bits below a page are ignored (granularity 4 KiB); NA4 is treated as
    OFF. A page outside every region has no rights.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "check": In(CheckSignature(params)),
            "pmp": In(data.ArrayLayout(PmpEntry, params.pmp_entries)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        check = self.check
        inside = {kind: self._inside(kind) for kind in RegionKind}
        readable = Cat(inside.values()).any()
        writable = inside[RegionKind.MEMORY] | inside[RegionKind.IO]
        executable = inside[RegionKind.MEMORY] | inside[RegionKind.ROM]
        m.d.comb += check.io.eq(inside[RegionKind.IO])

        entries = self.params.pmp_entries
        if entries == 0:
            m.d.comb += [
                check.done.eq(check.valid),
                Cat(check.r, check.w, check.x).eq(Cat(readable, writable, executable)),
            ]
            return m

        index = Signal(range(entries))
        above_previous = Signal(init=1)  # the page is not below the address of entry index - 1
        entry, following = Signal(PmpEntry, reset_less=True), Signal(PmpEntry)
        with m.Switch(index):
            for number in range(1, entries):
                with m.Case(number - 1):
                    m.d.comb += following.eq(self.pmp[number])
        page = Signal(54 - PAGE_START)
        address = entry.addr[PAGE_START:]
        range_bits = entry.addr[PAGE_START - 1:]
        below, inside_range, match = Signal(), Signal(), Signal()
        m.d.comb += [
            page.eq(check.page),
            below.eq(page < address),
            # trailing ones, and the zero above them, cover the address bits that may differ
            inside_range.eq(
                ((Cat(C(0, 1), page) ^ range_bits) & ~(range_bits ^ (range_bits + 1))) == 0
            ),
        ]
        with m.Switch(entry.a):
            with m.Case(PMP_TOR):
                m.d.comb += match.eq(above_previous & below)
            with m.Case(PMP_NAPOT):
                m.d.comb += match.eq(inside_range)

        more = Signal()  # a higher entry is enabled
        m.d.comb += more.eq(Cat(
            self.pmp[other].a[0] & (index < other) for other in range(1, entries)
        ).any())
        m.d.comb += check.done.eq(check.valid & (match | ~more))
        with m.If(check.valid & ~check.done):
            m.d.sync += [index.eq(index + 1), entry.eq(following), above_previous.eq(~below)]
        with m.Else():
            m.d.sync += [index.eq(0), entry.eq(self.pmp[0]), above_previous.eq(1)]

        free = check.machine & ~(match & entry.lock)
        m.d.comb += [
            check.r.eq(readable & (free | (match & entry.r))),
            check.w.eq(writable & (free | (match & entry.w))),
            check.x.eq(executable & (free | (match & entry.x))),
        ]
        return m

    def _inside(self, kind: RegionKind) -> Value:
        """Whether the page lies in a region of this kind."""
        blocks = [
            block
            for region in self.params.regions if region.kind is kind
            for block in aligned_blocks(region.base >> PAGE_BITS, region.size >> PAGE_BITS)
        ]
        return Cat(self.check.page[log2:] == first >> log2 for first, log2 in blocks).any()
