"""A hart: pipeline, front end, load/store unit, MMU and CSR file behind one memory port."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..bus.coherent import MemoryPortSignature
from ..bus.mmio import MmioSignature
from .commit import CommitSignature
from .csr import CsrFile
from .csr.types import IrqLines
from .fetch.frontend import Frontend
from .lsu import Lsu
from .memory_mux import MemoryMux
from .mmu.mmu import Mmu
from .params import HartParams
from .pipe.pipeline import Pipeline
from .rvfi import RvfiSignature


class Hart(wiring.Component):
    """RV64IMAC_Zicsr_Zifencei_Zicntr_Zihpm_Sstc with M, S, U modes, Sv39, user interrupts and UIPI.

    ``mem`` is the coherent port (instructions, data, page tables), ``mmio`` the uncached one.
    ``lines`` are level-sensitive interrupts, ``time`` is the value of the time CSR. ``hart_id`` is
    constant. See docs/hart.md for the pipeline and its timing.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "mem": Out(MemoryPortSignature(params.paddr_bits, params.line_bytes)),
            "mmio": Out(MmioSignature(params.paddr_bits)),
            "lines": In(IrqLines),
            "time": In(64),
            "hart_id": In(16),
            "commit": Out(CommitSignature()),
            **({"rvfi": Out(RvfiSignature())} if params.rvfi else {}),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.frontend = frontend = Frontend(self.params)
        m.submodules.pipeline = pipeline = Pipeline(self.params)
        m.submodules.lsu = lsu = Lsu(self.params)
        m.submodules.mmu = mmu = Mmu(self.params)
        m.submodules.csr = csr = CsrFile(self.params)
        m.submodules.memory_mux = mux = MemoryMux(self.params)

        connect(m, frontend.o, pipeline.fetched)
        connect(m, frontend.redirect, pipeline.redirect)
        connect(m, frontend.train, pipeline.train)
        connect(m, pipeline.csr, csr.bus)
        connect(m, frontend.tlb, mmu.fetch)
        connect(m, lsu.tlb, mmu.data)
        connect(m, frontend.mem, mux.fetch)
        connect(m, lsu.mem, mux.data)
        connect(m, mmu.mem, mux.walker)
        connect(m, mux.mem, flipped(self.mem))
        connect(m, lsu.mmio, flipped(self.mmio))
        connect(m, pipeline.commit, flipped(self.commit))
        if self.params.rvfi:
            connect(m, pipeline.rvfi, flipped(self.rvfi))

        port = pipeline.lsu
        m.d.comb += [
            frontend.ctx.eq(pipeline.fetch_context),
            frontend.tlb_flush.eq(pipeline.tlb_flush.valid),
            frontend.flush_cache.eq(pipeline.flush_icache),
            pipeline.icache_busy.eq(frontend.flush_busy),
            pipeline.memory_events.eq(Cat(
                frontend.event_icache_miss, lsu.event_dcache_miss,
                frontend.event_itlb_miss, lsu.event_dtlb_miss)),

            lsu.ctx.eq(pipeline.csr.data),
            lsu.tlb_flush.eq(pipeline.tlb_flush.valid),
            lsu.x_valid.eq(port.x_valid),
            lsu.x.eq(port.x),
            lsu.m_advance.eq(port.m_advance),
            lsu.m_kill.eq(port.m_kill),
            port.m_busy.eq(lsu.m_busy),
            port.m_result.eq(lsu.m_result),
            port.m_fault.eq(lsu.m_fault),
            port.m_cause.eq(lsu.m_cause),
            port.m_vaddr.eq(lsu.m_vaddr),
            port.m_addr.eq(lsu.m_addr),
            port.drained.eq(lsu.drained),
            port.refused.eq(lsu.refused.valid),
            lsu.uipi.eq(csr.uipi),
            csr.refused.eq(lsu.refused),

            mmu.asid.eq(pipeline.csr.asid),
            mmu.satp_ppn.eq(pipeline.csr.satp_ppn),
            mmu.pmp.eq(pipeline.csr.pmp),
            mmu.flush.eq(pipeline.tlb_flush),
            csr.lines.eq(self.lines),
            csr.time.eq(self.time),
            csr.hart_id.eq(self.hart_id),
        ]
        return m
