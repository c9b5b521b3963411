"""Every 16-bit encoding expands to the instruction of the RV64C tables."""

import cocotb
from cocotb.triggers import Timer

from hdl.core.fetch.rvc import RvcExpander
from tests.support.run import run_cocotb


def place(value: int, *bits: int) -> int:
    """Gathers an immediate. ``bits`` are the immediate's bit numbers, most significant field bit
    first, like in the specification's figures."""
    width = len(bits)
    return sum((value >> (width - 1 - i) & 1) << bit for i, bit in enumerate(bits))


def signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) & 1 else value


def i_type(opcode, funct3, rd, rs1, imm):
    return (imm & 0xFFF) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode


def s_type(funct3, rs1, rs2, imm):
    return (imm >> 5 & 0x7F) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | (imm & 31) << 7 | 0x23


def r_type(opcode, funct7, funct3, rd, rs1, rs2):
    return funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode


def b_type(funct3, rs1, imm):
    return ((imm >> 12 & 1) << 31 | (imm >> 5 & 0x3F) << 25 | rs1 << 15 | funct3 << 12
            | (imm >> 1 & 15) << 8 | (imm >> 11 & 1) << 7 | 0x63)


def j_type(imm):
    return ((imm >> 20 & 1) << 31 | (imm >> 1 & 0x3FF) << 21 | (imm >> 11 & 1) << 20
            | (imm >> 12 & 0xFF) << 12 | 0x6F)


def expand(c: int) -> int:
    """Expands by the tables by quadrant in chapter "C" of the Unprivileged ISA. Returns 0 if
    reserved."""
    quadrant, funct3 = c & 3, c >> 13
    rd, rs2 = c >> 7 & 31, c >> 2 & 31
    rd_short, rs2_short = 8 + (c >> 7 & 7), 8 + (c >> 2 & 7)
    high, low = c >> 12 & 1, c >> 2 & 31
    imm = signed(high << 5 | low, 6)
    shamt = high << 5 | low
    match quadrant, funct3:
        case 0, 0:
            offset = place(c >> 5 & 0xFF, 5, 4, 9, 8, 7, 6, 2, 3)
            return i_type(0x13, 0, rs2_short, 2, offset) if offset else 0
        case 0, 2 | 6:
            offset = place(c >> 10 & 7, 5, 4, 3) | place(c >> 5 & 3, 2, 6)
            return (i_type(3, 2, rs2_short, rd_short, offset) if funct3 == 2
                    else s_type(2, rd_short, rs2_short, offset))
        case 0, 3 | 7:
            offset = place(c >> 10 & 7, 5, 4, 3) | place(c >> 5 & 3, 7, 6)
            return (i_type(3, 3, rs2_short, rd_short, offset) if funct3 == 3
                    else s_type(3, rd_short, rs2_short, offset))
        case 1, 0:
            return i_type(0x13, 0, rd, rd, imm)
        case 1, 1:
            return i_type(0x1B, 0, rd, rd, imm) if rd else 0
        case 1, 2:
            return i_type(0x13, 0, rd, 0, imm)
        case 1, 3:
            if not imm:
                return 0
            if rd == 2:
                offset = signed(place(high, 9) | place(low, 4, 6, 8, 7, 5), 10)
                return i_type(0x13, 0, 2, 2, offset)
            return (imm & 0xFFFFF) << 12 | rd << 7 | 0x37
        case 1, 4:
            match c >> 10 & 3:
                case 0:
                    return i_type(0x13, 5, rd_short, rd_short, shamt)
                case 1:
                    return i_type(0x13, 5, rd_short, rd_short, shamt | 0x400)
                case 2:
                    return i_type(0x13, 7, rd_short, rd_short, imm)
            operation = {
                (0, 0): (0x33, 0x20, 0), (0, 1): (0x33, 0, 4), (0, 2): (0x33, 0, 6),
                (0, 3): (0x33, 0, 7), (1, 0): (0x3B, 0x20, 0), (1, 1): (0x3B, 0, 0),
            }.get((high, c >> 5 & 3))
            return r_type(*operation, rd_short, rd_short, rs2_short) if operation else 0
        case 1, 5:
            return j_type(signed(place(c >> 2 & 0x7FF, 11, 4, 9, 8, 10, 6, 7, 3, 2, 1, 5), 12))
        case 1, 6 | 7:
            offset = place(c >> 10 & 7, 8, 4, 3) | place(low, 7, 6, 2, 1, 5)
            return b_type(funct3 - 6, rd_short, signed(offset, 9))
        case 2, 0:
            return i_type(0x13, 1, rd, rd, shamt)
        case 2, 2:
            offset = place(high, 5) | place(low, 4, 3, 2, 7, 6)
            return i_type(3, 2, rd, 2, offset) if rd else 0
        case 2, 3:
            offset = place(high, 5) | place(low, 4, 3, 8, 7, 6)
            return i_type(3, 3, rd, 2, offset) if rd else 0
        case 2, 4:
            if rs2:
                return r_type(0x33, 0, 0, rd, rd if high else 0, rs2)
            if rd:
                return i_type(0x67, 0, high, rd, 0)
            return 0x00100073 if high else 0
        case 2, 6:
            return s_type(2, 2, rs2, place(c >> 7 & 0x3F, 5, 4, 3, 2, 7, 6))
        case 2, 7:
            return s_type(3, 2, rs2, place(c >> 7 & 0x3F, 5, 4, 3, 8, 7, 6))
    return 0


@cocotb.test()
async def every_encoding(dut):
    for insn in range(1 << 16):
        dut.insn.value = insn
        await Timer(1, "ns")
        got, expected = int(dut.expanded.value), expand(insn)
        assert got == expected, f"{insn:04x}: {got:08x}, not {expected:08x}"


def test_rvc():
    run_cocotb(RvcExpander(), __name__, "rvc")
