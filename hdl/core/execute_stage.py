"""Execute stage (X): ALU, branch resolution, redirect, and the register between X and M."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .alu import Alu, Comparator
from .csr_types import TrapReturn
from .decode import Result, System
from .fetch_types import BranchKind, redirect_layout, train_layout
from .params import PC_BITS, HartParams
from .stage_types import Bypass, executing_layout, memory_layout


class ExecuteStage(wiring.Component):
    """Executes the instruction in X in one cycle.

    A mispredicted branch, or a trap return, redirects in its first cycle in X, even while M is
    stalled; ``redirect_valid`` is high for that one cycle. ``kill`` (a redirect from M, which comes
    with ``advance``) wins: the instruction in X is gone and trains nothing.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "x_valid": In(1),
            "x": In(executing_layout(params)),
            "advance": In(1),
            "kill": In(1),
            "m_value": In(64),  # result of the instruction in M
            "mepc": In(PC_BITS),
            "sepc": In(PC_BITS),
            "uepc": In(PC_BITS),
            "redirect_valid": Out(1),
            "redirect": Out(redirect_layout(params)),
            "returning": Out(1),  # the redirect is that of a trap return
            "mispredict": Out(1),  # the redirect repairs a wrong prediction
            "train_valid": Out(1),
            "train": Out(train_layout(params)),
            "bypass": Out(Bypass),
            "late": Out(1),  # the result comes in M only
            "data": Out(64),  # operand b, final at the end of the cycle
            "m_valid": Out(1),
            "m": Out(memory_layout(params)),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.alu = alu = Alu()
        m.submodules.comparator = comparator = Comparator()
        x = self.x
        m.d.comb += [
            alu.control.eq(x.alu), alu.a.eq(x.a), alu.b.eq(x.b),
            comparator.funct3.eq(x.funct3), comparator.a.eq(x.a), comparator.b.eq(x.b),
            self.late.eq(x.result.as_value() >= Result.MUL.value),
            self.data.eq(Mux(x.data_from_m, self.m_value, x.b)),
            self.bypass.rd.eq(x.rd),
        ]
        # The ALU gives 0 where the result is an address.
        m.d.comb += self.bypass.value.eq(
            alu.result
            | (x.next_pc.as_signed() & (x.result == Result.LINK).replicate(64))
            | (x.target.as_signed() & (x.result == Result.TARGET).replicate(64)))
        self._resolve(m, alu, comparator)
        with m.If(self.advance):
            m.d.sync += self.m_valid.eq(self.x_valid & ~self.kill)
            m.d.sync += self._next()
        return m

    def _resolve(self, m, alu, comparator):
        """Compares outcome and prediction; redirects and trains."""
        x, redirect, train = self.x, self.redirect, self.train
        jalr_pc, return_pc = Signal(PC_BITS), Signal(PC_BITS)
        # An address outside Sv39 and the physical space stays one when cut to PC_BITS.
        canonical = (alu.sum[39:] == 0) | alu.sum[39:].all()
        m.d.comb += jalr_pc.eq(Cat(C(0, 1), alu.sum[1:39], Mux(canonical, alu.sum[39],
                                                               ~alu.sum[38])))
        with m.Switch(x.ret_kind):
            with m.Case(TrapReturn.MRET):
                m.d.comb += return_pc.eq(self.mepc)
            with m.Case(TrapReturn.SRET):
                m.d.comb += return_pc.eq(self.sepc)
            with m.Default():
                m.d.comb += return_pc.eq(self.uepc)

        jump, taken, wrong, returning, first = (
            Signal(name=name) for name in ("jump", "taken", "wrong", "x_returning", "x_first"))
        m.d.comb += [
            jump.eq(x.jal | x.jalr),
            taken.eq(jump | (x.branch & comparator.taken)),
            returning.eq(x.system == System.RETURN),
            wrong.eq((taken != x.predicted_taken)
                     | ((x.jal | (x.branch & x.predicted_taken)) & ~x.target_matches)
                     | (x.jalr & (jalr_pc != x.predicted_target))),
            self.mispredict.eq(self.x_valid & first & wrong),
            self.redirect_valid.eq(self.x_valid & first & (wrong | returning)),
            self.returning.eq(returning),
        ]
        m.d.sync += first.eq(self.advance | ~self.x_valid)

        m.d.comb += [
            redirect.prediction.eq(x.prediction),
            redirect.branch.eq(x.branch),
            redirect.taken.eq(taken),
            redirect.call.eq(jump & x.link),
            redirect.ret.eq(x.jalr & x.from_link & ~x.link),
            redirect.link.eq(x.next_pc),
        ]
        with m.If(returning):
            m.d.comb += redirect.pc.eq(return_pc)
        with m.Elif(x.jalr):
            m.d.comb += redirect.pc.eq(jalr_pc)
        with m.Elif(taken):
            m.d.comb += redirect.pc.eq(x.target)
        with m.Else():
            m.d.comb += redirect.pc.eq(x.next_pc)

        control_flow = jump | x.branch
        m.d.sync += self.train_valid.eq(
            self.x_valid & first & ~self.kill & (control_flow | x.predicted_taken))
        with m.If(self.x_valid):
            m.d.sync += [
                train.pc_last.eq(x.next_pc - 2),
                train.taken.eq(taken),
                train.mispredicted.eq(wrong),
                train.target.eq(Mux(x.jalr, jalr_pc, x.target)),
                train.prediction.eq(x.prediction),
                train.kind.eq(BranchKind.NONE),
            ]
            with m.If(x.branch):
                m.d.sync += train.kind.eq(BranchKind.BRANCH)
            with m.Elif(jump & x.link):
                m.d.sync += train.kind.eq(BranchKind.CALL)
            with m.Elif(x.jalr & x.from_link):
                m.d.sync += train.kind.eq(BranchKind.RETURN)
            with m.Elif(jump):
                m.d.sync += train.kind.eq(BranchKind.JUMP)

    def _next(self):
        """The M register takes the instruction in X."""
        x, held = self.x, self.m
        moves = [getattr(held, name).eq(getattr(x, name)) for name in (
            "pc", "next_pc", "raw", "fault", "fault_upper", "illegal", "rd", "result",
            "prediction", "funct3", "lsu", "lsu_op", "csr", "csr_op", "csr_read_only", "system",
            "ret_kind")]
        moves += [
            held.value.eq(self.bypass.value),
            held.data.eq(self.data),
            held.system_all.eq(x.raw[15:20] == 0),
        ]
        if self.params.rvfi:
            moves += [getattr(held, name).eq(getattr(x, name))
                      for name in ("rs1", "rs2", "rs1_value")]
            moves += [
                held.rs2_value.eq(Mux(x.data_from_m, self.m_value, x.rs2_value)),
                held.flow_pc.eq(self.redirect.pc),
            ]
        return moves
