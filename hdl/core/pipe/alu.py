"""Integer arithmetic of the Execute stage."""

from amaranth import *
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out


class AluOp(enum.Enum, shape=4):
    """Operations, as the decoder encodes them."""

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
    NONE = 15  # result 0; ``sum`` is a + b


class Logic(enum.Enum, shape=2):
    ZERO = 0
    XOR = 1
    OR = 2
    AND = 3


class AluControl(data.Struct):
    """Control of the ALU. A part that is not selected gives 0, and all parts are OR-ed."""

    add: 1  # the result is the sum
    subtract: 1
    less: 1  # bit 0 is the comparison
    signed: 1  # ... of signed numbers
    logic: Logic
    shift: 1
    left: 1
    arithmetic: 1
    word: 1  # on the low 32 bits, result sign-extended


def alu_control(m: Module, op: Value, word: Value, control: AluControl) -> None:
    """Drives ``control`` for operation ``op``."""
    m.d.comb += control.word.eq(word)
    with m.Switch(op):
        with m.Case(AluOp.ADD):
            m.d.comb += control.add.eq(1)
        with m.Case(AluOp.SUB):
            m.d.comb += [control.add.eq(1), control.subtract.eq(1)]
        with m.Case(AluOp.SLT, AluOp.SLTU):
            m.d.comb += [control.less.eq(1), control.subtract.eq(1),
                         control.signed.eq(op == AluOp.SLT)]
        with m.Case(AluOp.XOR):
            m.d.comb += control.logic.eq(Logic.XOR)
        with m.Case(AluOp.OR):
            m.d.comb += control.logic.eq(Logic.OR)
        with m.Case(AluOp.AND):
            m.d.comb += control.logic.eq(Logic.AND)
        with m.Case(AluOp.SLL, AluOp.SRL, AluOp.SRA):
            m.d.comb += [control.shift.eq(1), control.left.eq(op == AluOp.SLL),
                         control.arithmetic.eq(op == AluOp.SRA)]


class Alu(wiring.Component):
    """Combinational 64-bit ALU.

    ``sum`` is a + b, or a - b with ``subtract``, for every operation; JALR uses it as its target.
    The result is 0 if nothing is selected, so that other results can be OR-ed in.
    """

    control: In(AluControl)
    a: In(64)
    b: In(64)
    result: Out(64)
    sum: Out(64)

    def elaborate(self, platform):
        m = Module()
        a, b, control = self.a, self.b, self.control
        # One adder for all: the carry-in enters as an extra low bit.
        total = Signal(66)
        m.d.comb += [
            total.eq(Cat(C(1, 1), a) + Cat(control.subtract, b ^ control.subtract.replicate(64))),
            self.sum.eq(total[1:65]),
        ]
        # a < b: by the signs if they differ, else by the borrow.
        less = Mux(a[63] ^ b[63], Mux(control.signed, a[63], b[63]), ~total[65])

        logic = Signal(64)
        with m.Switch(control.logic):
            with m.Case(Logic.XOR):
                m.d.comb += logic.eq(a ^ b)
            with m.Case(Logic.OR):
                m.d.comb += logic.eq(a | b)
            with m.Case(Logic.AND):
                m.d.comb += logic.eq(a & b)

        shifted = self._shift(m)
        low, high = Signal(32), Signal(32)
        m.d.comb += low.eq((self.sum[:32] & control.add.replicate(32)) | logic[:32] | shifted[:32]
                           | (control.less & less))
        # The sign of a 32-bit result is computed in parallel with the result.
        places, word_sign = b[:5], Signal()
        with m.If(control.shift & control.left):
            m.d.comb += word_sign.eq(a[31::-1].bit_select(places, 1))
        with m.Elif(control.shift):
            m.d.comb += word_sign.eq(a[31] & (control.arithmetic | ~places.any()))
        with m.Else():
            m.d.comb += word_sign.eq(self.sum[31])
        with m.If(control.word):
            m.d.comb += high.eq(word_sign.replicate(32))
        with m.Else():
            m.d.comb += high.eq((self.sum[32:] & control.add.replicate(32)) | logic[32:]
                                | shifted[32:])
        m.d.comb += self.result.eq(Cat(low, high))
        return m

    def _shift(self, m):
        """One right shifter in three steps of four places; left shifts enter and leave reversed."""
        control, a = self.control, self.a
        sign = control.arithmetic & Mux(control.word, a[31], a[63])
        step = Signal(64)
        m.d.comb += step.eq(
            Mux(control.left, a[::-1],
                Cat(a[:32], Mux(control.word, sign.replicate(32), a[32:]))))
        amount = Cat(self.b[:5], self.b[5] & ~control.word)
        for index, scale in enumerate((16, 4, 1)):
            places = amount[4 - 2 * index:6 - 2 * index]
            extended = Cat(step, sign.replicate(3 * scale))
            result = Signal(64, name=f"shift_by_{scale}")
            with m.Switch(places):
                for count in range(4):
                    with m.Case(count):
                        m.d.comb += result.eq(extended[count * scale:count * scale + 64])
            step = result
        shifted = Signal(64)
        m.d.comb += shifted.eq(Mux(control.left, step[::-1], step) & control.shift.replicate(64))
        return shifted


class Comparator(wiring.Component):
    """Combinational branch condition: ``funct3`` of the branch instruction over two registers."""

    funct3: In(3)
    a: In(64)
    b: In(64)
    taken: Out(1)

    def elaborate(self, platform):
        m = Module()
        # Signed order is unsigned order with the sign bits inverted.
        flip = ~self.funct3[1]
        difference = Signal(65)
        m.d.comb += difference.eq(
            Cat(self.a[:63], self.a[63] ^ flip) - Cat(self.b[:63], self.b[63] ^ flip))
        holds = Mux(self.funct3[2], difference[64], self.a == self.b)
        m.d.comb += self.taken.eq(holds ^ self.funct3[0])
        return m


def sums_to(a: Value, b: Value, total: Value) -> Value:
    """Whether a + b equals ``total`` modulo its width, ignoring bit 0, without a carry chain.

    ``total`` implies the carry into each bit. The sum is equal if every bit produces the carry that
    the bit above it needs.
    """
    width = len(total)
    total = Cat(a[0] ^ b[0], total[1:])
    needed = (a ^ b ^ total)[:width]
    sent = (a & b) | ((a | b) & ~total)
    return (needed[1:] == sent[:width - 1])
