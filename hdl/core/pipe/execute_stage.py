"""Execute stage (X): ALU, branch resolution, redirect, and the register between X and M."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..csr.types import TrapReturn, exception_priv
from ..fetch.types import BranchKind, FetchFault, redirect_layout, train_layout
from ..isa import Cause
from ..params import PC_BITS, HartParams
from .alu import Alu, Comparator, sums_to
from .decode import Result, System
from .types import Bypass, executing_layout, memory_layout


class ExecuteStage(wiring.Component):
    """Executes the instruction in X in one cycle.

    A mispredicted branch or a trap return redirects in its first cycle in X, even while M stalls.
    ``redirect_valid`` is high for that one cycle. ``kill`` has priority. It is a redirect from M to
    ``kill_pc``, and comes with ``advance``. The instruction in X is then discarded, and does not
    train the predictors.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "x_valid": In(1),
            "x": In(executing_layout(params)),
            "advance": In(1),
            "kill": In(1),
            "kill_pc": In(PC_BITS),
            "m_value": In(64),  # result of the instruction in M
            "mepc": In(PC_BITS),
            "sepc": In(PC_BITS),
            "uepc": In(PC_BITS),
            "priv": In(2),
            "medeleg": In(16),
            "redirect_valid": Out(1),
            "redirect": Out(redirect_layout(params)),
            "returning": Out(1),  # the redirect comes from a trap return
            "mispredict": Out(1),  # the redirect repairs a wrong prediction
            "train_valid": Out(1),
            "train": Out(train_layout(params)),
            "bypass": Out(Bypass),
            "late": Out(1),  # the result is available in M only
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
        self._exception(m)
        with m.If(self.advance):
            m.d.sync += self.m_valid.eq(self.x_valid & ~self.kill)
            m.d.sync += self._next()
        return m

    def _resolve(self, m, alu, comparator):
        """Compares outcome and prediction; redirects and trains."""
        x, redirect, train = self.x, self.redirect, self.train
        jalr_pc, return_pc = Signal(PC_BITS), Signal(PC_BITS)
        # An address outside Sv39 and the physical space stays outside when cut to PC_BITS.
        canonical = (alu.sum[39:] == 0) | alu.sum[39:].all()
        # Compared without waiting for the sum. A target that isn't canonical is never predicted.
        predicted = Cat(x.predicted_target, x.predicted_target[-1].replicate(64 - PC_BITS))
        predicted_address = sums_to(x.a, x.b, predicted)
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
            returning.eq(x.system == System.RETURN),
            self.mispredict.eq(self.x_valid & first & wrong),
            self.returning.eq(returning),
        ]
        m.d.sync += first.eq(self.advance | ~self.x_valid)

        # Computed for both outcomes, because the comparison comes last.
        outcomes = []
        for holds in range(2):
            outcome_taken, outcome_wrong, outcome_valid, outcome_pc = (
                Signal(width, name=f"{name}_{holds}") for name, width in (
                    ("taken", 1), ("wrong", 1), ("redirect", 1), ("pc", PC_BITS)))
            m.d.comb += [
                outcome_taken.eq(jump | (x.branch & holds)),
                outcome_wrong.eq((outcome_taken != x.predicted_taken)
                                 | ((x.jal | (x.branch & x.predicted_taken)) & ~x.target_matches)
                                 | (x.jalr & ~predicted_address)),
                outcome_valid.eq(self.x_valid & first & (outcome_wrong | returning)),
            ]
            with m.If(self.kill):
                m.d.comb += outcome_pc.eq(self.kill_pc)
            with m.Elif(returning):
                m.d.comb += outcome_pc.eq(return_pc)
            with m.Elif(x.jalr):
                m.d.comb += outcome_pc.eq(jalr_pc)
            with m.Elif(outcome_taken):
                m.d.comb += outcome_pc.eq(x.target)
            with m.Else():
                m.d.comb += outcome_pc.eq(x.next_pc)
            outcomes.append((outcome_taken, outcome_wrong, outcome_valid, outcome_pc))
        results = taken, wrong, self.redirect_valid, redirect.pc
        for result, if_not, if_so in zip(results, *outcomes, strict=True):
            m.d.comb += result.eq(Mux(comparator.taken, if_so, if_not))

        m.d.comb += [
            redirect.prediction.eq(x.prediction),
            redirect.branch.eq(x.branch),
            redirect.taken.eq(taken),
            redirect.call.eq(jump & x.link),
            redirect.ret.eq(x.jalr & x.from_link & ~x.link),
            redirect.link.eq(x.next_pc),
        ]
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

    def _exception(self, m):
        """Exceptions that depend on the instruction alone, in the order of the privileged
        specification, table 3.7. State that a CSR instruction in M changes is visible in its last
        cycle."""
        x, held = self.x, self.m
        trap, cause = Signal(name="x_trap"), Signal(6, name="x_cause")
        with m.If(x.fault != FetchFault.NONE):
            m.d.comb += [
                trap.eq(1),
                cause.eq(Mux(x.fault == FetchFault.PAGE, Cause.INSN_PAGE, Cause.INSN_ACCESS)),
            ]
        with m.Elif(x.illegal):
            m.d.comb += [trap.eq(1), cause.eq(Cause.ILLEGAL_INSN)]
        with m.Elif(x.system == System.EBREAK):
            m.d.comb += [trap.eq(1), cause.eq(Cause.BREAKPOINT)]
        with m.Elif(x.system == System.ECALL):
            m.d.comb += [trap.eq(1), cause.eq(Cause.ECALL_U | self.priv)]
        with m.If(self.advance):
            m.d.sync += [
                held.trap.eq(trap & self.x_valid & ~self.kill),
                held.trap_cause.eq(cause),
                held.trap_priv.eq(exception_priv(self.priv, self.medeleg, cause[:4])),
            ]

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
