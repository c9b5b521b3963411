"""Random programs of the base instruction set, for two machines that should agree.

A program runs in M-mode. It loads random registers, executes random instructions (legal, reserved
and illegal ones) and ends at the test finisher. Its traps go to a handler that steps over the
instruction. Control flow goes forwards only, so every program ends.
"""

import random
import struct
from dataclasses import dataclass
from pathlib import Path

from sim.image.part import Load
from sim.image.writer import write_elf
from soc.config import DRAM_BASE

BASE, HANDLER, SCRATCH = 31, 30, 29  # registers with a purpose: data, the handler's, addresses
DATA_OFFSET = 0x1_0000  # from the start of the program to what BASE points to
DATA_BYTES = 2048  # around that, in reach of an immediate on either side
FREE = tuple(range(SCRATCH))  # registers that random instructions may write
FINISHER = 0x0010_0000
PASS = 0x5555
MTVEC, MSCRATCH, MEPC = 0x305, 0x340, 0x341
OP, OP_32, OP_IMM, OP_IMM_32, LOAD, STORE, BRANCH, AMO, SYSTEM = (
    0x33, 0x3B, 0x13, 0x1B, 0x03, 0x23, 0x63, 0x2F, 0x73)
AMO_FUNCTIONS = (0, 1, 4, 8, 12, 16, 20, 24, 28)
LR, SC = 2, 3
# All ones, reserved encodings, and an access to a CSR that neither machine has.
ILLEGAL = (0xFFFF_FFFF, 0x0000_707F, 0x0000_2063, 0x0000_7003, 0x0000_4023, 0x7C10_1073)


def r_type(opcode: int, funct3: int, funct7: int, rd: int, rs1: int, rs2: int) -> int:
    return funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode


def i_type(opcode: int, funct3: int, rd: int, rs1: int, imm: int) -> int:
    return (imm & 0xFFF) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode


def s_type(funct3: int, rs1: int, rs2: int, imm: int) -> int:
    return (imm >> 5 & 0x7F) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | (imm & 31) << 7 | STORE


def b_type(funct3: int, rs1: int, rs2: int, imm: int) -> int:
    return ((imm >> 12 & 1) << 31 | (imm >> 5 & 0x3F) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12
            | (imm >> 1 & 0xF) << 8 | (imm >> 11 & 1) << 7 | BRANCH)


def word(insn: int) -> bytes:
    return struct.pack("<I", insn)


@dataclass
class Generator:
    """Makes the instructions of one program."""

    choose: random.Random
    faulting_sc: bool = True  # SC may come after an LR that trapped, and fault itself

    def register(self) -> int:
        return self.choose.choice(FREE)

    def source(self) -> int:
        return self.choose.randrange(32)

    def arithmetic(self) -> bytes:
        """Any word of the four opcodes of arithmetic: about half of them are reserved."""
        opcode = self.choose.choice((OP, OP_32, OP_IMM, OP_IMM_32))
        funct7 = self.choose.choice((0, 0, 1, 1, 0x20, 0x20, self.choose.randrange(128)))
        if opcode == OP and funct7 not in (0, 1, 0x20):
            funct7 = 0  # what later extensions take
        return word(r_type(opcode, self.choose.randrange(8), funct7, self.register(),
                           self.source(), self.source()))

    def upper(self) -> bytes:
        opcode = self.choose.choice((0x37, 0x17))
        return word(self.choose.randrange(1 << 20) << 12 | self.register() << 7 | opcode)

    def load(self) -> bytes:
        offset = self.choose.randrange(-DATA_BYTES // 2, DATA_BYTES // 2)
        return word(i_type(LOAD, self.choose.randrange(7), self.register(), BASE, offset))

    def store(self) -> bytes:
        offset = self.choose.randrange(-DATA_BYTES // 2, DATA_BYTES // 2)
        return word(s_type(self.choose.randrange(4), BASE, self.source(), offset))

    def atomic(self) -> bytes:
        double = self.choose.random() < 0.5
        offset = self.choose.randrange(-DATA_BYTES // 16, DATA_BYTES // 16) * 8
        if self.choose.random() < 0.1:
            offset += self.choose.randrange(8)  # perhaps misaligned
        address = word(i_type(OP_IMM, 0, SCRATCH, BASE, offset))
        if self.choose.random() < 0.3:
            reserve = word(r_type(AMO, 2 + double, LR << 2, self.register(), SCRATCH, 0))
            conditional = word(r_type(AMO, 2 + double, SC << 2, self.register(), SCRATCH,
                                      self.source()))
            traps = offset % (8 if double else 4) != 0
            return address + reserve + (conditional if self.faulting_sc or not traps else b"")
        function = self.choose.choice(AMO_FUNCTIONS)
        return address + word(r_type(AMO, 2 + double, function << 2 | self.choose.randrange(4),
                                     self.register(), SCRATCH, self.source()))

    def branch(self) -> bytes:
        """A branch over two bytes to four instructions."""
        skipped = b"".join(self.arithmetic() for _ in range(self.choose.randrange(4)))
        funct3 = self.choose.choice((0, 1, 4, 5, 6, 7))
        taken = word(b_type(funct3, self.source(), self.source(), 4 + len(skipped)))
        return taken + skipped

    def jump(self) -> bytes:
        """JAL over something that is not executed."""
        skipped = bytes(2 * self.choose.randrange(4))
        return word((4 + len(skipped)) << 20 | self.register() << 7 | 0x6F) + skipped

    def compressed(self) -> bytes:
        """Any arithmetic of RV64C, reserved encodings included."""
        rd, rs2, bits = self.register(), self.source(), self.choose.randrange(1 << 13)
        insn = self.choose.choice((
            0x0001 | bits & 0x107C | rd << 7,  # C.ADDI
            0x2001 | bits & 0x107C | rd << 7,  # C.ADDIW
            0x4001 | bits & 0x107C | rd << 7,  # C.LI
            0x6001 | bits & 0x107C | (rd if rd != 2 else 3) << 7,  # C.LUI
            0x8001 | bits & 0x1FFC,  # C.SRLI to C.ADDW
            0x0002 | bits & 0x107C | rd << 7,  # C.SLLI
            0x8002 | (rd or 1) << 7 | (rs2 or 1) << 2,  # C.MV
            0x9002 | (rd or 1) << 7 | (rs2 or 1) << 2,  # C.ADD
        ))
        return struct.pack("<H", insn)

    def system(self) -> bytes:
        kind = self.choose.randrange(4)
        if kind == 0:
            return word(self.choose.choice((0x0000_0073, 0x0010_0073)))  # ECALL, EBREAK
        if kind == 1:
            return word(self.choose.choice(ILLEGAL))
        if kind == 2:
            return word(0x0FF0_000F if self.choose.random() < 0.5 else 0x0000_100F)  # fences
        funct3 = self.choose.choice((1, 2, 3, 5, 6, 7))
        return word(i_type(SYSTEM, funct3, self.register(), self.source(), MSCRATCH))

    def instruction(self) -> bytes:
        make = self.choose.choices(
            (self.arithmetic, self.compressed, self.load, self.store, self.atomic, self.branch,
             self.upper, self.jump, self.system), (6, 5, 3, 3, 2, 2, 1, 1, 1))[0]
        return make()


# Steps over the trapping instruction: 2 bytes, or 4 if its lowest two bits are 11.
HANDLER_CODE = b"".join(map(word, (
    i_type(SYSTEM, 2, HANDLER, 0, MEPC),  # csrr x30, mepc
    i_type(LOAD, 4, SCRATCH, HANDLER, 0),  # lbu x29, 0(x30)
    i_type(OP_IMM, 7, SCRATCH, SCRATCH, 3),  # andi x29, x29, 3
    i_type(OP_IMM, 3, SCRATCH, SCRATCH, 3),  # sltiu x29, x29, 3
    i_type(OP_IMM, 1, SCRATCH, SCRATCH, 1),  # slli x29, x29, 1
    i_type(OP_IMM, 0, HANDLER, HANDLER, 4),  # addi x30, x30, 4
    r_type(OP, 0, 0x20, HANDLER, HANDLER, SCRATCH),  # sub x30, x30, x29
    i_type(SYSTEM, 1, 0, HANDLER, MEPC),  # csrw mepc, x30
    0x3020_0073,  # mret
)))


def random_program(seed: int, instructions: int, *, faulting_sc: bool = True) -> bytes:
    """Returns what lies at the base of DRAM, where the program starts: code, then data.

    ``faulting_sc``: whether an SC without reservation may have an address that faults. It is up to
    the hart whether it faults or fails.
    """
    generator = Generator(random.Random(seed), faulting_sc)
    skip_handler = word((4 + len(HANDLER_CODE)) << 20 | 0x6F)
    start = b"".join(map(word, (
        DATA_OFFSET | BASE << 7 | 0x17,  # auipc x31, to the data
        HANDLER << 7 | 0x17,  # auipc x30, 0
        i_type(OP_IMM, 0, HANDLER, HANDLER, 16),
        i_type(SYSTEM, 1, 0, HANDLER, MTVEC),
    ))) + skip_handler + HANDLER_CODE
    registers = b"".join(word(i_type(LOAD, 3, rd, BASE, 8 * rd)) for rd in FREE)
    body = b"".join(generator.instruction() for _ in range(instructions))
    end = b"".join(map(word, (
        FINISHER | 5 << 7 | 0x37,  # lui x5, finisher
        0x5 << 12 | 6 << 7 | 0x37,  # lui x6, 5
        i_type(OP_IMM, 0, 6, 6, PASS & 0xFFF),
        s_type(2, 5, 6, 0),
        0x6F,
    )))
    code = start + registers + body + end
    room = DATA_OFFSET - DATA_BYTES // 2
    if len(code) > room:
        raise ValueError(f"{instructions} instructions do not fit into {room} bytes")
    data = generator.choose.randbytes(DATA_BYTES + 8)
    return code.ljust(room, b"\0") + data


def write_random_program(folder: Path, seed: int, instructions: int, *,
                         faulting_sc: bool = True) -> Path:
    """Writes a program into ``folder`` and returns the file."""
    image = folder / f"random-{seed}.elf"
    code = random_program(seed, instructions, faulting_sc=faulting_sc)
    image.write_bytes(write_elf(DRAM_BASE, [Load(DRAM_BASE, DRAM_BASE, code, len(code), 7)], []))
    return image
