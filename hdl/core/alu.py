"""Integer arithmetic of the Execute stage."""

from amaranth import *
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out


class AluOp(enum.Enum, shape=4):
    ADD = 0
    SUB = 1
    SLT = 2
    SLTU = 3
    XOR = 4
    OR = 5
    AND = 6
    SLL = 8
    SRL = 9
    SRA = 10


class Alu(wiring.Component):
    """Combinational 64-bit ALU.

    ``sum`` is a + b whatever ``op`` says unless op is SUB, SLT or SLTU (then a - b): the target of
    JALR. With ``word`` the operation is on the low 32 bits and the result sign-extended.
    """

    op: In(AluOp)
    word: In(1)
    a: In(64)
    b: In(64)
    result: Out(64)
    sum: Out(64)

    def elaborate(self, platform):
        m = Module()
        a, b = self.a, self.b
        subtract = Signal()
        m.d.comb += subtract.eq((self.op == AluOp.SUB) | (self.op == AluOp.SLT)
                                | (self.op == AluOp.SLTU))
        # One adder for all: the carry-in enters as an extra low bit.
        total = Signal(66)
        m.d.comb += total.eq(Cat(C(1, 1), a) + Cat(subtract, b ^ subtract.replicate(64)))
        m.d.comb += self.sum.eq(total[1:65])
        borrow = ~total[65]
        less = Signal()
        m.d.comb += less.eq(Mux(a[63] ^ b[63], Mux(self.op == AluOp.SLT, a[63], b[63]), borrow))

        shifted = self._shift(m)
        full, word = Signal(64), Signal(64)
        with m.Switch(self.op):
            with m.Case(AluOp.ADD, AluOp.SUB):
                m.d.comb += full.eq(self.sum)
            with m.Case(AluOp.SLT, AluOp.SLTU):
                m.d.comb += full.eq(less)
            with m.Case(AluOp.XOR):
                m.d.comb += full.eq(a ^ b)
            with m.Case(AluOp.OR):
                m.d.comb += full.eq(a | b)
            with m.Case(AluOp.AND):
                m.d.comb += full.eq(a & b)
            with m.Default():
                m.d.comb += full.eq(shifted)
        m.d.comb += [
            word.eq(Mux(self.op.as_value()[3], shifted[:32], self.sum[:32]).as_signed()),
            self.result.eq(Mux(self.word, word, full)),
        ]
        return m

    def _shift(self, m):
        """One right shifter; left shifts go through it with the bits reversed."""
        left, arithmetic = self.op == AluOp.SLL, self.op == AluOp.SRA
        operand, fill, amount = Signal(64), Signal(), Signal(6)
        upper = Mux(self.word, (arithmetic & self.a[31]).replicate(32), self.a[32:])
        m.d.comb += [
            operand.eq(Mux(left, self.a[::-1], Cat(self.a[:32], upper))),
            fill.eq(arithmetic & Mux(self.word, self.a[31], self.a[63])),
            amount.eq(Cat(self.b[:5], self.b[5] & ~self.word)),
        ]
        right = Signal(64)
        m.d.comb += right.eq(Cat(operand, fill).as_signed() >> amount)
        result = Signal(64)
        m.d.comb += result.eq(Mux(left, right[::-1], right))
        return result


class Comparator(wiring.Component):
    """Combinational branch condition: ``funct3`` of the branch instruction over two registers."""

    funct3: In(3)
    a: In(64)
    b: In(64)
    taken: Out(1)

    def elaborate(self, platform):
        m = Module()
        unsigned = self.funct3[1]
        # Signed order is unsigned order with the sign bits inverted.
        flip = ~unsigned
        difference = Signal(65)
        m.d.comb += difference.eq(
            Cat(self.a[:63], self.a[63] ^ flip) - Cat(self.b[:63], self.b[63] ^ flip))
        holds = Mux(self.funct3[2], difference[64], self.a == self.b)
        m.d.comb += self.taken.eq(holds ^ self.funct3[0])
        return m
