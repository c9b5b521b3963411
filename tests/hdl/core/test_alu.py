"""Compares the ALU and the comparator with Python's integers."""

import random

import cocotb
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from cocotb.triggers import Timer

from hdl.core.pipe.alu import Alu, AluOp, Comparator, alu_control
from tests.support.run import run_cocotb

M64 = (1 << 64) - 1
CASES = 4000


def signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def result(op: AluOp, a: int, b: int, word: bool) -> int:
    """Returns the instruction's result (unprivileged specification, chapters RV32I and RV64I)."""
    bits = 32 if word else 64
    shift = b & (bits - 1)
    low = a & ((1 << bits) - 1)
    value = {
        AluOp.ADD: a + b, AluOp.SUB: a - b, AluOp.XOR: a ^ b, AluOp.OR: a | b, AluOp.AND: a & b,
        AluOp.SLT: int(signed(a, 64) < signed(b, 64)), AluOp.SLTU: int(a < b),
        AluOp.SLL: low << shift, AluOp.SRL: low >> shift, AluOp.SRA: signed(low, bits) >> shift,
        AluOp.NONE: 0,
    }[op]
    return signed(value, bits) & M64


def condition(funct3: int, a: int, b: int) -> bool:
    x, y = signed(a, 64), signed(b, 64)
    return {0: a == b, 1: a != b, 4: x < y, 5: x >= y, 6: a < b, 7: a >= b}[funct3]


class Execution(wiring.Component):
    """ALU and comparator on the same operands, with the decoder's operation."""

    op: In(AluOp)
    word: In(1)
    funct3: In(3)
    a: In(64)
    b: In(64)
    result: Out(64)
    sum: Out(64)
    taken: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.submodules.alu = alu = Alu()
        m.submodules.comparator = comparator = Comparator()
        alu_control(m, self.op, self.word, alu.control)
        m.d.comb += [
            alu.a.eq(self.a), alu.b.eq(self.b),
            self.result.eq(alu.result), self.sum.eq(alu.sum),
            comparator.funct3.eq(self.funct3), comparator.a.eq(self.a), comparator.b.eq(self.b),
            self.taken.eq(comparator.taken),
        ]
        return m


def operand(rng: random.Random, other: int = 0) -> int:
    """Draws numbers of all lengths and signs, near powers of two, or near ``other``."""
    return rng.choice((
        rng.getrandbits(64),
        signed(rng.getrandbits(rng.randrange(1, 65)), rng.randrange(1, 65)),
        (1 << rng.randrange(64)) - rng.randrange(2),
        other + rng.randrange(-1, 2),
    )) & M64


@cocotb.test()
async def computes_what_the_specification_says(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    words = (AluOp.ADD, AluOp.SUB, AluOp.SLL, AluOp.SRL, AluOp.SRA)
    for _ in range(CASES):
        op = rng.choice(list(AluOp))
        word = op in words and rng.random() < 0.5
        a = operand(rng)
        b = operand(rng, a)
        dut.op.value, dut.word.value, dut.a.value, dut.b.value = op.value, word, a, b
        await Timer(1, "ns")
        assert int(dut.result.value) == result(op, a, b, word), f"{op} word={word} {a:#x} {b:#x}"
        if op in (AluOp.ADD, AluOp.NONE):
            assert int(dut.sum.value) == (a + b) & M64, f"sum of {a:#x} {b:#x}"


@cocotb.test()
async def branches_on_the_condition(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    for _ in range(CASES):
        funct3 = rng.choice((0, 1, 4, 5, 6, 7))
        a = operand(rng)
        b = operand(rng, a)
        dut.funct3.value, dut.a.value, dut.b.value = funct3, a, b
        await Timer(1, "ns")
        assert bool(dut.taken.value) == condition(funct3, a, b), f"{funct3} {a:#x} {b:#x}"


def test_alu():
    run_cocotb(Execution(), __name__, "alu")
