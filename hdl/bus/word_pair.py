"""Registers of 8 bytes on a data bus of 32 bits."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect

from .word import WordSignature, WordToMmio


class WordPair(wiring.Component):
    """Makes each access of 8 bytes out of two of 4 bytes, the lower word first.

    For devices all of whose registers have 8 bytes and allow nothing smaller.

    - Writing the lower word keeps it and does nothing else. Writing the upper word then performs
      the write of both.
    - Reading the lower word performs the read of both and keeps the upper word. Reading the upper
      word then gives what was kept, and does nothing else: the two halves are of one moment.
    - What is kept serves once, for the upper word of the same dword. An upper word without its
      lower one is refused: ``error``, and no access. What is kept for another dword stays.
    - A read that is answered with an error keeps nothing.
    - An access of some bytes of a word is refused; one of no bytes does nothing.

    Owner: one word is kept for writes and one for reads, whoever the initiator is; writes and reads
    do not disturb each other. Another lower word takes the place of the one that is kept, so
    software that shares the device holds a lock from the first to the second word. Without it,
    halves that are mixed up at different dwords are refused, those at one dword go unnoticed. A
    converter that splits an access of 64 bits in ascending order needs nothing.

    Timing: combinational; words that are only kept are done at once.
    """

    def __init__(self, *, addr_bits: int) -> None:
        self.addr_bits = addr_bits
        super().__init__({
            "half": In(WordSignature(addr_bits, 32)),
            "whole": Out(WordSignature(addr_bits, 64)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        half, whole = self.half, self.whole
        upper, dword = half.addr[0], half.addr[1:]

        kept = {name: self._kept(name) for name in ("write", "read")}
        m.d.comb += [
            whole.write .eq(half.write),
            whole.addr  .eq(dword),
            whole.strobe.eq(0xFF),
            whole.w_data.eq(Cat(kept["write"].data, half.w_data)),
        ]
        with m.If(half.strobe != 0xF):
            m.d.comb += [half.done.eq(half.valid), half.error.eq(half.strobe.any())]
        with m.Elif(half.write == upper):  # performs: a write's upper word, a read's lower one
            refused = half.write & ~(kept["write"].valid & (kept["write"].addr == dword))
            m.d.comb += [
                whole.valid.eq(half.valid & ~refused),
                half.done  .eq(whole.done | half.valid & refused),
                half.error .eq(whole.error | refused),
                half.r_data.eq(whole.r_data[:32]),
            ]
            with m.If(whole.valid & whole.done):
                with m.If(half.write):
                    m.d.sync += kept["write"].valid.eq(0)
                with m.Else():
                    m.d.sync += kept["read"].take(~whole.error, dword, whole.r_data[32:])
        with m.Elif(half.write):
            m.d.comb += half.done.eq(half.valid)
            with m.If(half.valid):
                m.d.sync += kept["write"].take(1, dword, half.w_data)
        with m.Else():
            found = kept["read"].valid & (kept["read"].addr == dword)
            m.d.comb += [
                half.done  .eq(half.valid),
                half.error .eq(~found),
                half.r_data.eq(Mux(found, kept["read"].data, 0)),
            ]
            with m.If(half.valid & found):
                m.d.sync += kept["read"].valid.eq(0)
        return m

    def _kept(self, name: str) -> "_Kept":
        return _Kept(name, self.addr_bits - 3)


class _Kept:
    """A word waiting for the other half of its dword."""

    def __init__(self, name: str, addr_bits: int) -> None:
        self.valid = Signal(name=f"{name}_valid")
        self.addr = Signal(addr_bits, name=f"{name}_addr", reset_less=True)
        self.data = Signal(32, name=f"{name}_data", reset_less=True)

    def take(self, valid: Value | int, addr: Value, data: Value) -> list:
        return [self.valid.eq(valid), self.addr.eq(addr), self.data.eq(data)]


def attach_mmio(m: Module, mmio: wiring.PureInterface, *, data_bits: int,
                paired: bool) -> wiring.PureInterface:
    """Puts into ``m`` what turns word accesses into accesses of the initiator port ``mmio``.

    ``paired`` puts a ``WordPair`` between a data bus of 32 bits and the port. Returns the port for
    the accesses.
    """
    addr_bits = mmio.signature.addr_bits
    m.submodules.to_mmio = to_mmio = WordToMmio(addr_bits=addr_bits,
                                                data_bits=64 if paired else data_bits)
    connect(m, to_mmio.mmio, mmio)
    if not paired:
        return to_mmio.word
    m.submodules.pair = pair = WordPair(addr_bits=addr_bits)
    connect(m, pair.whole, to_mmio.word)
    return pair.half
