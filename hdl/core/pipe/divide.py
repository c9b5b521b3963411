"""Divider: two quotient bits a cycle; the number of cycles depends on the quotient."""

from amaranth import *
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

DIGITS = 16  # hexadecimal
WIDTH = 68  # of the shifted divisor: at most one digit beyond the dividend


class DivideOp(enum.Enum, shape=2):
    """``funct3[1:0]`` of the instruction."""

    DIV = 0
    DIVU = 1
    REM = 2
    REMU = 3


def highest(m: Module, bits: Value, name: str) -> Signal:
    """Number of the highest bit that is 1; 0 if there is none."""
    number = Signal(range(len(bits)), name=name)
    for n in range(len(bits)):
        with m.If(bits[n]):
            m.d.comb += number.eq(n)
    return number


class Divider(wiring.Component):
    """All forms of DIV and REM, one at a time.

    ``x_start`` takes the operands at the end of its cycle. ``m_busy`` is high from the next cycle
    on, for ``1 + 2 * k`` cycles. Then ``m_result`` is valid until the next start. ``k`` is 1 plus
    the number of hexadecimal digits by which the dividend is longer than the divisor, but at least
    0. A division by zero has ``k = 16``. ``cancel`` ends a division; a start has priority over it.

    The first cycle takes the absolute value of the dividend, and shifts the divisor left beyond the
    dividend. Each further cycle shifts it back by two bits and subtracts it where it fits. The
    divisor is stored as ``-abs(divisor) - borrow``, sign-extended, so that it needs no adder of its
    own.
    """

    x_start: In(1)
    x_a: In(64)
    x_b: In(64)
    x_funct: In(DivideOp)
    x_word: In(1)
    cancel: In(1)
    m_busy: Out(1)
    m_result: Out(64)

    def elaborate(self, platform) -> Module:
        m = Module()

        # operands: negative dividends and positive divisors are inverted
        x_signed = Signal()
        x_is_remainder = Signal()
        x_a_negative = Signal()
        x_b_negative = Signal()
        x_remainder = Signal(64)
        x_divisor = Signal(64)
        m.d.comb += [
            x_signed.eq((self.x_funct == DivideOp.DIV) | (self.x_funct == DivideOp.REM)),
            x_is_remainder.eq(
                (self.x_funct == DivideOp.REM) | (self.x_funct == DivideOp.REMU)
            ),
            x_a_negative.eq(x_signed & Mux(self.x_word, self.x_a[31], self.x_a[63])),
            x_b_negative.eq(x_signed & Mux(self.x_word, self.x_b[31], self.x_b[63])),
            x_remainder.eq(self.x_a ^ x_a_negative.replicate(64)),
            x_divisor.eq(self.x_b ^ (~x_b_negative).replicate(64)),
        ]
        with m.If(self.x_word):
            m.d.comb += [x_remainder[32:].eq(0), x_divisor[32:].eq(~0)]

        # their digits: not too few for the dividend, not too many for the divisor
        x_a_digits = Signal(DIGITS)
        x_b_digits = Signal(DIGITS)
        x_by_zero = Signal()
        m.d.comb += x_by_zero.eq(~x_b_digits.any() & ~x_b_negative)
        for n in range(DIGITS):
            low = 4 * n
            below = x_a_negative & x_remainder[low - 1] if n else 0
            m.d.comb += [
                x_a_digits[n].eq(x_remainder[low:low + 4].any() | below),
                x_b_digits[n].eq(~x_divisor[low:low + 4].all()),
            ]
        x_a_highest = highest(m, x_a_digits, "x_a_highest")
        x_b_highest = highest(m, x_b_digits, "x_b_highest")

        m_align = Signal()
        m_steps = Signal(range(2 * DIGITS + 1))
        m_a_highest = Signal(range(DIGITS))
        m_b_highest = Signal(range(DIGITS))
        m_a_negative = Signal()
        m_borrow = Signal()
        m_negate = Signal()
        m_is_remainder = Signal()
        m_word = Signal()
        m_divisor = Signal(64)
        m_shifted = Signal(WIDTH)
        m_remainder = Signal(64)
        m_quotient = Signal(64)

        # the first cycle
        m_shift = Signal(signed(5))
        m.d.comb += m_shift.eq(m_a_highest - m_b_highest)
        m_aligned = m_divisor
        for n in reversed(range(4)):
            places = 4 << n
            moved = Signal(64, name=f"m_moved{places}")
            m.d.comb += moved.eq(
                Mux(m_shift[n], Cat(m_borrow.replicate(places), m_aligned), m_aligned)
            )
            m_aligned = moved

        # a step: half the divisor, then a quarter
        m_first = Signal(WIDTH)
        m_between = Signal(64)
        m_second = Signal(WIDTH)
        m_first_fits = Signal()
        m_second_fits = Signal()
        m.d.comb += [
            m_first.eq(
                m_remainder + Cat(m_shifted[1:], C(1, 1)) + Mux(m_align, m_a_negative, m_borrow)
            ),
            m_first_fits.eq(~m_first[-1] | m_align),
            m_between.eq(Mux(m_first_fits, m_first, m_remainder)),
            m_second.eq(m_between + Cat(m_shifted[2:], C(3, 2)) + m_borrow),
            m_second_fits.eq(~m_second[-1] & ~m_align),
        ]

        with m.If(self.m_busy):
            m.d.sync += [
                m_align.eq(0),
                m_remainder.eq(Mux(m_second_fits, m_second, m_between)),
            ]
            with m.If(m_align):
                m.d.sync += [
                    m_shifted.eq(Cat(m_borrow.replicate(4), m_aligned)),
                    m_steps.eq((m_shift[:4] << 1) + 2),
                    self.m_busy.eq(m_shift >= 0),
                ]
            with m.Else():
                m.d.sync += [
                    m_shifted.eq(Cat(m_shifted[2:], C(3, 2))),
                    m_quotient.eq(Cat(m_second_fits, m_first_fits, m_quotient)),
                    m_steps.eq(m_steps - 1),
                    self.m_busy.eq(m_steps != 1),
                ]
        with m.If(self.cancel):
            m.d.sync += self.m_busy.eq(0)
        with m.If(self.x_start):
            m.d.sync += [
                self.m_busy.eq(1),
                m_align.eq(1),
                m_a_highest.eq(Mux(x_by_zero, DIGITS - 1, x_a_highest)),
                m_b_highest.eq(x_b_highest),
                m_a_negative.eq(x_a_negative),
                m_borrow.eq(~x_b_negative),
                m_negate.eq(
                    Mux(x_is_remainder, x_a_negative, (x_a_negative ^ x_b_negative) & ~x_by_zero)
                ),
                m_is_remainder.eq(x_is_remainder),
                m_word.eq(self.x_word),
                m_divisor.eq(x_divisor),
                m_shifted.eq(0),
                m_remainder.eq(x_remainder),
                m_quotient.eq(0),
            ]

        # the last cycle
        m_magnitude = Signal(64)
        m_signed = Signal(64)
        m.d.comb += [
            m_magnitude.eq(Mux(m_is_remainder, m_remainder, m_quotient)),
            m_signed.eq((m_magnitude ^ m_negate.replicate(64)) + m_negate),
            self.m_result.eq(m_signed),
        ]
        with m.If(m_word):
            m.d.comb += self.m_result.eq(m_signed[:32].as_signed())
        return m
