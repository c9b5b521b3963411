"""Registers of 8 bytes on a data bus of 32 bits."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect

from .word import WordSignature, WordToMmio


class WordPair(wiring.Component):
    """Combines two accesses of 4 bytes, the lower word first, into one of 8 bytes.

    It is for devices with registers of 8 bytes that allow no smaller access.

    - A write of the lower word stores it and has no other effect. A write of the upper word then
      writes both.
    - A read of the lower word reads both and stores the upper one. A read of the upper word then
      returns the stored word and has no other effect, so both halves are from the same moment.
    - A stored word is used once, for the upper word of the same dword. An upper word without its
      lower word is refused: ``error``, and no access. A word stored for another dword is kept.
    - A read that is answered with an error stores nothing.
    - An access to part of a word is refused; an access without strobes has no effect.

    Sharing: one word is stored for writes and one for reads, for all initiators together. Writes
    and reads do not affect each other. A new lower word replaces the stored one, so software that
    shares the device must hold a lock from the first to the second word. Without a lock, mixed
    halves of different dwords are refused, but mixed halves of one dword go unnoticed. A converter
    that splits an access of 64 bits in ascending order needs no lock.

    Timing: combinational; a word that is only stored is done at once.
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
        with m.Elif(half.write == upper):  # the upper word of a write, or the lower one of a read
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
    """A stored word that waits for the other half of its dword."""

    def __init__(self, name: str, addr_bits: int) -> None:
        self.valid = Signal(name=f"{name}_valid")
        self.addr = Signal(addr_bits, name=f"{name}_addr", reset_less=True)
        self.data = Signal(32, name=f"{name}_data", reset_less=True)

    def take(self, valid: Value | int, addr: Value, data: Value) -> list:
        return [self.valid.eq(valid), self.addr.eq(addr), self.data.eq(data)]


def attach_mmio(m: Module, mmio: wiring.PureInterface, *, data_bits: int,
                paired: bool) -> wiring.PureInterface:
    """Adds a translator from word accesses to the initiator port ``mmio`` to ``m``.

    With ``paired``, a ``WordPair`` is added for a data bus of 32 bits. Returns the word port.
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
