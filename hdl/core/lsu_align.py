"""Moves bytes between the lanes of an aligned dword and the low end of a register."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class LoadAlign(wiring.Component):
    """Takes ``1 << size`` bytes out of a dword, from byte ``shift`` on, and extends them.

    Combinational; ``raw`` is the late input. The access must lie within the dword. ``unsigned``
    extends with zeros.
    """

    raw: In(64)
    shift: In(3)
    size: In(2)
    unsigned: In(1)
    result: Out(64)

    def elaborate(self, platform) -> Module:
        m = Module()
        raw, shift, size = self.raw, self.shift, self.size
        by_4, by_2, low = Signal(56), Signal(40), Signal(32)
        m.d.comb += [
            by_4.eq(Cat(Mux(shift[2], raw[32:], raw[:32]), raw[32:56])),
            by_2.eq(Mux(shift[1], by_4[16:], by_4)),
            low.eq(Mux(shift[0], by_2[8:], by_2)),
        ]

        # The sign is computed in parallel with the bytes.
        last, fill = Signal(3), Signal()
        m.d.comb += [
            last.eq(shift + (1 << size) - 1),
            fill.eq(~self.unsigned & raw.word_select(last, 8)[7]),
            self.result.eq(Cat(
                low[:8],
                Mux(size >= 1, low[8:16], fill.replicate(8)),
                Mux(size >= 2, low[16:], fill.replicate(16)),
                Mux(size == 3, raw[32:], fill.replicate(32)),
            )),
        ]
        return m


class StoreAlign(wiring.Component):
    """Puts the low bytes of ``data`` into the lanes of a dword, from byte ``shift`` on.

    Combinational. Lanes outside the access are undefined. The access must lie within the dword, so
    at most 4 bytes move.
    """

    data: In(64)
    shift: In(3)
    lanes: Out(64)

    def elaborate(self, platform) -> Module:
        m = Module()
        data, shift = self.data, self.shift
        by_1, by_3 = Signal(64), Signal(64)  # shifted by up to 1 and up to 3 bytes
        m.d.comb += [
            by_1.eq(Cat(data[:8], Mux(shift[0], data[:32], data[8:40]), data[40:])),
            by_3.eq(Cat(by_1[:16], Mux(shift[1], by_1[:40], by_1[16:56]), by_1[56:])),
            self.lanes.eq(Cat(by_3[:32], Mux(shift[2], by_3[:32], by_3[32:]))),
        ]
        return m
