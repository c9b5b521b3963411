"""Memory stage (M): CSRs, traps, fences, late results; and the register between M and W."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ...bits import choice
from ..commit import Commit
from ..csr.types import CsrSignature, exception_priv
from ..fetch.types import FetchFault, redirect_layout
from ..isa import Cause, Priv
from ..lsu.types import LsuOp
from ..mmu.translation import TlbFlush
from ..params import HartParams
from ..rvfi import rvfi_layout
from .decode import Result, System
from .multiply import MultiplyOp
from .types import Bypass, memory_layout


class LateTrap(data.Struct):
    """An exception that was found in the cycle before."""

    valid: 1
    cause: 6
    priv: 2  # privilege that takes it


class MemoryStage(wiring.Component):
    """Completes one instruction at a time; every trap is taken here.

    ``advance`` is low while the instruction needs more cycles. These instructions need them:

    - a load or store, until the load/store unit has completed it; a division; a fence; WFI;
    - the upper half of a product (two cycles);
    - a CSR instruction (two cycles: the state changes at the end of the first, so that the
      interrupt decision is up to date for the next instruction);
    - a trap return (two cycles, since nothing follows it sooner).

    An interrupt replaces the instruction in its first cycle only (``kill``), and has priority over
    its exceptions. Exceptions known in X are taken in the first cycle, all others in the cycle
    after they are found. ``redirect_valid`` comes with ``advance``, for a trap, or for a refetch
    after an instruction that affects fetched ones (satp, PMP, SFENCE.VMA, FENCE.I). It depends on
    flip-flops only.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "enters": In(1),  # with advance: M gets an instruction
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
        csr, held = self.csr, self.m
        first = Signal()  # of the cycles of an instruction
        m.d.sync += first.eq(self.advance & self.enters)

        late = Signal(LateTrap)
        refetch = Signal()  # the last cycle of an instruction that causes a refetch
        leaves = Signal()  # late.valid | refetch, known as early as they are
        late_next, refetch_next, trap = Signal(), Signal(), Signal()
        m.d.sync += [
            late.valid.eq(late_next),
            refetch.eq(refetch_next),
            leaves.eq(late_next | refetch_next),
        ]
        m.d.comb += [
            self.kill.eq(csr.irq & first),
            trap.eq(self.kill | held.trap | late.valid),
            self.redirect_valid.eq(self.kill | held.trap | leaves),
        ]
        checked = held.csr | self._is(System.WFI, System.SFENCE, System.RETURN)
        stall = self._stall(m, first, checked, late, refetch, refetch_next)
        self._late_exception(m, first, checked, late, late_next)
        m.d.comb += [
            self.advance.eq(~(self.m_valid & stall & ~trap)),
            self.trap_taken.eq(trap),
            self.retired.eq(self.m_valid & ~stall & ~trap),
        ]
        self._trap(m, late)
        self._csr_access(m, first, trap)
        self._redirect(m, trap, late, refetch)
        value = self._write_back(m)
        self._record(m, first, trap, value)
        return m

    def _is(self, *systems):
        return Cat(self.m.system == system for system in systems).any()

    def _stall(self, m, first, checked, late, refetch, refetch_next):
        """The conditions, apart from traps, under which the instruction is not complete."""
        held = self.m
        start = Signal()  # FENCE.I or SFENCE.VMA starts, because all writes are done
        flushing, flushed = Signal(), Signal()  # FENCE.I: after its start, and one cycle later
        m.d.comb += [
            # Not in the first cycle, in which an interrupt may still replace the instruction.
            start.eq(self.m_valid & ~first & ~late.valid & ~refetch & ~flushing & self.lsu_drained
                     & self._is(System.FENCE_I, System.SFENCE)),
            self.flush_icache.eq(start & self._is(System.FENCE_I)),
            refetch_next.eq((self.csr.commit & self.csr.refetch)
                            | (start & self._is(System.SFENCE))
                            | (flushed & ~self.icache_busy & ~refetch)),
        ]
        m.d.sync += [
            flushing.eq((flushing | self.flush_icache) & ~refetch),
            flushed.eq(flushing & ~refetch),
        ]

        stall = Signal()
        with m.Switch(held.system):
            with m.Case(System.FENCE):
                m.d.comb += stall.eq(~self.lsu_drained)
            with m.Case(System.FENCE_I, System.SFENCE):
                m.d.comb += stall.eq(~refetch)
            with m.Case(System.WFI):
                m.d.comb += stall.eq(~self.csr.wake)
        return (
            stall
            | (checked & first)
            | (held.lsu & (self.lsu_busy | self.lsu_fault))
            | ((held.result == Result.DIV) & self.div_busy)
            | ((held.result == Result.MUL) & first & (held.funct3[:2] != MultiplyOp.MUL))
        )

    def _late_exception(self, m, first, checked, late, late_next):
        """Exceptions found in M. They are taken one cycle after they are found, because redirect
        and stall depend on them."""
        held, csr = self.m, self.csr
        privileged = Signal()  # the instruction lacks a right
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
                        m.d.comb += privileged.eq((csr.priv != Priv.U) | csr.n_hidden)
        fault = held.lsu & self.lsu_fault
        refused = checked & first & (privileged | (held.csr & csr.illegal))
        cause = Mux(held.lsu, self.lsu_cause, Cause.ILLEGAL_INSN)
        m.d.comb += late_next.eq(
            self.m_valid & ~self.kill & ~late.valid & (refused | fault))
        m.d.sync += [
            late.cause.eq(cause),
            late.priv.eq(exception_priv(csr.priv, csr.medeleg, cause[:4])),
        ]

    def _trap(self, m, late):
        """The recorded values of the trap."""
        held, csr = self.m, self.csr
        tval = Signal(64)
        with m.If(late.valid):
            m.d.comb += tval.eq(
                Mux(held.lsu & (held.lsu_op != LsuOp.UIPI), self.lsu_vaddr, held.raw))
        with m.Elif(held.fault != FetchFault.NONE):
            m.d.comb += tval.eq(
                (held.pc + Mux(held.fault_upper, 2, 0))[:len(held.pc)].as_signed())
        with m.Elif(held.illegal):
            m.d.comb += tval.eq(held.raw)
        with m.Elif(self._is(System.EBREAK)):
            m.d.comb += tval.eq(held.pc.as_signed())
        m.d.comb += [
            csr.trap_interrupt.eq(self.kill),
            csr.trap_cause.eq(held.trap_cause),
            csr.trap_priv.eq(held.trap_priv),
            csr.trap_tval.eq(Mux(self.kill, 0, tval)),
            csr.trap_epc.eq(held.pc),
        ]
        with m.If(self.kill):
            m.d.comb += [csr.trap_cause.eq(csr.irq_cause), csr.trap_priv.eq(csr.irq_priv)]
        with m.Elif(late.valid):
            m.d.comb += [csr.trap_cause.eq(late.cause), csr.trap_priv.eq(late.priv)]

    def _csr_access(self, m, first, trap):
        held, csr = self.m, self.csr
        m.d.comb += [
            csr.addr.eq(held.raw[20:32]),
            csr.op.eq(held.csr_op),
            csr.wdata.eq(held.value),
            csr.read_only.eq(held.csr_read_only),
            csr.commit.eq(held.csr & first & ~self.kill),
            csr.trap.eq(trap),
            csr.ret.eq(self.m_valid & self._is(System.RETURN) & ~first & ~trap),
            csr.ret_kind.eq(held.ret_kind),
            # A CSR instruction counts in its first cycle, so that its write to minstret overrides
            # its own increment.
            csr.retire.eq(Mux(held.csr, csr.commit & ~csr.illegal, self.retired)),
        ]

    def _redirect(self, m, trap, late, refetch):
        held, csr = self.m, self.csr
        m.d.comb += [
            self.redirect.pc.eq(Mux(trap, csr.trap_pc, held.next_pc)),
            self.redirect.prediction.eq(held.prediction),
            self.redirect_priv.eq(Mux(trap, csr.trap_priv, csr.priv)),
            # A refetch for PMP flushes the TLBs. One for satp need not: it is part of their tags.
            self.tlb_flush.valid.eq(
                refetch & ~late.valid & (self._is(System.SFENCE) | (held.csr & csr.addr[9]))),
            self.tlb_flush.all.eq(held.csr | held.system_all),
            self.tlb_flush.page.eq(held.value[12:39]),
        ]

    def _write_back(self, m):
        held = self.m
        csr_value, value = Signal(64), Signal(64)
        with m.If(self.csr.commit):
            m.d.sync += csr_value.eq(self.csr.rdata)
        late = {
            Result.MUL: self.mul_result, Result.DIV: self.div_result, Result.CSR: csr_value,
            Result.LSU: self.lsu_result,
        }
        m.d.comb += [
            value.eq(choice((
                *((held.result == kind, result) for kind, result in late.items()),
                (Cat(held.result == kind for kind in Result if kind not in late).any(), held.value),
            ))),
            self.to_d.rd.eq(Mux(self.m_valid, held.rd, 0)),
            self.to_d.value.eq(value),
        ]
        m.d.sync += [
            self.w.rd.eq(Mux(self.retired, held.rd, 0)),
            self.w.value.eq(value),
        ]
        return value

    def _record(self, m, first, trap, value):
        """The commit port. Interrupt lines count in the first cycle of an instruction."""
        held = self.m
        commit, mask, lines = self.w_commit, Signal(8), Signal(12)
        with m.Switch(held.funct3[:2]):
            for size in range(4):
                with m.Case(size):
                    m.d.comb += mask.eq((1 << (1 << size)) - 1)
        stored = held.lsu & ((held.lsu_op == LsuOp.STORE) | (held.lsu_op == LsuOp.AMO)
                             | ((held.lsu_op == LsuOp.SC) & (value == 0)))
        loaded = held.lsu & ((held.lsu_op == LsuOp.LOAD) | (held.lsu_op == LsuOp.LR)
                             | (held.lsu_op == LsuOp.AMO))
        with m.If(first):
            m.d.sync += lines.eq(self.csr.seen)
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
                commit.lines.eq(Mux(first, self.csr.seen, lines)),
            ]
            if self.params.rvfi:
                m.d.sync += [getattr(self.w_rvfi, name).eq(getattr(held, name))
                             for name in ("rs1", "rs2", "rs1_value", "rs2_value")]
                m.d.sync += [
                    self.w_rvfi.flow_pc.eq(
                        Mux(trap, self.csr.trap_pc, held.flow_pc).as_signed()),
                    self.w_rvfi.operand.eq(held.value),
                ]
