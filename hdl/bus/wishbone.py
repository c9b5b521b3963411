"""Wishbone in front of an MMIO port."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, flipped

from .mmio import MmioSignature
from .word import check_data_bits, word_bits
from .word_pair import attach_mmio


class WishboneSignature(wiring.Signature):
    """Wishbone B4 with 8-bit granularity, seen from the initiator.

    ``adr`` is a byte address; the bits below the data word are not looked at.
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

    ``addr_bits`` are those of the MMIO port, ``data_bits`` 32 or 64. ``sel`` tells size and lane,
    of reads as well; see ``WordToMmio`` for what is refused with ``err``. With ``paired``, for
    32 bits only, accesses of 8 bytes are made of two words (``WordPair``).

    One access is in flight: ``stall`` is high from the cycle after one was taken up to the cycle of
    its ``ack`` or ``err``. An initiator of the classic kind leaves ``stall`` open: while it is high
    nothing is taken, so an access whose ``stb`` stays until the answer is performed once. An
    initiator that drops ``cyc`` gets no answer; the access is performed nevertheless, and
    ``stall`` stays high until then.

    Timing: every input goes to a register, every output comes from one. A write is answered two
    cycles after it is taken, a read of a device that answers after one cycle three; the next
    access is taken one cycle after the answer. A write is answered when the device has accepted it.
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

        dropped = Signal()  # nobody waits for the answer
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
