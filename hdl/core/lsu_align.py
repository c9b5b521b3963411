"""Moves bytes between the lanes of an aligned dword and the low end of a register."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class LoadAlign(wiring.Component):
    """Takes ``1 << size`` bytes out of a dword, from byte ``shift`` on, and extends them.

    Combinational. The access must lie within the dword. ``unsigned`` extends with zeros.
    """

    raw: In(64)
    shift: In(3)
    size: In(2)
    unsigned: In(1)
    result: Out(64)

    def elaborate(self, platform) -> Module:
        m = Module()
        raw, size = self.raw, self.size
        low = Signal(32)
        m.d.comb += low[16:].eq(raw[16:32])
        with m.Switch(self.shift):
            for shift in range(8):
                with m.Case(shift):
                    m.d.comb += low[:16].eq(raw[8 * shift:])
                    if shift <= 4:
                        m.d.comb += low[16:].eq(raw[8 * shift + 16:])

        sign, fill = Signal(), Signal()
        with m.Switch(size):
            with m.Case(0):
                m.d.comb += sign.eq(low[7])
            with m.Case(1):
                m.d.comb += sign.eq(low[15])
            with m.Default():
                m.d.comb += sign.eq(low[31])
        m.d.comb += [
            fill.eq(sign & ~self.unsigned),
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

    Combinational. Lanes outside the access hold anything. The access must lie within the dword, so
    that at most 4 bytes move at all.
    """

    data: In(64)
    shift: In(3)
    lanes: Out(64)

    def elaborate(self, platform) -> Module:
        m = Module()
        with m.Switch(self.shift):
            with m.Case(0):
                m.d.comb += self.lanes.eq(self.data)
            for shift in range(1, 8):
                with m.Case(shift):
                    m.d.comb += self.lanes.eq(self.data[:32] << 8 * shift)
        return m
