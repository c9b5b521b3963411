"""Results of MUL in all forms."""

import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, Timer

from hdl.core.pipe.multiply import Multiplier
from tests.support.run import run_cocotb

MUL, MULH, MULHSU, MULHU = range(4)
M64 = (1 << 64) - 1
EXTREMES = (0, 1, 2, M64, M64 - 1, 1 << 63, (1 << 63) - 1, 0xFFFF, 0x1_0000, 0xFFFF_0000_FFFF_0000)


def signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def expected(funct: int, a: int, b: int, word: bool) -> int:
    if word:
        return signed(signed(a, 32) * signed(b, 32), 32) & M64
    x = signed(a, 64) if funct in (MULH, MULHSU) else a
    y = signed(b, 64) if funct == MULH else b
    product = x * y
    return (product if funct == MUL else product >> 64) & M64


def operand(rng: random.Random) -> int:
    kind = rng.randrange(3)
    if kind == 0:
        return rng.choice(EXTREMES)
    if kind == 1:
        return signed(rng.getrandbits(rng.randrange(1, 65)), 64) & M64
    return sum(rng.choice((0, 0xFFFF, 0x8000, rng.getrandbits(16))) << 16 * n for n in range(4))


@cocotb.test()
async def random_operands(dut):
    """Multiplies back to back in the way of the pipeline. An upper half takes one more cycle, and
    the multiplier may take the next operands in that cycle."""
    rng = random.Random(cocotb.RANDOM_SEED)
    cocotb.start_soon(Clock(dut.clk, 10, "ns").start())
    dut.rst.value = 0
    await FallingEdge(dut.clk)
    cases = [(funct, a, b, False) for funct in range(4) for a in EXTREMES for b in EXTREMES]
    for _ in range(12000):
        word = rng.random() < 0.25
        cases.append((MUL if word else rng.randrange(4), operand(rng), operand(rng), word))
    for case in cases:
        funct, a, b, word = case
        dut.x_enable.value = 1
        dut.x_funct.value = funct
        dut.x_a.value = a
        dut.x_b.value = b
        await FallingEdge(dut.clk)
        dut.m_funct.value, dut.m_word.value = funct, word
        if funct != MUL:
            dut.x_enable.value = rng.randrange(2)
            dut.x_a.value, dut.x_b.value = operand(rng), operand(rng)
            dut.x_funct.value = rng.randrange(4)
            await FallingEdge(dut.clk)
        want = expected(*case)
        await Timer(1, "ns")
        got = int(dut.m_result.value)
        assert got == want, f"{funct} {a:#x} {b:#x} word={word}: {got:#x}, not {want:#x}"


def test_multiply():
    run_cocotb(Multiplier(), __name__, "multiply")
