"""Word accesses of another system's data bus, and their translation to MMIO accesses."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .mmio import MmioSignature

DATA_BITS = (32, 64)


def check_data_bits(data_bits: int, *, paired: bool = False) -> None:
    """Raises ``ValueError`` for a data width that the bridges do not support."""
    if data_bits not in DATA_BITS:
        raise ValueError(f"a data bus has 32 or 64 bits, not {data_bits!r}")
    if paired and data_bits != 32:
        raise ValueError(f"only a data bus of 32 bits has its words paired, not of {data_bits!r}")


def word_bits(data_bits: int) -> int:
    """Width of a byte offset within a word of the data bus."""
    return (data_bits // 8).bit_length() - 1


class WordSignature(wiring.Signature):
    """One access to a word of ``data_bits`` bits, seen from the initiator.

    The initiator holds ``valid`` and the request until ``done``. ``done`` is high for one cycle, in
    the first cycle of the access or later. ``valid`` in the next cycle is another access. ``data``
    and ``error`` are meaningful in the cycle of ``done``.
    """

    def __init__(self, addr_bits: int, data_bits: int) -> None:
        check_data_bits(data_bits)
        self.addr_bits, self.data_bits = addr_bits, data_bits
        super().__init__({
            "valid": Out(1),
            "write": Out(1),
            "addr": Out(addr_bits - word_bits(data_bits)),  # of the word: a byte address shifted
            "w_data": Out(data_bits),
            "strobe": Out(data_bits // 8),  # the bytes to write, or wanted by a read
            "done": In(1),
            "r_data": In(data_bits),
            "error": In(1),  # refused without effect, or the read was answered with an error
        })


class WordToMmio(wiring.Component):
    """Performs word accesses on an MMIO port.

    The strobes must select 1, 2, 4 or 8 naturally aligned bytes. An access without strobes has no
    effect, and reads 0. Other strobes are refused: ``error``, and no MMIO access.

    Timing: combinational in both directions, except for one flip-flop that marks an accepted read.
    A write is done when the MMIO port accepts it, a read when it is answered.
    """

    def __init__(self, *, addr_bits: int, data_bits: int) -> None:
        self.addr_bits, self.data_bits = addr_bits, data_bits
        super().__init__({
            "word": In(WordSignature(addr_bits, data_bits)),
            "mmio": Out(MmioSignature(addr_bits)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        word, request, response = self.word, self.mmio.request, self.mmio.response
        lanes = self.data_bits // 8

        size, lane = Signal(2), Signal(word_bits(self.data_bits))
        allowed = Signal()
        with m.Switch(word.strobe):
            for log2 in range(word_bits(self.data_bits) + 1):
                for first in range(0, lanes, 1 << log2):
                    with m.Case(((1 << (1 << log2)) - 1) << first):
                        m.d.comb += [size.eq(log2), lane.eq(first), allowed.eq(1)]

        asked = Signal()  # a read is outstanding
        accepted = request.valid & request.ready
        m.d.comb += [
            request.valid.eq(word.valid & allowed & ~asked),
            request.p.write.eq(word.write),
            request.p.addr.eq(Cat(lane, word.addr)),
            request.p.size.eq(size),
        ]
        if self.data_bits == 64:
            m.d.comb += [
                request.p.data.eq(word.w_data),
                request.p.mask.eq(word.strobe),
                word.r_data.eq(Mux(allowed, response.p.data, 0)),
            ]
        else:
            upper = word.addr[0]
            m.d.comb += [
                request.p.data.eq(word.w_data.replicate(2)),
                request.p.mask.eq(Mux(upper, Cat(C(0, 4), word.strobe), word.strobe)),
                word.r_data.eq(Mux(allowed, response.p.data.word_select(upper, 32), 0)),
            ]
        m.d.comb += [
            word.done.eq(Mux(allowed, Mux(word.write, accepted, response.valid), word.valid)),
            word.error.eq(Mux(allowed, ~word.write & response.p.error, word.strobe.any())),
        ]
        m.d.sync += asked.eq((asked | accepted & ~word.write) & ~response.valid)
        return m
