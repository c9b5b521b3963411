"""Proofs about the first-level TLB."""

import dataclasses

from amaranth import *
from amaranth.asserts import AnyConst
from amaranth.hdl import Assert, Assume, Cover
from amaranth.lib import wiring
from amaranth.lib.wiring import connect, flipped

from hdl.core.mmu.tlb import MicroTlb
from hdl.core.mmu.translation import TLB_PAGE_BITS, Mode, tlb_entry_layout
from hdl.core.params import configuration
from tests.support.formal import prove

PARAMS = dataclasses.replace(configuration("tiny"), asid_bits=2)
ENTRIES = 3


class TlbSpec(wiring.Component):
    """A hit returns the latest fill for that page, provided that it was not flushed since.

    This also proves that at most one entry hits: two hits would return the union of both entries,
    which differs from the latest fill.
    """

    def __init__(self, dut: MicroTlb) -> None:
        self.dut = dut
        super().__init__(dut.signature)

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        connect(m, flipped(self), dut)
        m.d.comb += Assume(~ResetSignal())

        page, asid = AnyConst(TLB_PAGE_BITS), AnyConst(2)
        mode = AnyConst(2)
        for used in (dut.mode, dut.fill_mode):
            m.d.comb += Assume(used.as_value() <= Mode.SV39.value)

        filled, last = Signal(), Signal(tlb_entry_layout(PARAMS))
        fills, asid_before = Signal(3), Signal(2)
        everywhere = (mode != Mode.SV39.value) | dut.fill_entry.g
        m.d.sync += [asid_before.eq(dut.asid[:2]), fills.eq(fills + dut.fill)]
        with m.If(dut.fill & (dut.fill_page == page) & (dut.fill_mode.as_value() == mode)
                  & (everywhere | (dut.fill_asid[:2] == asid))):
            m.d.sync += [filled.eq(1), last.eq(dut.fill_entry)]
        with m.If(dut.flush):
            m.d.sync += filled.eq(0)

        looked_up = (dut.page == page) & (dut.mode.as_value() == mode) & (
            dut.asid[:2] == asid) & (asid_before == asid)
        with m.If(looked_up & dut.hit):
            m.d.comb += [Assert(filled), Assert(dut.entry == last)]
        with m.If(~dut.hit):
            m.d.comb += Assert(dut.entry.as_value() == 0)
        m.d.comb += [
            Cover(looked_up & dut.hit & (fills == ENTRIES + 1)),
            Cover(looked_up & dut.hit & last.g & (mode == Mode.SV39.value)),
        ]
        return m


def test_tlb():
    prove(TlbSpec(MicroTlb(PARAMS, ENTRIES)), "micro_tlb", depth=2 * ENTRIES + 3)
