"""The operation in Memory, and which of its dwords comes next."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..mmu.translation import tlb_entry_layout
from ..params import PAGE_BITS, HartParams
from .types import Kind, LsuOp, LsuRequest, Place, operation_layout, wild


class Progress(data.Struct):
    """What becomes of the operation. At most one at a time."""

    to_upper: 1  # the second dword is looked up next
    to_lower: 1  # the first one again, after the second one
    translated: 1  # the MMU has translated the current dword
    redirected: 1  # UIPI: an aligned dword at ``target`` is accessed in the place of the operand
    low: 1  # SC: its answer is in the low bytes


class Operation(wiring.Component):
    """Holds the operation in M.

    With ``advance`` it becomes the request ``x`` at ``place``. This has priority over ``progress``.
    ``found`` is the DTLB's answer for that request, or for the second dword if ``to_upper`` leads
    to another page. ``walked`` is the MMU's answer that comes with ``translated``.

    ``operation`` and what follows from it (``kind``, the address ``paddr`` of the current dword,
    ``upper_addr`` of the second one, the bytes ``mask`` of both) change after the clock edge.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        entry = tlb_entry_layout(params)
        super().__init__({
            "advance": In(1),
            "x": In(LsuRequest),
            "place": In(Place),
            "progress": In(Progress),
            "found": In(data.StructLayout({"hit": 1, "entry": entry})),
            "walked": In(entry),
            "target": In(params.paddr_bits),
            "operation": Out(operation_layout(params)),
            "kind": Out(Kind),
            "paddr": Out(params.paddr_bits),
            "upper_addr": Out(64),
            "mask": Out(16),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        now = Signal(operation_layout(self.params), reset_less=True)
        m.d.comb += self.operation.eq(now)
        self._derive(m, now)
        self._proceed(m, now)
        with m.If(self.advance):
            self._enter(m, now)
        return m

    def _derive(self, m, now) -> None:
        kind = self.kind
        m.d.comb += [
            kind.load.eq(now.op == LsuOp.LOAD),
            kind.store.eq(now.op == LsuOp.STORE),
            kind.uipi.eq(now.op == LsuOp.UIPI),
            kind.atomic.eq(~kind.load & ~kind.store & ~kind.uipi),
            self.paddr.eq(Cat(now.offset, now.entry.ppn)),
            self.upper_addr[3:].eq(now.vaddr[3:] + 1),
        ]
        with m.Switch(now.size):
            for size in range(4):
                with m.Case(size):
                    m.d.comb += self.mask.eq(((1 << (1 << size)) - 1) << now.vaddr[:3])
        with m.If(kind.uipi):
            m.d.comb += self.mask.eq(0xFF)

    def _proceed(self, m, now) -> None:
        upper_wild = Signal()
        m.d.comb += upper_wild.eq(wild(self.upper_addr))
        with m.If(self.progress.to_upper):
            m.d.sync += [
                now.upper.eq(1),
                now.offset.eq(self.upper_addr),
                now.first_ppn.eq(now.entry.ppn),
                now.last.eq(~(self.kind.store & now.spans)),
            ]
            with m.If(now.spans):
                m.d.sync += [
                    now.translated.eq(self.found.hit & ~upper_wild),
                    now.entry.eq(self.found.entry),
                    now.wild.eq(upper_wild),
                ]
        with m.If(self.progress.to_lower):
            m.d.sync += [
                now.upper.eq(0),
                now.checked.eq(1),
                now.last.eq(1),
                now.offset.eq(now.vaddr),
                now.entry.ppn.eq(now.first_ppn),
            ]
        with m.If(self.progress.translated):
            m.d.sync += [now.entry.eq(self.walked), now.translated.eq(1)]
        with m.If(self.progress.redirected):
            m.d.sync += [
                Cat(now.offset, now.entry.ppn).eq(self.target),
                now.size.eq(3),
                now.shift.eq(0),
                now.crosses.eq(0),
            ]
        with m.If(self.progress.low):
            m.d.sync += now.shift.eq(0)

    def _enter(self, m, now) -> None:
        x, place = self.x, self.place
        m.d.sync += [
            now.op.eq(x.op),
            now.size.eq(x.size),
            now.unsigned.eq(x.unsigned),
            now.funct7.eq(x.funct7),
            now.vaddr.eq(place.addr),
            now.shift.eq(place.addr),
            now.unaligned.eq(place.unaligned),
            now.crosses.eq(place.crosses),
            now.spans.eq(place.crosses & place.addr[3:PAGE_BITS].all()),
            now.upper.eq(0),
            now.checked.eq(0),
            now.last.eq(~place.crosses),
            now.offset.eq(place.addr),
            now.wild.eq(place.wild),
            now.translated.eq(self.found.hit & ~place.wild),
            now.entry.eq(self.found.entry),
        ]
