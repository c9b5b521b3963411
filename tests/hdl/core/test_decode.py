"""Compares the decoder with a table of the instruction set, written from the manual's listings."""

import random

import cocotb
from amaranth.lib import data
from cocotb.triggers import Timer

from hdl.core.lsu.types import LsuOp
from hdl.core.pipe.alu import AluOp
from hdl.core.pipe.decode import Control, Decoder, Result, System
from tests.support.run import run_cocotb

CASES = 20000

# funct7 rs2 rs1 funct3 rd opcode. "-" is any bit; d, s and t are bits of a used rd, rs1 or rs2.
ENCODINGS = """
lui      -------------------- ddddd 0110111
auipc    -------------------- ddddd 0010111
jal      -------------------- ddddd 1101111
jalr     ------------ sssss 000 ddddd 1100111
beq      ------- ttttt sssss 000 ----- 1100011
bne      ------- ttttt sssss 001 ----- 1100011
blt      ------- ttttt sssss 100 ----- 1100011
bge      ------- ttttt sssss 101 ----- 1100011
bltu     ------- ttttt sssss 110 ----- 1100011
bgeu     ------- ttttt sssss 111 ----- 1100011
lb       ------------ sssss 000 ddddd 0000011
lh       ------------ sssss 001 ddddd 0000011
lw       ------------ sssss 010 ddddd 0000011
ld       ------------ sssss 011 ddddd 0000011
lbu      ------------ sssss 100 ddddd 0000011
lhu      ------------ sssss 101 ddddd 0000011
lwu      ------------ sssss 110 ddddd 0000011
sb       ------- ttttt sssss 000 ----- 0100011
sh       ------- ttttt sssss 001 ----- 0100011
sw       ------- ttttt sssss 010 ----- 0100011
sd       ------- ttttt sssss 011 ----- 0100011
addi     ------------ sssss 000 ddddd 0010011
slti     ------------ sssss 010 ddddd 0010011
sltiu    ------------ sssss 011 ddddd 0010011
xori     ------------ sssss 100 ddddd 0010011
ori      ------------ sssss 110 ddddd 0010011
andi     ------------ sssss 111 ddddd 0010011
slli     000000 ------ sssss 001 ddddd 0010011
srli     000000 ------ sssss 101 ddddd 0010011
srai     010000 ------ sssss 101 ddddd 0010011
addiw    ------------ sssss 000 ddddd 0011011
slliw    0000000 ----- sssss 001 ddddd 0011011
srliw    0000000 ----- sssss 101 ddddd 0011011
sraiw    0100000 ----- sssss 101 ddddd 0011011
add      0000000 ttttt sssss 000 ddddd 0110011
sub      0100000 ttttt sssss 000 ddddd 0110011
sll      0000000 ttttt sssss 001 ddddd 0110011
slt      0000000 ttttt sssss 010 ddddd 0110011
sltu     0000000 ttttt sssss 011 ddddd 0110011
xor      0000000 ttttt sssss 100 ddddd 0110011
srl      0000000 ttttt sssss 101 ddddd 0110011
sra      0100000 ttttt sssss 101 ddddd 0110011
or       0000000 ttttt sssss 110 ddddd 0110011
and      0000000 ttttt sssss 111 ddddd 0110011
addw     0000000 ttttt sssss 000 ddddd 0111011
subw     0100000 ttttt sssss 000 ddddd 0111011
sllw     0000000 ttttt sssss 001 ddddd 0111011
srlw     0000000 ttttt sssss 101 ddddd 0111011
sraw     0100000 ttttt sssss 101 ddddd 0111011
mul      0000001 ttttt sssss 000 ddddd 0110011
mulh     0000001 ttttt sssss 001 ddddd 0110011
mulhsu   0000001 ttttt sssss 010 ddddd 0110011
mulhu    0000001 ttttt sssss 011 ddddd 0110011
div      0000001 ttttt sssss 100 ddddd 0110011
divu     0000001 ttttt sssss 101 ddddd 0110011
rem      0000001 ttttt sssss 110 ddddd 0110011
remu     0000001 ttttt sssss 111 ddddd 0110011
mulw     0000001 ttttt sssss 000 ddddd 0111011
divw     0000001 ttttt sssss 100 ddddd 0111011
divuw    0000001 ttttt sssss 101 ddddd 0111011
remw     0000001 ttttt sssss 110 ddddd 0111011
remuw    0000001 ttttt sssss 111 ddddd 0111011
lr.w     00010 -- 00000 sssss 010 ddddd 0101111
lr.d     00010 -- 00000 sssss 011 ddddd 0101111
sc.w     00011 -- ttttt sssss 010 ddddd 0101111
sc.d     00011 -- ttttt sssss 011 ddddd 0101111
amoswap  00001 -- ttttt sssss 01- ddddd 0101111
amoadd   00000 -- ttttt sssss 01- ddddd 0101111
amoxor   00100 -- ttttt sssss 01- ddddd 0101111
amoand   01100 -- ttttt sssss 01- ddddd 0101111
amoor    01000 -- ttttt sssss 01- ddddd 0101111
amomin   10000 -- ttttt sssss 01- ddddd 0101111
amomax   10100 -- ttttt sssss 01- ddddd 0101111
amominu  11000 -- ttttt sssss 01- ddddd 0101111
amomaxu  11100 -- ttttt sssss 01- ddddd 0101111
fence    ------------ ----- 000 ----- 0001111
fence.i  ------------ ----- 001 ----- 0001111
csrrw    ------------ sssss 001 ddddd 1110011
csrrs    ------------ sssss 010 ddddd 1110011
csrrc    ------------ sssss 011 ddddd 1110011
csrrwi   ------------ ----- 101 ddddd 1110011
csrrsi   ------------ ----- 110 ddddd 1110011
csrrci   ------------ ----- 111 ddddd 1110011
ecall    000000000000 00000 000 00000 1110011
ebreak   000000000001 00000 000 00000 1110011
uret     000000000010 00000 000 00000 1110011
sret     000100000010 00000 000 00000 1110011
mret     001100000010 00000 000 00000 1110011
wfi      000100000101 00000 000 00000 1110011
sfence   0001001 ----- sssss 000 00000 1110011
uipisend 0000000 00000 sssss 110 ----- 1111011
uipiread 0000001 00000 sssss 110 ddddd 1111011
uipiwrit 0000010 00000 sssss 110 ----- 1111011
uipiacti 0000011 00000 sssss 110 ----- 1111011
uipideac 0000100 00000 sssss 110 ----- 1111011
"""
TABLE = {line.split()[0]: "".join(line.split()[1:]) for line in ENCODINGS.strip().splitlines()}
assert all(len(pattern) == 32 for pattern in TABLE.values())

ALU = {name: op for op in AluOp for name in (
    op.name.lower(), f"{op.name.lower()}i", f"{op.name.lower()}w", f"{op.name.lower()}iw")}
ALU["sltiu"] = AluOp.SLTU


def match(insn: int) -> str | None:
    """Returns the row of the table that ``insn`` matches."""
    bits = f"{insn:032b}"
    names = [name for name, pattern in TABLE.items()
             if all(p not in "01" or p == b for p, b in zip(pattern, bits, strict=True))]
    assert len(names) <= 1
    return names[0] if names else None


def signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


def immediate(name: str, insn: int) -> int | None:
    """Returns the immediate for the format, or None if the format has none."""
    opcode = insn & 0x7F
    if opcode in (0b0110111, 0b0010111):
        return signed(insn & 0xFFFFF000, 32)
    if opcode == 0b1101111:
        return signed((insn >> 31) << 20 | (insn >> 12 & 0xFF) << 12 | (insn >> 20 & 1) << 11
                      | (insn >> 21 & 0x3FF) << 1, 21)
    if opcode == 0b1100011:
        return signed((insn >> 31) << 12 | (insn >> 7 & 1) << 11 | (insn >> 25 & 0x3F) << 5
                      | (insn >> 8 & 0xF) << 1, 13)
    if opcode == 0b0100011:
        return signed((insn >> 25) << 5 | (insn >> 7 & 0x1F), 12)
    if opcode in (0b0010011, 0b0011011, 0b0000011, 0b1100111):
        return signed(insn >> 20, 12)
    return 0 if opcode in (0b0101111, 0b1111011) else None


def check(name: str, insn: int, o: data.Const) -> None:
    """Compares the decoder's output for a legal instruction with the meaning of its mnemonic."""
    pattern, opcode = TABLE[name], insn & 0x7F
    rd = insn >> 7 & 31
    assert o.rs1_used == ("s" in pattern), "rs1 used"
    assert o.rs2_used == ("t" in pattern), "rs2 used"
    assert o.rd_write == ("d" in pattern and rd != 0), "rd written"
    expected = immediate(name, insn)
    if expected is not None:
        relative = opcode in (0b0010111, 0b1101111, 0b1100011)
        got = o.target_offset if relative else o.imm
        assert got == expected, f"immediate {got}, not {expected}"
    assert o.branch == (opcode == 0b1100011) and o.jal == (name == "jal")
    assert o.jalr == (name == "jalr")
    assert o.lsu == (opcode in (0b0000011, 0b0100011, 0b0101111, 0b1111011))
    if o.lsu:
        kind = {"lr": LsuOp.LR, "sc": LsuOp.SC, "am": LsuOp.AMO, "ui": LsuOp.UIPI}.get(name[:2])
        assert o.lsu_op == (kind or (LsuOp.LOAD if opcode == 3 else LsuOp.STORE))
    assert o.csr == name.startswith("csr")
    if o.csr:
        assert o.csr_op.value == insn >> 12 & 3 and o.csr_imm == name.endswith("i")
        writes = name.startswith("csrrw") or insn >> 15 & 31 != 0
        assert o.csr_read_only == (not writes)
    if name in ALU and opcode in (0b0010011, 0b0011011, 0b0110011, 0b0111011):
        assert o.result == Result.ALU and o.alu == ALU[name], f"operation {o.alu}"
        assert o.b_imm == (opcode in (0b0010011, 0b0011011))
    if opcode in (0b0011011, 0b0111011):
        assert o.word
    if name.startswith(("mul", "div", "rem")):
        assert o.result == (Result.MUL if name.startswith("mul") else Result.DIV)
    system = {"ecall": System.ECALL, "ebreak": System.EBREAK, "wfi": System.WFI,
              "sfence": System.SFENCE, "fence.i": System.FENCE_I, "uret": System.RETURN,
              "sret": System.RETURN, "mret": System.RETURN}.get(name, System.NONE)
    if name == "fence":  # bits 27:24 are the predecessor set (I O R W), 23:20 the successor set
        before_writes, after_reads = insn >> 24 & 0b0101, insn >> 20 & 0b1010
        system = System.FENCE if before_writes and after_reads else System.NONE
    assert o.system == system


def near_miss(rng: random.Random) -> int:
    """Makes an instruction of the table with random free bits, often with one wrong fixed bit."""
    pattern = rng.choice(list(TABLE.values()))
    bits = [rng.choice("01") if p not in "01" else p for p in pattern]
    if rng.random() < 0.4:
        position = rng.randrange(30)
        bits[position] = "10"[int(bits[position])]
    return int("".join(bits), 2)


@cocotb.test()
async def decodes_the_table_and_nothing_else(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    layout = Control.as_shape()
    seen = set()
    for _ in range(CASES):
        insn = near_miss(rng) if rng.random() < 0.9 else rng.getrandbits(32)
        dut.insn.value = insn
        await Timer(1, "ns")
        o = layout.from_bits(int(dut.o.value))
        name = match(insn)
        assert o.illegal == (name is None), f"{insn:#010x} is {name or 'illegal'}"
        if name is not None:
            seen.add(name)
            try:
                check(name, insn, o)
            except AssertionError as error:
                raise AssertionError(f"{name} {insn:#010x}: {error}") from error
    assert seen == set(TABLE), f"never tried: {set(TABLE) - seen}"


def test_decoder():
    run_cocotb(Decoder(), __name__, "decode")
