"""Decode stage (D): control signals, register read, bypass, branch target."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..fetch.types import FetchFault, fetched_layout
from ..params import PC_BITS, HartParams
from .alu import AluControl, alu_control, sums_to
from .decode import Decoder, System
from .regfile import RegisterFile
from .types import Bypass, executing_layout


class DecodeStage(wiring.Component):
    """Decodes one instruction a cycle and holds the register between D and X.

    With ``advance`` the X register takes the instruction in D, or a bubble if D must wait. D waits
    for a result that is not available in X (``x_late``), and before a trap return for a preceding
    CSR instruction. ``flush`` discards the instruction in D. Without ``advance`` X keeps its
    contents.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "i": In(stream.Signature(fetched_layout(params))),
            "x_valid": Out(1),
            "x": Out(executing_layout(params)),
            "advance": In(1),
            "flush": In(1),
            "from_x": In(Bypass),
            "x_late": In(1),  # the result of the instruction in X comes in M
            "from_m": In(Bypass),
            "from_w": In(Bypass),
            "csr_ahead": In(1),  # a CSR instruction is in X or M
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.decoder = decoder = Decoder()
        m.submodules.registers = registers = RegisterFile()
        d, x, ctl = self.i.p, self.x, decoder.o
        rs1, rs2 = d.insn[15:20], d.insn[20:25]
        faulty = d.fault != FetchFault.NONE

        m.d.comb += [
            decoder.insn.eq(d.insn),
            registers.rs1.eq(rs1),
            registers.rs2.eq(rs2),
            registers.rd.eq(self.from_w.rd),
            registers.rd_value.eq(self.from_w.value),
        ]
        alu = Signal(AluControl)
        alu_control(m, ctl.alu, ctl.word, alu)
        # A zero or immediate operand is one more alternative of the bypass.
        zimm = ctl.csr & ctl.csr_imm
        a = self._operand(m, rs1, registers.rs1_value, ctl.a_zero | zimm, zimm.replicate(5) & rs1)
        b = self._operand(m, rs2, registers.rs2_value, ctl.b_imm, ctl.imm.as_signed())

        x_pending = self.x_valid & self.x_late & (self.from_x.rd != 0)
        needs_rs1 = ctl.rs1_used & (rs1 == self.from_x.rd)
        needs_rs2 = ctl.rs2_used & (rs2 == self.from_x.rd)
        wait = Signal()
        m.d.comb += wait.eq(
            (x_pending & (needs_rs1 | (needs_rs2 & ~ctl.lsu)))
            | ((ctl.system == System.RETURN) & self.csr_ahead)
        )
        target = Signal(PC_BITS)
        m.d.comb += [
            self.i.ready.eq(self.advance & ~wait),
            target.eq(d.pc + ctl.target_offset),
        ]

        with m.If(self.advance):
            m.d.sync += self.x_valid.eq(self.i.valid & ~wait & ~self.flush)
            # A wider condition than a transfer gives a shorter path. Bubbles may hold anything.
            m.d.sync += [
                x.pc.eq(d.pc),
                x.next_pc.eq(d.pc + Mux(d.compressed, 2, 4)),
                x.raw.eq(d.raw),
                x.fault.eq(d.fault),
                x.fault_upper.eq(d.fault_upper),
                x.illegal.eq(ctl.illegal),
                x.rd.eq(Mux(ctl.rd_write & ~ctl.illegal & ~faulty, d.insn[7:12], 0)),
                x.result.eq(ctl.result),
                x.alu.eq(alu),
                x.funct3.eq(d.insn[12:15]),
                x.a.eq(a),
                x.b.eq(b),
                x.offset.eq(ctl.imm[:12]),
                x.target.eq(target),
                x.target_matches.eq(sums_to(d.pc, ctl.target_offset, d.target)),
                x.branch.eq(ctl.branch & ~ctl.illegal & ~faulty),
                x.jal.eq(ctl.jal & ~ctl.illegal & ~faulty),
                x.jalr.eq(ctl.jalr & ~ctl.illegal & ~faulty),
                x.link.eq(self._is_link(d.insn[7:12])),
                x.from_link.eq(self._is_link(rs1)),
                x.predicted_taken.eq(d.taken),
                x.predicted_target.eq(d.target),
                x.prediction.eq(d.prediction),
                x.lsu.eq(ctl.lsu & ~ctl.illegal & ~faulty),
                x.lsu_op.eq(ctl.lsu_op),
                x.funct7.eq(d.insn[25:32]),
                x.data_from_m.eq(x_pending & needs_rs2),
                x.csr.eq(ctl.csr & ~ctl.illegal & ~faulty),
                x.csr_op.eq(ctl.csr_op),
                x.csr_read_only.eq(ctl.csr_read_only),
                x.system.eq(Mux(ctl.illegal | faulty, System.NONE, ctl.system)),
                x.ret_kind.eq(ctl.ret_kind),
            ]
            if self.params.rvfi:
                m.d.sync += [
                    x.rs1.eq(Mux(ctl.rs1_used, rs1, 0)),
                    x.rs2.eq(Mux(ctl.rs2_used, rs2, 0)),
                    x.rs1_value.eq(Mux(ctl.rs1_used, a, 0)),
                    x.rs2_value.eq(Mux(ctl.rs2_used, b, 0)),
                ]
        return m

    @staticmethod
    def _is_link(register):
        return (register == 1) | (register == 5)

    def _operand(self, m, register, stored, other_selected, other):
        """``other`` if that is selected, else the youngest value of ``register``: from X, M, W or
        the register file. It is a one-hot AND-OR, so that a late value passes one level."""
        in_x = self.x_valid & (register == self.from_x.rd)
        in_m = register == self.from_m.rd
        in_w = register == self.from_w.rd
        from_register = ~other_selected
        bypassed = from_register & (register != 0)
        value = C(0, 64)
        for selected, candidate in (
            (bypassed & in_x, self.from_x.value),
            (bypassed & ~in_x & in_m, self.from_m.value),
            (bypassed & ~in_x & ~in_m & in_w, self.from_w.value),
            (from_register & ((register == 0) | ~(in_x | in_m | in_w)), stored),
            (other_selected, other),
        ):
            wide = Signal(signed(64) if candidate.shape().signed else 64)
            select = Signal()
            m.d.comb += [wide.eq(candidate), select.eq(selected)]
            value = value | (wide & select.replicate(64))
        return value[:64]
