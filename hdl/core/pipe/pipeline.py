"""The pipeline from Decode to Writeback, between front end, load/store unit and CSR file."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..commit import CommitSignature
from ..csr.types import CsrSignature, TrapReturn
from ..fetch.types import fetched_layout, redirect_layout, train_layout
from ..isa import Event, Priv
from ..lsu.types import LsuOp, LsuRequest
from ..mmu.translation import Context, Mode, TlbFlush
from ..params import HartParams
from ..rvfi import Rvfi, RvfiSignature
from .decode import Result, System
from .decode_stage import DecodeStage
from .divide import Divider
from .execute_stage import ExecuteStage
from .memory_stage import MemoryStage
from .multiply import Multiplier


class LsuSignature(wiring.Signature):
    """Pipeline to load/store unit, seen from the pipeline; semantics in ``lsu.Lsu``."""

    def __init__(self) -> None:
        super().__init__({
            "x_valid": Out(1),
            "x": Out(LsuRequest),
            "m_advance": Out(1),
            "m_kill": Out(1),
            "m_busy": In(1),
            "m_result": In(64),
            "m_fault": In(1),
            "m_cause": In(6),
            "m_vaddr": In(64),
            "m_addr": In(64),
            "refused": In(1),  # UIPI
            "drained": In(1),
        })


class Pipeline(wiring.Component):
    """Stages D, X, M, W with operand bypass; see docs/hart.md for timing.

    Memory and privileged state are outside, so that tests and proofs can replace them by free
    models. ``multiplier`` and ``divider`` are the components to use.
    """

    def __init__(self, params: HartParams, *, multiplier: type = Multiplier,
                 divider: type = Divider) -> None:
        self.params, self.multiplier, self.divider = params, multiplier, divider
        super().__init__({
            "fetched": In(stream.Signature(fetched_layout(params))),
            "redirect": Out(wiring.Signature({"valid": Out(1), "p": Out(redirect_layout(params))})),
            "train": Out(wiring.Signature({"valid": Out(1), "p": Out(train_layout(params))})),
            "fetch_context": Out(Context),
            "lsu": Out(LsuSignature()),
            "csr": Out(CsrSignature(params)),
            "tlb_flush": Out(TlbFlush),
            "flush_icache": Out(1),
            "icache_busy": In(1),
            "memory_events": In(4),  # L1I, L1D, ITLB, DTLB miss
            "commit": Out(CommitSignature()),
            **({"rvfi": Out(RvfiSignature())} if params.rvfi else {}),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.decode = d = DecodeStage(self.params)
        m.submodules.execute = x = ExecuteStage(self.params)
        m.submodules.memory = mem = MemoryStage(self.params)
        m.submodules.multiplier = multiplier = self.multiplier()
        m.submodules.divider = divider = self.divider()
        csr, lsu = self.csr, self.lsu

        connect(m, flipped(self.fetched), d.i)
        connect(m, flipped(csr), mem.csr)
        m.d.comb += [
            d.advance.eq(mem.advance),
            d.flush.eq(self.redirect.valid),
            d.from_x.eq(x.bypass),
            d.x_late.eq(x.late),
            d.from_m.eq(mem.to_d),
            d.from_w.eq(mem.w),
            d.csr_ahead.eq((d.x_valid & d.x.csr) | (x.m_valid & x.m.csr)),

            x.x_valid.eq(d.x_valid),
            x.x.eq(d.x),
            x.advance.eq(mem.advance),
            x.kill.eq(mem.redirect_valid),
            x.kill_pc.eq(mem.redirect.pc),
            x.m_value.eq(mem.to_d.value),
            x.mepc.eq(csr.mepc), x.sepc.eq(csr.sepc), x.uepc.eq(csr.uepc),
            x.priv.eq(csr.priv), x.medeleg.eq(csr.medeleg),

            mem.enters.eq(d.x_valid & ~mem.redirect_valid),
            mem.m_valid.eq(x.m_valid),
            mem.m.eq(x.m),
            mem.lsu_busy.eq(lsu.m_busy),
            mem.lsu_result.eq(lsu.m_result),
            mem.lsu_fault.eq(lsu.m_fault),
            mem.lsu_cause.eq(lsu.m_cause),
            mem.lsu_vaddr.eq(lsu.m_vaddr),
            mem.lsu_addr.eq(lsu.m_addr),
            mem.lsu_drained.eq(lsu.drained),
            mem.mul_result.eq(multiplier.m_result),
            mem.div_busy.eq(divider.m_busy),
            mem.div_result.eq(divider.m_result),
            mem.icache_busy.eq(self.icache_busy),
            self.tlb_flush.eq(mem.tlb_flush),
            self.flush_icache.eq(mem.flush_icache),

            # Both restart in every cycle in which X holds the instruction, and the last start
            # counts: advance would come late.
            multiplier.x_enable.eq(d.x.result == Result.MUL),
            multiplier.x_a.eq(d.x.a), multiplier.x_b.eq(d.x.b),
            multiplier.x_funct.eq(d.x.funct3[:2]),
            multiplier.m_funct.eq(x.m.funct3[:2]), multiplier.m_word.eq(x.m.raw[3]),
            # Dividing for a discarded instruction is harmless: the next start has priority.
            divider.x_start.eq(
                d.x_valid & (d.x.result == Result.DIV)
                & ~(x.m_valid & (x.m.result == Result.DIV) & divider.m_busy)),
            divider.x_a.eq(d.x.a), divider.x_b.eq(d.x.b),
            divider.x_funct.eq(d.x.funct3[:2]), divider.x_word.eq(d.x.alu.word),
            divider.cancel.eq(mem.kill),

            lsu.x_valid.eq(d.x_valid & d.x.lsu & ~mem.redirect_valid),
            lsu.x.op.eq(d.x.lsu_op),
            lsu.x.size.eq(d.x.funct3[:2]),
            lsu.x.unsigned.eq(d.x.funct3[2]),
            lsu.x.funct7.eq(d.x.funct7),
            lsu.x.base.eq(d.x.a),
            lsu.x.offset.eq(d.x.offset),
            lsu.x.data.eq(x.data),
            lsu.m_advance.eq(mem.advance),
            lsu.m_kill.eq(mem.kill),

            self.train.valid.eq(x.train_valid),
            self.train.p.eq(x.train),
        ]
        self._redirect(m, x, mem)
        self._observe(m, x, mem)
        return m

    def _redirect(self, m, x, mem):
        """M has priority over X, because its instruction is older. The fetch privilege changes
        with the redirect."""
        csr, context = self.csr, self.fetch_context
        priv = Signal(2, init=Priv.M)
        m.d.comb += [
            self.redirect.valid.eq(mem.redirect_valid | x.redirect_valid),
            self.redirect.p.eq(Mux(mem.redirect_valid, mem.redirect.as_value(),
                                   x.redirect.as_value())),
            self.redirect.p.pc.eq(x.redirect.pc),
            context.priv.eq(priv),
            context.asid.eq(csr.asid),
        ]
        with m.If(mem.redirect_valid):
            m.d.sync += priv.eq(mem.redirect_priv)
        with m.Elif(x.redirect_valid & x.returning):
            with m.Switch(x.x.ret_kind):
                with m.Case(TrapReturn.MRET):
                    m.d.sync += priv.eq(csr.mret_priv)
                with m.Case(TrapReturn.SRET):
                    m.d.sync += priv.eq(csr.sret_priv)
                with m.Default():
                    m.d.sync += priv.eq(Priv.U)
        with m.If(priv == Priv.M):
            m.d.comb += context.mode.eq(Mode.BARE_M)
        with m.Elif(csr.sv39):
            m.d.comb += context.mode.eq(Mode.SV39)
        with m.Else():
            m.d.comb += context.mode.eq(Mode.BARE)

    def _observe(self, m, x, mem):
        """Commit port and events."""
        events, csr, lsu = self.csr.events, self.csr, self.lsu
        icache_miss, dcache_miss, itlb_miss, dtlb_miss = self.memory_events
        m.d.comb += [
            events[Event.INSTRUCTION].eq(mem.retired),
            events[Event.TRAP_M].eq(mem.trap_taken & (mem.csr.trap_priv == Priv.M)),
            events[Event.TRAP_S].eq(mem.trap_taken & (mem.csr.trap_priv == Priv.S)),
            events[Event.USER_INTERRUPT].eq(mem.trap_taken & (mem.csr.trap_priv == Priv.U)),
            events[Event.UIPI].eq(mem.retired & x.m.lsu & (x.m.lsu_op == LsuOp.UIPI)),
            events[Event.UIPI_REFUSED].eq(lsu.refused),
            events[Event.ICACHE_MISS].eq(icache_miss),
            events[Event.DCACHE_MISS].eq(dcache_miss),
            events[Event.ITLB_MISS].eq(itlb_miss),
            events[Event.DTLB_MISS].eq(dtlb_miss),
            events[Event.BRANCH_MISPREDICT].eq(x.mispredict),
            events[Event.STALL].eq(~mem.retired),
            self.commit.valid.eq(mem.w_valid),
            self.commit.p.eq(mem.w_commit),
            self.commit.priv.eq(csr.priv),
            self.commit.asleep.eq(x.m_valid & (x.m.system == System.WFI)),
            self.commit.events.eq(events),
        ]
        if self.params.rvfi:
            m.submodules.rvfi = rvfi = Rvfi()
            m.d.comb += [
                rvfi.commit_valid.eq(mem.w_valid),
                rvfi.commit.eq(mem.w_commit),
                rvfi.extra.eq(mem.w_rvfi),
            ]
            connect(m, flipped(self.rvfi), rvfi.o)
