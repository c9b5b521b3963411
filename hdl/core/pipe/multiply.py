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


def separate(m: Module, total: Value, name: str) -> Signal:
    """A sum that synthesis must keep separate. Merging it into a larger one takes more LUTs."""
    kept = Signal(total.shape(), name=name, attrs={"keep": 1})
    m.d.comb += kept.eq(total)
    return kept


class Multiplier(wiring.Component):
    """All forms of MUL: the lower half in the cycle after Execute, the upper half one later.

    Execute multiplies 16 pairs of 16-bit pieces and adds the products of equal weight. Memory adds
    these sums. ``x_enable`` takes the operands. ``m_result`` depends on ``m_funct`` and ``m_word``:
    one cycle later it is the result of MUL or MULW; two cycles later it is the upper half for the
    other forms, even if other operands have been taken meanwhile.
    """

    x_enable: In(1)
    x_a: In(64)
    x_b: In(64)
    x_funct: In(MultiplyOp)
    m_funct: In(MultiplyOp)
    m_word: In(1)  # MULW: the low 32 bits, sign-extended
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

        x_weights = []
        for weight in range(2 * LIMBS - 1):
            terms = [a[i] * b[weight - i] for i in range(LIMBS) if 0 <= weight - i < LIMBS]
            while len(terms) > 1:
                total = separate(m, terms[0] + terms[1], f"x_sum{weight}_{len(terms)}")
                terms = [*terms[2:], total]
            x_weights.append(terms[0])

        m_low = Signal(3 * LIMB + 4, reset_less=True)
        m_weights = {}
        with m.If(self.x_enable):
            m.d.sync += m_low.eq(x_weights[0] + (x_weights[1] << LIMB))
        for weight in range(2, 2 * LIMBS - 1):
            total = x_weights[weight]
            m_weights[weight] = Signal(total.shape(), name=f"m_weight{weight}", reset_less=True)
            with m.If(self.x_enable):
                m.d.sync += m_weights[weight].eq(total)

        m_middle = Signal(signed(3 * LIMB + 6))
        m.d.comb += m_middle.eq(
            (m_low >> 2 * LIMB) + m_weights[2] + (m_weights[3] << LIMB)
        )
        m_top = m_weights[4] + (m_weights[5] << LIMB) + (m_weights[6] << 2 * LIMB)
        m_top = separate(m, m_top[:64], "m_top")
        m_upper = Signal(64, reset_less=True)
        with m.If(self.m_funct != MultiplyOp.MUL):
            m.d.sync += m_upper.eq((m_middle >> 2 * LIMB) + m_top)
            m.d.comb += self.m_result.eq(m_upper)
        with m.Elif(self.m_word):
            m.d.comb += self.m_result.eq(m_low[:32].as_signed())
        with m.Else():
            m.d.comb += self.m_result.eq(Cat(m_low[:32], m_middle))
        return m
