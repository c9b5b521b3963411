"""Decoder: the control signals of an expanded 32-bit instruction."""

from amaranth import *
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from ..csr.types import CsrOp, TrapReturn
from ..lsu.types import LsuOp
from ..lsu.uipi import UipiOp
from .alu import AluOp


class Result(enum.Enum, shape=3):
    """The source of the value for ``rd``."""

    ALU = 0
    LINK = 1  # address of the next instruction
    TARGET = 2  # pc + immediate (AUIPC)
    MUL = 3  # this and the following are available in Memory only
    DIV = 4
    LSU = 5
    CSR = 6


class System(enum.Enum, shape=4):
    """Instructions that take effect in the Memory stage."""

    NONE = 0
    ECALL = 1
    EBREAK = 2
    RETURN = 3
    WFI = 4
    FENCE = 5  # a FENCE that waits for all writes
    FENCE_I = 6
    SFENCE = 7


class Control(data.Struct):
    """Control signals of one instruction. ``illegal`` overrides everything else."""

    illegal: 1
    rs1_used: 1
    rs2_used: 1
    rd_write: 1
    result: Result
    alu: AluOp
    word: 1  # 32-bit operation, result sign-extended
    a_zero: 1  # operand a is 0 instead of rs1
    b_imm: 1  # operand b is the immediate instead of rs2
    imm: signed(32)  # an operand
    target_offset: signed(32)  # of a branch, JAL or AUIPC from the pc
    branch: 1
    jal: 1
    jalr: 1
    lsu: 1
    lsu_op: LsuOp
    csr: 1
    csr_op: CsrOp
    csr_read_only: 1
    csr_imm: 1  # the operand is the 5-bit immediate in place of rs1
    system: System
    ret_kind: TrapReturn


class Decoder(wiring.Component):
    """Combinational decoder for RV64IMA, Zicsr, Zifencei, privileged instructions, URET, UIPI."""

    insn: In(32)
    o: Out(Control)

    def elaborate(self, platform):
        m = Module()
        insn, o = self.insn, self.o
        opcode, funct3 = insn[2:7], insn[12:15]
        rd, rs1 = insn[7:12], insn[15:20]

        imm_i = insn[20:].as_signed()
        imm_s = Cat(insn[7:12], insn[25:32]).as_signed()
        imm_b = Cat(C(0, 1), insn[8:12], insn[25:31], insn[7], insn[31]).as_signed()
        imm_u = Cat(C(0, 12), insn[12:32]).as_signed()
        imm_j = Cat(C(0, 1), insn[21:31], insn[20], insn[12:20], insn[31]).as_signed()

        legal = Signal()
        m.d.comb += [
            o.illegal.eq(~legal | (insn[0:2] != 3)),
            o.imm.eq(imm_i),
            o.target_offset.eq(Mux(insn[6], Mux(insn[3], imm_j, imm_b), imm_u)),
            o.csr_imm.eq(funct3[2]),
            o.csr_read_only.eq(funct3[1] & (rs1 == 0)),
            o.ret_kind.eq(insn[28:30]),
        ]
        with m.Switch(funct3[0:2]):
            with m.Case(1):
                m.d.comb += o.csr_op.eq(CsrOp.WRITE)
            with m.Case(2):
                m.d.comb += o.csr_op.eq(CsrOp.SET)
            with m.Case(3):
                m.d.comb += o.csr_op.eq(CsrOp.CLEAR)

        with m.Switch(opcode):
            with m.Case(0b01101):  # LUI
                m.d.comb += [legal.eq(1), o.rd_write.eq(1), o.a_zero.eq(1), o.b_imm.eq(1),
                             o.imm.eq(imm_u)]
            with m.Case(0b00101):  # AUIPC
                m.d.comb += [legal.eq(1), o.rd_write.eq(1), o.result.eq(Result.TARGET),
                             o.alu.eq(AluOp.NONE)]
            with m.Case(0b11011):  # JAL
                m.d.comb += [legal.eq(1), o.rd_write.eq(1), o.result.eq(Result.LINK),
                             o.alu.eq(AluOp.NONE), o.jal.eq(1)]
            with m.Case(0b11001):  # JALR
                m.d.comb += [legal.eq(funct3 == 0), o.rd_write.eq(1), o.result.eq(Result.LINK),
                             o.alu.eq(AluOp.NONE), o.jalr.eq(1), o.rs1_used.eq(1),
                             o.b_imm.eq(1)]
            with m.Case(0b11000):  # BEQ BNE BLT BGE BLTU BGEU
                m.d.comb += [legal.eq(funct3[1:3] != 1), o.branch.eq(1), o.rs1_used.eq(1),
                             o.rs2_used.eq(1)]
            with m.Case(0b00000):  # LB LH LW LD LBU LHU LWU
                m.d.comb += [legal.eq(funct3 != 7), o.rd_write.eq(1), o.result.eq(Result.LSU),
                             o.lsu.eq(1), o.lsu_op.eq(LsuOp.LOAD), o.rs1_used.eq(1)]
            with m.Case(0b01000):  # SB SH SW SD
                m.d.comb += [legal.eq(~funct3[2]), o.lsu.eq(1), o.lsu_op.eq(LsuOp.STORE),
                             o.rs1_used.eq(1), o.rs2_used.eq(1), o.imm.eq(imm_s)]
            with m.Case(0b01011):
                self._atomic(m, legal)
            with m.Case(0b00100, 0b00110):
                self._immediate(m, legal)
            with m.Case(0b01100, 0b01110):
                self._register(m, legal)
            with m.Case(0b00011):
                self._fence(m, legal)
            with m.Case(0b11110):
                self._uipi(m, legal)
            with m.Case(0b11100):
                with m.If(funct3[0:2] != 0):  # CSRRW CSRRS CSRRC and immediate forms
                    m.d.comb += [legal.eq(1), o.rd_write.eq(1), o.result.eq(Result.CSR),
                                 o.csr.eq(1), o.rs1_used.eq(~funct3[2]), o.b_imm.eq(1),
                                 o.imm.eq(0)]  # the operand passes through the adder
                with m.Elif(funct3 == 0):
                    self._privileged(m, legal)
        with m.If(rd == 0):
            m.d.comb += o.rd_write.eq(0)
        return m

    def _atomic(self, m, legal):
        o, funct3, funct5 = self.o, self.insn[12:15], self.insn[27:32]
        sized = funct3[1:3] == 1  # .W or .D
        m.d.comb += [o.rd_write.eq(1), o.result.eq(Result.LSU), o.lsu.eq(1), o.rs1_used.eq(1),
                     o.rs2_used.eq(1), o.imm.eq(0), o.lsu_op.eq(LsuOp.AMO)]
        with m.Switch(funct5):
            with m.Case(0b00010):  # LR
                m.d.comb += [legal.eq(sized & (self.insn[20:25] == 0)), o.lsu_op.eq(LsuOp.LR),
                             o.rs2_used.eq(0)]
            with m.Case(0b00011):  # SC
                m.d.comb += [legal.eq(sized), o.lsu_op.eq(LsuOp.SC)]
            with m.Case("---00", "00001"):  # AMOADD, XOR, OR, AND, MIN, MAX, MINU, MAXU; AMOSWAP
                m.d.comb += legal.eq(sized)

    def _uipi(self, m, legal):
        """Custom-3; the published encoding with funct3 = 010 stays illegal."""
        o, funct3, funct7 = self.o, self.insn[12:15], self.insn[25:32]
        known = Cat(funct7 == op.value for op in UipiOp).any()
        m.d.comb += [legal.eq((funct3 == 0b110) & known & (self.insn[20:25] == 0)),
                     o.rd_write.eq(funct7 == UipiOp.READ.value), o.result.eq(Result.LSU),
                     o.lsu.eq(1), o.lsu_op.eq(LsuOp.UIPI), o.rs1_used.eq(1), o.imm.eq(0)]

    def _immediate(self, m, legal):
        o, funct3, word = self.o, self.insn[12:15], self.insn[3]
        m.d.comb += [o.rd_write.eq(1), o.rs1_used.eq(1), o.b_imm.eq(1), o.word.eq(word)]
        top = self.insn[26:32]  # funct6 of a shift; bit 25 is shamt[5]
        with m.Switch(funct3):
            with m.Case(1):  # SLLI SLLIW
                m.d.comb += [legal.eq((top == 0) & ~(word & self.insn[25])), o.alu.eq(AluOp.SLL)]
            with m.Case(5):  # SRLI SRAI SRLIW SRAIW
                m.d.comb += [legal.eq((Cat(top[:4], top[5]) == 0) & ~(word & self.insn[25])),
                             o.alu.eq(Mux(top[4], AluOp.SRA, AluOp.SRL))]
            with m.Case(0):
                m.d.comb += [legal.eq(1), o.alu.eq(AluOp.ADD)]
            with m.Case(2):
                m.d.comb += [legal.eq(~word), o.alu.eq(AluOp.SLT)]
            with m.Case(3):
                m.d.comb += [legal.eq(~word), o.alu.eq(AluOp.SLTU)]
            with m.Case(4):
                m.d.comb += [legal.eq(~word), o.alu.eq(AluOp.XOR)]
            with m.Case(6):
                m.d.comb += [legal.eq(~word), o.alu.eq(AluOp.OR)]
            with m.Case(7):
                m.d.comb += [legal.eq(~word), o.alu.eq(AluOp.AND)]

    def _register(self, m, legal):
        o, funct3, funct7, word = self.o, self.insn[12:15], self.insn[25:32], self.insn[3]
        m.d.comb += [o.rd_write.eq(1), o.rs1_used.eq(1), o.rs2_used.eq(1), o.word.eq(word)]
        with m.Switch(funct7):
            with m.Case(0):
                operations = [AluOp.ADD, AluOp.SLL, AluOp.SLT, AluOp.SLTU, AluOp.XOR, AluOp.SRL,
                              AluOp.OR, AluOp.AND]
                m.d.comb += legal.eq(~word | (funct3 == 0) | (funct3 == 1) | (funct3 == 5))
                with m.Switch(funct3):
                    for value, operation in enumerate(operations):
                        with m.Case(value):
                            m.d.comb += o.alu.eq(operation)
            with m.Case(0b0100000):
                m.d.comb += [legal.eq((funct3 == 0) | (funct3 == 5)),
                             o.alu.eq(Mux(funct3[2], AluOp.SRA, AluOp.SUB))]
            with m.Case(1):  # MUL MULH MULHSU MULHU DIV DIVU REM REMU and word forms
                m.d.comb += [legal.eq(~word | funct3[2] | (funct3 == 0)),
                             o.result.eq(Mux(funct3[2], Result.DIV, Result.MUL))]

    def _fence(self, m, legal):
        """A FENCE waits only if it orders earlier writes (W, O) before later reads (R, I), or
        device accesses. All other orders hold anyway: loads wait in Memory, and writes leave in
        order."""
        o, funct3 = self.o, self.insn[12:15]
        pred_w, pred_o, succ_r, succ_i = self.insn[24], self.insn[26], self.insn[21], self.insn[23]
        with m.Switch(funct3):
            with m.Case(0):
                m.d.comb += legal.eq(1)
                with m.If((pred_w | pred_o) & (succ_r | succ_i)):
                    m.d.comb += o.system.eq(System.FENCE)
            with m.Case(1):
                m.d.comb += [legal.eq(1), o.system.eq(System.FENCE_I)]

    def _privileged(self, m, legal):
        o = self.o
        with m.Switch(self.insn[7:32]):
            for pattern, operation in (
                ("0000000 00000 00000 000 00000", System.ECALL),
                ("0000000 00001 00000 000 00000", System.EBREAK),
                ("0000000 00010 00000 000 00000", System.RETURN),  # URET
                ("0001000 00010 00000 000 00000", System.RETURN),  # SRET
                ("0011000 00010 00000 000 00000", System.RETURN),  # MRET
                ("0001000 00101 00000 000 00000", System.WFI),
                ("0001001 ----- ----- 000 00000", System.SFENCE),
            ):
                with m.Case(pattern.replace(" ", "")):
                    m.d.comb += [legal.eq(1), o.system.eq(operation)]
        with m.If(self.insn[25:32] == 0b0001001):
            # The address operand goes to Memory like the operand of a CSR instruction.
            m.d.comb += [o.rs1_used.eq(1), o.result.eq(Result.CSR), o.b_imm.eq(1), o.imm.eq(0)]
