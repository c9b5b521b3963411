"""Multiplier: 64 by 64 bits on DSPs, over Execute and Memory."""

from amaranth import *
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

LIMB = 16
LIMBS = 4


class MultiplyOp(enum.Enum, shape=2):
    """``funct3[1:0]`` of the instruction."""

    MUL = 0
    MULH = 1
    MULHSU = 2
    MULHU = 3


def limbs(value: Value, sign: Value) -> list[Value]:
    """Pieces of 16 bits; the top one has a sign."""
    low = [value[n * LIMB:(n + 1) * LIMB] for n in range(LIMBS - 1)]
    return [*low, Cat(value[(LIMBS - 1) * LIMB:], sign).as_signed()]


class Multiplier(wiring.Component):
    """All forms of MUL, one a cycle.

    Execute multiplies 16 pairs of 16-bit pieces and adds the products of equal weight; Memory adds
    up the seven weights. ``m_result`` is combinational from registers that change only at the end
    of a cycle with ``x_enable``.
    """

    x_enable: In(1)
    x_a: In(64)
    x_b: In(64)
    x_funct: In(MultiplyOp)
    x_word: In(1)  # MULW: the low 32 bits, sign-extended
    m_result: Out(64)

    def elaborate(self, platform) -> Module:
        m = Module()
        x_a_sign = Signal()
        x_b_sign = Signal()
        with m.Switch(self.x_funct):
            with m.Case(MultiplyOp.MULH):
                m.d.comb += [x_a_sign.eq(self.x_a[-1]), x_b_sign.eq(self.x_b[-1])]
            with m.Case(MultiplyOp.MULHSU):
                m.d.comb += x_a_sign.eq(self.x_a[-1])
        a = limbs(self.x_a, x_a_sign)
        b = limbs(self.x_b, x_b_sign)

        m_weights = []
        for weight in range(2 * LIMBS - 1):
            pairs = [(i, weight - i) for i in range(LIMBS) if 0 <= weight - i < LIMBS]
            total = sum((a[i] * b[j] for i, j in pairs[1:]), a[pairs[0][0]] * b[pairs[0][1]])
            m_weight = Signal(total.shape(), name=f"m_weight{weight}", reset_less=True)
            with m.If(self.x_enable):
                m.d.sync += m_weight.eq(total)
            m_weights.append(m_weight)
        m_high = Signal()
        m_word = Signal()
        with m.If(self.x_enable):
            m.d.sync += [m_high.eq(self.x_funct != MultiplyOp.MUL), m_word.eq(self.x_word)]

        # pairs of weights, 32 bits apart; then the two halves of the product
        m_pairs = []
        for weight in range(0, 2 * LIMBS - 2, 2):
            low, high = m_weights[weight:weight + 2]
            total = high + (low >> LIMB)
            m_pair = Signal(Shape(LIMB + len(total), total.shape().signed), name=f"m_pair{weight}")
            m.d.comb += m_pair.eq(Cat(low[:LIMB], total))
            m_pairs.append(m_pair)
        m_middle = Signal(signed(len(m_pairs[1]) + 1))
        m_upper = Signal(64)
        m.d.comb += [
            m_middle.eq((m_pairs[0] >> 32) + m_pairs[1]),
            m_upper.eq((m_middle >> 32) + (m_pairs[2] + (m_weights[-1] << 32))),
        ]
        with m.If(m_high):
            m.d.comb += self.m_result.eq(m_upper)
        with m.Elif(m_word):
            m.d.comb += self.m_result.eq(m_pairs[0][:32].as_signed())
        with m.Else():
            m.d.comb += self.m_result.eq(Cat(m_pairs[0][:32], m_middle))
        return m
