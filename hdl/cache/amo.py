"""The arithmetic of the atomic memory operations."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.bus.coherent import AmoOp


class AmoUnit(wiring.Component):
    """Computes the new memory contents from the old ones and an operand. Combinational.

    ``mask`` is 0xFF for a dword, 0x0F or 0xF0 for a word. Bytes of ``result`` outside it are
    undefined.
    """

    op: In(AmoOp)
    mask: In(8)
    old: In(64)
    operand: In(64)
    result: Out(64)

    def elaborate(self, platform) -> Module:
        m = Module()
        low, high = self.mask[0], self.mask[4]
        signed_order = Signal()
        m.d.comb += signed_order.eq((self.op == AmoOp.MIN) | (self.op == AmoOp.MAX))

        def below(one: Value, other: Value, signed: Value) -> Value:
            """Key for an unsigned comparison; inverting the sign bits makes it a signed one."""
            return (one ^ (signed << 31))[:32] < (other ^ (signed << 31))[:32]

        below_low, below_high, same_high, below_all = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            below_low .eq(below(self.old[:32], self.operand[:32], signed_order & ~high)),
            below_high.eq(below(self.old[32:], self.operand[32:], signed_order)),
            same_high .eq(self.old[32:] == self.operand[32:]),
            below_all .eq(Mux(high, below_high | (low & same_high & below_low), below_low)),
        ]
        # In a word operation on the upper half, the lower half must not produce a carry.
        addend = Cat(Mux(low, self.operand[:32], 0), self.operand[32:])
        with m.Switch(self.op):
            with m.Case(AmoOp.SWAP):
                m.d.comb += self.result.eq(self.operand)
            with m.Case(AmoOp.ADD):
                m.d.comb += self.result.eq(self.old + addend)
            with m.Case(AmoOp.XOR):
                m.d.comb += self.result.eq(self.old ^ self.operand)
            with m.Case(AmoOp.AND):
                m.d.comb += self.result.eq(self.old & self.operand)
            with m.Case(AmoOp.OR):
                m.d.comb += self.result.eq(self.old | self.operand)
            with m.Case(AmoOp.MIN, AmoOp.MINU):
                m.d.comb += self.result.eq(Mux(below_all, self.old, self.operand))
            with m.Case(AmoOp.MAX, AmoOp.MAXU):
                m.d.comb += self.result.eq(Mux(below_all, self.operand, self.old))
        return m
