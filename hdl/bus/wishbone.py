"""Bridge from Wishbone to an MMIO port."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, flipped

from .mmio import MmioSignature
from .word import check_data_bits, word_bits
from .word_pair import attach_mmio


class WishboneSignature(wiring.Signature):
    """Wishbone B4 with 8-bit granularity, seen from the initiator.

    ``adr`` is a byte address; the bits below the data word are ignored.
    """

    def __init__(self, addr_bits: int, data_bits: int) -> None:
        check_data_bits(data_bits)
        self.addr_bits, self.data_bits = addr_bits, data_bits
        super().__init__({
            "cyc": Out(1),
            "stb": Out(1),
            "we": Out(1),
            "adr": Out(addr_bits),
            "sel": Out(data_bits // 8),
            "dat_w": Out(data_bits),
            "dat_r": In(data_bits),
            "ack": In(1),
            "err": In(1),  # instead of ``ack``
            "stall": In(1),
        })


class WishboneToMmio(wiring.Component):
    """Wishbone B4 target, pipelined and classic (not registered feedback), in front of MMIO.

    ``addr_bits`` is the address width of the MMIO port; ``data_bits`` is 32 or 64. ``sel``
    determines size and lane, also of reads. ``WordToMmio`` says which accesses are refused; they
    get ``err``. With ``paired`` (32 bits only), two words make an access of 8 bytes
    (``WordPair``).

    One access is in flight at a time: ``stall`` is high from the cycle after its acceptance up to
    the cycle of its ``ack`` or ``err``. A classic initiator leaves ``stall`` open. Nothing is
    accepted while ``stall`` is high, so an access that holds ``stb`` until the answer is performed
    once. An initiator that drops ``cyc`` gets no answer. The access is performed nevertheless, and
    ``stall`` stays high until then.

    Timing: all inputs and outputs are registered. A write is answered two cycles after its
    acceptance. A read is answered after three cycles, if the device answers in one. The next
    access is accepted one cycle after the answer. A write is answered when the device has accepted
    it.
    """

    def __init__(self, *, addr_bits: int, data_bits: int, paired: bool = False) -> None:
        check_data_bits(data_bits, paired=paired)
        self.addr_bits, self.data_bits, self.paired = addr_bits, data_bits, paired
        super().__init__({
            "wb": In(WishboneSignature(addr_bits, data_bits)),
            "mmio": Out(MmioSignature(addr_bits)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        wb = self.wb
        word = attach_mmio(m, flipped(self.mmio), data_bits=self.data_bits, paired=self.paired)

        dropped = Signal()  # the initiator no longer waits for the answer
        access = Cat(word.write, word.addr, word.strobe, word.w_data)
        taken = Signal(len(access), reset_less=True)
        m.d.comb += access.eq(taken)

        with m.FSM():
            with m.State("IDLE"):
                with m.If(wb.cyc & wb.stb):
                    m.d.sync += [
                        taken.eq(Cat(wb.we, wb.adr[word_bits(self.data_bits):], wb.sel, wb.dat_w)),
                        wb.stall.eq(1),
                        dropped.eq(0),
                    ]
                    m.next = "ACCESS"
            with m.State("ACCESS"):
                m.d.comb += word.valid.eq(1)
                gone = dropped | ~wb.cyc
                m.d.sync += dropped.eq(gone)
                with m.If(word.done):
                    m.d.sync += [
                        wb.ack.eq(~gone & ~word.error),
                        wb.err.eq(~gone & word.error),
                        wb.dat_r.eq(word.r_data),
                    ]
                    m.next = "ANSWER"
            with m.State("ANSWER"):
                m.d.sync += [wb.ack.eq(0), wb.err.eq(0), wb.stall.eq(0)]
                m.next = "IDLE"
        return m
