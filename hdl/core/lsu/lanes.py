"""Moves bytes between the lanes of an aligned dword and the low end of a register."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class LoadAlign(wiring.Component):
    """Takes ``1 << size`` bytes out of a dword, from byte ``shift`` on, and extends them. Byte 0
    follows byte 7.

    Combinational; ``raw`` is the late input. ``unsigned`` extends with zeros.
    """

    raw: In(64)
    shift: In(3)
    size: In(2)
    unsigned: In(1)
    result: Out(64)

    def elaborate(self, platform) -> Module:
        m = Module()
        raw, shift, size = self.raw, self.shift, self.size
        by_4, by_2, by_1 = Signal(64), Signal(64), Signal(64)
        m.d.comb += [
            by_4.eq(Mux(shift[2], raw.rotate_right(32), raw)),
            by_2.eq(Mux(shift[1], by_4.rotate_right(16), by_4)),
            by_1.eq(Mux(shift[0], by_2.rotate_right(8), by_2)),
        ]

        # The sign is computed in parallel with the bytes.
        last, fill = Signal(3), Signal()
        m.d.comb += [
            last.eq(shift + (1 << size) - 1),
            fill.eq(~self.unsigned & raw.word_select(last, 8)[7]),
            self.result.eq(Cat(
                by_1[:8],
                Mux(size >= 1, by_1[8:16], fill.replicate(8)),
                Mux(size >= 2, by_1[16:32], fill.replicate(16)),
                Mux(size == 3, by_1[32:], fill.replicate(32)),
            )),
        ]
        return m


class StoreAlign(wiring.Component):
    """Puts the bytes of ``data`` into the lanes of a dword, from byte ``shift`` on. Lane 0
    follows lane 7. Combinational.
    """

    data: In(64)
    shift: In(3)
    lanes: Out(64)

    def elaborate(self, platform) -> Module:
        m = Module()
        data, shift = self.data, self.shift
        by_1, by_3 = Signal(64), Signal(64)  # rotated by up to 1 and up to 3 bytes
        m.d.comb += [
            by_1.eq(Mux(shift[0], data.rotate_left(8), data)),
            by_3.eq(Mux(shift[1], by_1.rotate_left(16), by_1)),
            self.lanes.eq(Mux(shift[2], by_3.rotate_left(32), by_3)),
        ]
        return m
