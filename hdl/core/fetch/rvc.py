"""Expands compressed instructions."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

# Major opcodes of the instructions that RV64C expands to, with their low bits 11.
LOAD, STORE, OP_IMM, OP_IMM_32 = 0x03, 0x23, 0x13, 0x1B
OP, OP_32, LUI, BRANCH, JALR, JAL = 0x33, 0x3B, 0x37, 0x63, 0x67, 0x6F
EBREAK = 0x0010_0073

SP = C(2, 5)
ZERO = C(0, 5)
FUNCT7_0, FUNCT7_MINUS = C(0, 7), C(0b0100000, 7)


def _r(opcode, funct3, rd, rs1, rs2, funct7=FUNCT7_0):
    return Cat(C(opcode, 7), rd, C(funct3, 3), rs1, rs2, funct7)


def _i(opcode, funct3, rd, rs1, imm):
    return Cat(C(opcode, 7), rd, C(funct3, 3), rs1, imm)


def _s(opcode, funct3, rs1, rs2, imm):
    return Cat(C(opcode, 7), imm[:5], C(funct3, 3), rs1, rs2, imm[5:12])


class RvcExpander(wiring.Component):
    """Expands a 16-bit instruction of RV64C to its 32-bit equivalent. Combinational.

    Reserved and floating-point encodings give 0, which is illegal. Hints give their equivalent,
    which has no effect. ``insn`` with low bits 11 gives 0 too.
    """

    insn: In(16)
    expanded: Out(32)

    def elaborate(self, platform):
        m = Module()
        with m.Switch(Cat(self.insn[13:16], self.insn[:2])):
            for quadrant, rows in enumerate(
                    (self._quadrant_0(), self._quadrant_1(), self._quadrant_2())):
                for funct3, value in rows.items():
                    with m.Case(quadrant << 3 | funct3):
                        m.d.comb += self.expanded.eq(value)
        return m

    def _fields(self):
        """Signed immediate of six bits; rd; the registers in the fields rs1' and rs2'; rs2."""
        c = self.insn
        imm = Cat(c[2:7], c[12].replicate(7))
        return imm, c[7:12], Cat(c[7:10], C(0b01, 2)), Cat(c[2:5], C(0b01, 2)), c[2:7]

    def _quadrant_0(self):
        c = self.insn
        _, _, rs1, rd, _ = self._fields()
        spn = Cat(C(0, 2), c[6], c[5], c[11:13], c[7:11], C(0, 2))
        word = Cat(C(0, 2), c[6], c[10:13], c[5], C(0, 5))
        double = Cat(C(0, 3), c[10:13], c[5:7], C(0, 4))
        return {
            0b000: Mux(c[5:13] == 0, 0, _i(OP_IMM, 0, rd, SP, spn)),  # C.ADDI4SPN
            0b010: _i(LOAD, 2, rd, rs1, word),  # C.LW
            0b011: _i(LOAD, 3, rd, rs1, double),  # C.LD
            0b110: _s(STORE, 2, rs1, rd, word),  # C.SW
            0b111: _s(STORE, 3, rs1, rd, double),  # C.SD
        }

    def _quadrant_1(self):
        c = self.insn
        imm, rd, rs1, _, _ = self._fields()
        empty = (c[12] == 0) & (c[2:7] == 0)
        sp = Cat(C(0, 4), c[6], c[2], c[5], c[3:5], c[12].replicate(3))
        lui = Cat(C(LUI, 7), rd, c[2:7], c[12].replicate(15))
        jump = Cat(c[3:6], c[11], c[2], c[7], c[6], c[9:11], c[8], c[12].replicate(10))
        jal = Cat(C(JAL, 7), ZERO, jump[11:19], jump[10], jump[:10], jump[19])
        offset = Cat(C(0, 1), c[3:5], c[10:12], c[2], c[5:7], c[12].replicate(5))

        def branch(funct3):
            return Cat(C(BRANCH, 7), offset[11], offset[1:5], C(funct3, 3), rs1, ZERO,
                       offset[5:11], offset[12])

        return {
            0b000: _i(OP_IMM, 0, rd, rd, imm),  # C.ADDI, C.NOP
            0b001: Mux(rd == 0, 0, _i(OP_IMM_32, 0, rd, rd, imm)),  # C.ADDIW
            0b010: _i(OP_IMM, 0, rd, ZERO, imm),  # C.LI
            0b011: Mux(empty, 0, Mux(rd == 2, _i(OP_IMM, 0, SP, SP, sp), lui)),  # C.ADDI16SP, C.LUI
            0b100: self._arithmetic(imm, rs1),
            0b101: jal,  # C.J
            0b110: branch(0),  # C.BEQZ
            0b111: branch(1),  # C.BNEZ
        }

    def _arithmetic(self, imm, rd):
        c = self.insn
        rs2 = Cat(c[2:5], C(0b01, 2))
        shamt = Cat(c[2:7], c[12])
        # c[12], c[6:5]: C.SUB, C.XOR, C.OR, C.AND, C.SUBW, C.ADDW; the others are reserved
        registers = Array([
            _r(OP, 0, rd, rd, rs2, FUNCT7_MINUS), _r(OP, 4, rd, rd, rs2),
            _r(OP, 6, rd, rd, rs2), _r(OP, 7, rd, rd, rs2),
            _r(OP_32, 0, rd, rd, rs2, FUNCT7_MINUS), _r(OP_32, 0, rd, rd, rs2),
            C(0, 32), C(0, 32)])[Cat(c[5:7], c[12])]
        return Array([
            _i(OP_IMM, 5, rd, rd, Cat(shamt, C(0, 6))),  # C.SRLI
            _i(OP_IMM, 5, rd, rd, Cat(shamt, C(0b010000, 6))),  # C.SRAI
            _i(OP_IMM, 7, rd, rd, imm),  # C.ANDI
            registers,
        ])[c[10:12]]

    def _quadrant_2(self):
        c = self.insn
        _, rd, _, _, rs2 = self._fields()
        shamt = Cat(c[2:7], c[12])
        load_word = Cat(C(0, 2), c[4:7], c[12], c[2:4], C(0, 4))
        load_double = Cat(C(0, 3), c[5:7], c[12], c[2:5], C(0, 3))
        store_word = Cat(C(0, 2), c[9:13], c[7:9], C(0, 4))
        store_double = Cat(C(0, 3), c[10:13], c[7:10], C(0, 3))
        jump = Mux(rd == 0, Mux(c[12], EBREAK, 0),  # C.EBREAK
                   _i(JALR, 0, Cat(c[12], C(0, 4)), rd, C(0, 12)))  # C.JR, C.JALR
        return {
            0b000: _i(OP_IMM, 1, rd, rd, Cat(shamt, C(0, 6))),  # C.SLLI
            0b010: Mux(rd == 0, 0, _i(LOAD, 2, rd, SP, load_word)),  # C.LWSP
            0b011: Mux(rd == 0, 0, _i(LOAD, 3, rd, SP, load_double)),  # C.LDSP
            0b100: Mux(rs2 == 0, jump,
                       _r(OP, 0, rd, Mux(c[12], rd, ZERO), rs2)),  # C.MV, C.ADD
            0b110: _s(STORE, 2, SP, rs2, store_word),  # C.SWSP
            0b111: _s(STORE, 3, SP, rs2, store_double),  # C.SDSP
        }
