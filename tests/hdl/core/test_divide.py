"""Results and durations of DIV and REM in all forms."""

import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from hdl.core.pipe.divide import Divider
from tests.support.run import run_cocotb

DIV, DIVU, REM, REMU = range(4)
M64 = (1 << 64) - 1


def signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def expected(funct: int, a: int, b: int, word: bool) -> int:
    """Returns the result of the unprivileged specification, with its special cases."""
    bits = 32 if word else 64
    if funct in (DIV, REM):
        x, y = signed(a, bits), signed(b, bits)
    else:
        x, y = a & ((1 << bits) - 1), b & ((1 << bits) - 1)
    if y == 0:
        quotient, remainder = -1, x
    else:
        quotient = abs(x) // abs(y)
        if (x < 0) != (y < 0):
            quotient = -quotient
        remainder = x - quotient * y
    return signed(quotient if funct in (DIV, DIVU) else remainder, bits) & M64


def operand(rng: random.Random) -> int:
    """Draws numbers of all lengths, and neighbours of powers of two."""
    kind = rng.randrange(4)
    if kind == 0:
        value = rng.getrandbits(rng.randrange(1, 65))
    elif kind == 1:
        value = (1 << rng.randrange(64)) + rng.randrange(-1, 2)
    elif kind == 2:
        value = rng.randrange(-2, 3)
    else:
        value = signed(rng.getrandbits(32), 32)
    return (-value if rng.randrange(3) == 0 else value) & M64


class Bench:
    def __init__(self, dut):
        self.dut = dut
        self.rng = random.Random(cocotb.RANDOM_SEED)
        cocotb.start_soon(Clock(dut.clk, 10, "ns").start())

    async def reset(self) -> None:
        self.dut.rst.value = 1
        self.dut.x_start.value = 0
        self.dut.cancel.value = 0
        for _ in range(2):
            await FallingEdge(self.dut.clk)
        self.dut.rst.value = 0

    async def start(self, funct: int, a: int, b: int, word: bool) -> None:
        self.dut.x_start.value = 1
        self.dut.x_funct.value = funct
        self.dut.x_a.value = a
        self.dut.x_b.value = b
        self.dut.x_word.value = word
        await FallingEdge(self.dut.clk)
        self.dut.x_start.value = 0
        self.dut.x_a.value = self.rng.getrandbits(64)
        self.dut.x_b.value = self.rng.getrandbits(64)
        self.dut.x_funct.value = self.rng.randrange(4)
        self.dut.x_word.value = self.rng.randrange(2)

    async def divide(self, funct: int, a: int, b: int, word: bool) -> int:
        """Checks one division. Returns its cycles in Memory, including the cycle of the result."""
        await self.start(funct, a, b, word)
        cycles = 1
        while self.dut.m_busy.value:
            cycles += 1
            assert cycles < 40, "never done"
            await FallingEdge(self.dut.clk)
        want = expected(funct, a, b, word)
        for _ in range(self.rng.randrange(1, 3)):
            got = int(self.dut.m_result.value)
            assert got == want, f"{funct} {a:#x} {b:#x} word={word}: {got:#x}, not {want:#x}"
            await FallingEdge(self.dut.clk)
        return cycles


@cocotb.test()
async def random_operands(dut):
    bench = Bench(dut)
    await bench.reset()
    for _ in range(6000):
        await bench.divide(
            bench.rng.randrange(4), operand(bench.rng), operand(bench.rng), bench.rng.random() < 0.4
        )


@cocotb.test()
async def corners(dut):
    """Tests division by zero, overflow, and every pair of lengths in hexadecimal digits."""
    bench = Bench(dut)
    await bench.reset()
    low, low_word = 1 << 63, 1 << 31
    for funct in (DIV, DIVU, REM, REMU):
        for word in (False, True):
            for a in (0, 1, M64, low, low_word, -low_word & M64, 0x7FFF_FFFF):
                for b in (0, 1, M64, low, low_word, 1 << 32):
                    await bench.divide(funct, a, b, word)
    for i in range(17):
        for j in range(17):
            a, b = 16**i, 16**j
            await bench.divide(DIVU, (a - 1) & M64, b & M64, False)
            await bench.divide(DIV, -a & M64, b & M64, False)
            await bench.divide(DIV, -a & M64, -b & M64, False)


@cocotb.test()
async def cancelled(dut):
    """A division that is cancelled at any time leaves the divider ready for the next."""
    bench = Bench(dut)
    await bench.reset()
    for delay in range(36):
        await bench.start(DIVU, M64, 3, False)
        for _ in range(delay):
            await FallingEdge(dut.clk)
        dut.cancel.value = 1
        await FallingEdge(dut.clk)
        dut.cancel.value = 0
        assert not dut.m_busy.value
        await bench.divide(DIV, operand(bench.rng), operand(bench.rng), False)


@cocotb.test()
async def early_out(dut):
    """At most 18 cycles for 32-bit operands; 2 cycles if the dividend has fewer digits than the
    divisor, so that the quotient is 0."""
    bench = Bench(dut)
    await bench.reset()
    for digits in range(1, 17):
        cycles = await bench.divide(DIVU, 16**digits - 1, 1, False)
        assert cycles == 2 + 2 * digits
        dut._log.info("quotient of %d bits: %d cycles", 4 * digits, cycles)
    assert await bench.divide(DIVU, 0xFFFF_FFFF, 1, True) == 18
    assert await bench.divide(DIV, 7, 1000, False) == 2
    assert await bench.divide(DIV, 1000, 7, False) == 8


def test_divide():
    run_cocotb(Divider(), __name__, "divide")
