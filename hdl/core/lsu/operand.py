"""The operand of a store, and the data that a load or an atomic gets."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Operand(wiring.Component):
    """A dword: ``x_data`` with ``advance``, else ``taken`` with ``take``.

    If the dword is the ``upper`` one of a load that crosses, it fills only the bytes below
    ``start``, the byte at which the access starts. ``kept`` says that ``data`` is the result of a
    load, from ``take`` or ``keep`` until ``forget`` or ``advance``.
    """

    advance: In(1)
    x_data: In(64)
    take: In(1)
    taken: In(64)
    upper: In(1)
    start: In(3)
    keep: In(1)
    forget: In(1)
    data: Out(64)
    kept: Out(1)

    def elaborate(self, platform) -> Module:
        m = Module()
        data, kept = Signal(64, reset_less=True), Signal()
        m.d.comb += [self.data.eq(data), self.kept.eq(kept)]
        for lane in range(8):
            change = self.take & (~self.upper | (lane < self.start))
            byte = slice(8 * lane, 8 * lane + 8)
            with m.If(self.advance | change):
                m.d.sync += data[byte].eq(Mux(self.advance, self.x_data[byte], self.taken[byte]))
        with m.If(self.advance | self.forget):
            m.d.sync += kept.eq(0)
        with m.Elif(self.take | self.keep):
            m.d.sync += kept.eq(1)
        return m
