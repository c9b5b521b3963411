"""Memory stage (M): CSRs, traps, fences, late results; and the register between M and W."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .commit import Commit
from .csr_types import CsrSignature
from .decode import Result, System
from .fetch_types import FetchFault, redirect_layout
from .isa import Cause, Priv
from .lsu_types import LsuOp
from .params import HartParams
from .rvfi import rvfi_layout
from .stage_types import Bypass, memory_layout
from .translation import TlbFlush


class MemoryStage(wiring.Component):
    """Completes one instruction at a time; every trap is taken here.

    ``advance`` is low while the instruction needs more cycles: a load/store that the unit has not
    completed, a division, a CSR instruction (two cycles: the state changes at the end of the first,
    so that the interrupt decision is up to date when the next instruction comes), a fence, WFI.
    An interrupt replaces the instruction in its first cycle only (``kill``); it wins over an
    exception of that instruction. ``redirect_valid`` comes with ``advance``: a trap, or a refetch
    after an instruction that changes what was fetched (satp, PMP, SFENCE.VMA, FENCE.I).
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "m_valid": In(1),
            "m": In(memory_layout(params)),
            "advance": Out(1),
            "kill": Out(1),
            "csr": Out(CsrSignature(params)),
            # other units of M
            "lsu_busy": In(1),
            "lsu_result": In(64),
            "lsu_fault": In(1),
            "lsu_cause": In(6),
            "lsu_vaddr": In(64),  # address that faulted
            "lsu_addr": In(64),  # address of the instruction
            "lsu_drained": In(1),
            "mul_result": In(64),
            "div_busy": In(1),
            "div_result": In(64),
            # consequences
            "redirect_valid": Out(1),
            "redirect": Out(redirect_layout(params)),
            "redirect_priv": Out(2),  # privilege to fetch with from then on
            "tlb_flush": Out(TlbFlush),
            "flush_icache": Out(1),
            "icache_busy": In(1),
            "to_d": Out(Bypass),
            "w": Out(Bypass),
            "w_valid": Out(1),
            "w_commit": Out(Commit),
            "trap_taken": Out(1),
            "retired": Out(1),
            **({"w_rvfi": Out(rvfi_layout())} if params.rvfi else {}),
        })

    def elaborate(self, platform):
        m = Module()
        csr = self.csr
        first = Signal(init=1)
        m.d.sync += first.eq(self.advance | ~self.m_valid)

        interrupt = Signal()
        m.d.comb += [
            interrupt.eq(csr.irq & first),
            self.kill.eq(interrupt),
        ]
        stall = self._stall(m, first)
        exception = self._exception(m, first)
        trap = Signal()
        m.d.comb += [
            trap.eq(self.m_valid & (interrupt | exception)),
            self.advance.eq(~(self.m_valid & stall & ~trap)),
            self.trap_taken.eq(trap),
            self.retired.eq(self.m_valid & ~stall & ~trap),
        ]
        self._csr_access(m, first, trap)
        self._redirect(m, trap, stall, first)
        self._write_back(m, trap)
        return m

    def _is(self, system):
        return self.m.system == system

    def _stall(self, m, first):
        """Why the instruction is not complete, traps aside."""
        held = self.m
        waiting_for_cache = Signal()  # FENCE.I: step 0 waits for writes, 2 for the walk over L1I
        step = Signal(2)
        start = Signal()
        m.d.comb += [
            # Not in the first cycle, in which an interrupt may still replace the instruction.
            start.eq(self.m_valid & self._is(System.FENCE_I) & (step == 0) & ~first
                     & self.lsu_drained),
            self.flush_icache.eq(start),
            waiting_for_cache.eq(~((step == 2) & ~self.icache_busy)),
        ]
        with m.If(start):
            m.d.sync += step.eq(1)
        with m.Elif(step == 1):
            m.d.sync += step.eq(2)
        with m.Elif(self.advance):
            m.d.sync += step.eq(0)

        stall = Signal()
        with m.Switch(held.system):
            with m.Case(System.FENCE, System.SFENCE):
                m.d.comb += stall.eq(~self.lsu_drained)
            with m.Case(System.FENCE_I):
                m.d.comb += stall.eq(waiting_for_cache)
            with m.Case(System.WFI):
                m.d.comb += stall.eq(~self.csr.wake)
        return (
            stall
            | (held.lsu & self.lsu_busy)
            | ((held.result == Result.DIV) & self.div_busy)
            | (held.csr & first)
        )

    def _exception(self, m, first):
        """Exceptions in the order of the privileged specification, table 3.7."""
        held, csr = self.m, self.csr
        exception, cause, tval = Signal(), Signal(6), Signal(64)
        privileged = Signal()  # the instruction needs a right that it hasn't
        with m.Switch(held.system):
            with m.Case(System.WFI):
                m.d.comb += privileged.eq(
                    (csr.priv == Priv.U) | ((csr.priv == Priv.S) & csr.tw))
            with m.Case(System.SFENCE):
                m.d.comb += privileged.eq(
                    (csr.priv == Priv.U) | ((csr.priv == Priv.S) & csr.tvm))
            with m.Case(System.RETURN):
                with m.Switch(held.ret_kind.as_value()):
                    with m.Case(Priv.M):
                        m.d.comb += privileged.eq(csr.priv != Priv.M)
                    with m.Case(Priv.S):
                        m.d.comb += privileged.eq(
                            (csr.priv == Priv.U) | ((csr.priv == Priv.S) & csr.tsr))
                    with m.Default():  # URET
                        m.d.comb += privileged.eq(csr.priv != Priv.U)
        with m.If(held.fault != FetchFault.NONE):
            m.d.comb += [
                exception.eq(1),
                cause.eq(Mux(held.fault == FetchFault.PAGE, Cause.INSN_PAGE, Cause.INSN_ACCESS)),
                tval.eq((held.pc + Mux(held.fault_upper, 2, 0))[:len(held.pc)].as_signed()),
            ]
        with m.Elif(held.illegal | privileged | (held.csr & first & csr.illegal)):
            m.d.comb += [exception.eq(1), cause.eq(Cause.ILLEGAL_INSN), tval.eq(held.raw)]
        with m.Elif(self._is(System.EBREAK)):
            m.d.comb += [exception.eq(1), cause.eq(Cause.BREAKPOINT),
                         tval.eq(held.pc.as_signed())]
        with m.Elif(self._is(System.ECALL)):
            m.d.comb += [exception.eq(1), cause.eq(Cause.ECALL_U | csr.priv)]
        with m.Elif(held.lsu):
            m.d.comb += [exception.eq(self.lsu_fault & ~self.lsu_busy), cause.eq(self.lsu_cause),
                         tval.eq(self.lsu_vaddr)]
        m.d.comb += [
            csr.trap_interrupt.eq(self.kill),
            csr.trap_cause.eq(Mux(self.kill, csr.irq_cause, cause)),
            csr.trap_tval.eq(Mux(self.kill, 0, tval)),
            csr.trap_epc.eq(held.pc),
        ]
        return exception

    def _csr_access(self, m, first, trap):
        held, csr = self.m, self.csr
        m.d.comb += [
            csr.addr.eq(held.raw[20:32]),
            csr.op.eq(held.csr_op),
            csr.wdata.eq(held.value),
            csr.read_only.eq(held.csr_read_only),
            csr.commit.eq(self.m_valid & held.csr & first & ~trap),
            csr.trap.eq(trap),
            csr.ret.eq(self.m_valid & self._is(System.RETURN) & ~trap),
            csr.ret_kind.eq(held.ret_kind),
            # A CSR instruction counts in its first cycle: a write to minstret wins over its own
            # increment.
            csr.retire.eq(Mux(held.csr, csr.commit, self.retired)),
        ]

    def _redirect(self, m, trap, stall, first):
        held, csr = self.m, self.csr
        refetch_csr = Signal()
        with m.If(csr.commit):
            m.d.sync += refetch_csr.eq(csr.refetch)
        done = self.m_valid & ~stall & ~trap
        refetch = done & ((held.csr & refetch_csr) | self._is(System.SFENCE)
                          | self._is(System.FENCE_I))
        m.d.comb += [
            self.redirect_valid.eq(trap | refetch),
            self.redirect.pc.eq(Mux(trap, csr.trap_pc, held.next_pc)),
            self.redirect.prediction.eq(held.prediction),
            self.redirect_priv.eq(Mux(trap, csr.trap_priv, csr.priv)),
            # Of the CSRs that need a refetch, satp is part of the TLBs' tags and PMP is not.
            self.tlb_flush.valid.eq(
                done & (self._is(System.SFENCE) | (held.csr & refetch_csr & csr.addr[9]))),
            self.tlb_flush.all.eq(held.csr | held.system_all),
            self.tlb_flush.page.eq(held.value[12:39]),
        ]

    def _write_back(self, m, trap):
        held = self.m
        csr_value, early, value = Signal(64), Signal(64), Signal(64)
        with m.If(self.csr.commit):
            m.d.sync += csr_value.eq(self.csr.rdata)
        with m.Switch(held.result):
            with m.Case(Result.MUL):
                m.d.comb += early.eq(self.mul_result)
            with m.Case(Result.DIV):
                m.d.comb += early.eq(self.div_result)
            with m.Case(Result.CSR):
                m.d.comb += early.eq(csr_value)
            with m.Default():
                m.d.comb += early.eq(held.value)
        m.d.comb += [
            value.eq(Mux(held.lsu, self.lsu_result, early)),
            self.to_d.rd.eq(Mux(self.m_valid, held.rd, 0)),
            self.to_d.value.eq(value),
        ]
        m.d.sync += [
            self.w.rd.eq(Mux(self.retired, held.rd, 0)),
            self.w.value.eq(value),
        ]

        commit, mask = self.w_commit, Signal(8)
        with m.Switch(held.funct3[:2]):
            for size in range(4):
                with m.Case(size):
                    m.d.comb += mask.eq((1 << (1 << size)) - 1)
        stored = held.lsu & ((held.lsu_op == LsuOp.STORE) | (held.lsu_op == LsuOp.AMO)
                             | ((held.lsu_op == LsuOp.SC) & (value == 0)))
        loaded = held.lsu & ((held.lsu_op == LsuOp.LOAD) | (held.lsu_op == LsuOp.LR)
                             | (held.lsu_op == LsuOp.AMO))
        m.d.sync += self.w_valid.eq(self.retired | trap)
        with m.If(self.retired | trap):
            m.d.sync += [
                commit.pc.eq(held.pc.as_signed()),
                commit.insn.eq(Mux(held.fault == FetchFault.NONE, held.raw, 0)),
                commit.priv.eq(self.csr.priv),
                commit.rd.eq(Mux(trap, 0, held.rd)),
                commit.rd_data.eq(value),
                commit.mem_addr.eq(self.lsu_addr),
                commit.mem_rmask.eq(Mux(loaded & ~trap, mask, 0)),
                commit.mem_wmask.eq(Mux(stored & ~trap, mask, 0)),
                commit.mem_rdata.eq(value),
                commit.mem_wdata.eq(held.data),
                commit.trap.eq(trap),
                commit.interrupt.eq(self.csr.trap_interrupt),
                commit.cause.eq(self.csr.trap_cause),
                commit.tval.eq(self.csr.trap_tval),
            ]
            if self.params.rvfi:
                m.d.sync += [getattr(self.w_rvfi, name).eq(getattr(held, name))
                             for name in ("rs1", "rs2", "rs1_value", "rs2_value")]
                m.d.sync += [
                    self.w_rvfi.flow_pc.eq(
                        Mux(trap, self.csr.trap_pc, held.flow_pc).as_signed()),
                    self.w_rvfi.operand.eq(held.value),
                ]
