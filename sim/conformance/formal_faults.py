"""Faults planted in the hart, one or more for each kind of riscv-formal check."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from amaranth import *

from hdl.core.csr import CsrFile
from hdl.core.csr.counters import Counters
from hdl.core.csr.storage import Storage
from hdl.core.csr.types import CsrOp
from hdl.core.isa import Csr
from hdl.core.pipe.alu import Alu
from hdl.core.pipe.decode import Decoder
from hdl.core.pipe.execute_stage import ExecuteStage
from hdl.core.pipe.memory_stage import MemoryStage
from hdl.core.rvfi import Rvfi

from .formal_hart import AlternativeDivider


@dataclass(frozen=True)
class Fault:
    """Statements that are added after a component's own, so that they take precedence."""

    name: str
    component: type
    add: Callable[[Elaboratable, Module], None]
    checks: tuple[str, ...]  # checks that must fail with the fault


def _sum_of_negatives(alu, m):
    with m.If(alu.a[63] & alu.b[63]):
        m.d.comb += alu.result.eq(0)


def _lost_redirect(execute, m):
    with m.If(~execute.advance):
        m.d.comb += execute.redirect_valid.eq(0)


def _lost_result(memory, m):
    with m.If(memory.m.rd == 31):
        m.d.sync += memory.w.rd.eq(0)


def _trapping_load_writes(memory, m):
    with m.If(memory.m_valid & memory.m.lsu & memory.trap_taken):
        m.d.sync += memory.w.rd.eq(memory.m.rd)


def _order_runs_back(rvfi, m):
    with m.If(rvfi.o.valid & rvfi.o.mem_rmask.any()):
        m.d.sync += rvfi.o.order.eq(rvfi.o.order - 1)


def _endless_division(divider, m):
    m.d.comb += divider.m_busy.eq(1)


def _nothing_illegal(decoder, m):
    m.d.comb += decoder.o.illegal.eq(0)


def _no_privilege(csr, m):
    m.d.comb += csr.bus.illegal.eq(0)


def _no_interrupts(csr, m):
    m.d.comb += csr.bus.irq.eq(0)


def _clear_writes_nothing(storage, m):
    with m.If(storage.access.op == CsrOp.CLEAR):
        m.d.comb += m.submodules.memory.write_ports[0].en.eq(0)


def _cycle_reads_time(counters, m):
    with m.If(counters.access.addr == Csr.MCYCLE):
        m.d.comb += counters.access.rdata.eq(counters.time)


FAULTS = (
    Fault("the ALU makes 0 of two negative numbers", Alu, _sum_of_negatives,
          ("insn_add_ch0", "insn_c_addw_ch0")),
    Fault("a misprediction found while Memory stalls is forgotten", ExecuteStage, _lost_redirect,
          ("pc_fwd_ch0",)),
    Fault("x31 is not written", MemoryStage, _lost_result, ("reg_ch0",)),
    Fault("a load that traps writes its register", MemoryStage, _trapping_load_writes,
          ("reg_ch0",)),
    Fault("the order of retirement runs back after a load", Rvfi, _order_runs_back,
          ("pc_bwd_ch0", "unique_ch0", "causal_ch0")),
    Fault("a division never ends", AlternativeDivider, _endless_division, ("liveness_ch0",)),
    Fault("no instruction is illegal", Decoder, _nothing_illegal, ("ill_ch0",)),
    Fault("every CSR is there for all", CsrFile, _no_privilege,
          ("csrw_mscratch_ch0", "csr_ill_300_ch0")),
    Fault("CSRRC does not write xscratch", Storage, _clear_writes_nothing,
          ("csrc_any_mscratch_ch0",)),
    Fault("mcycle reads as time", Counters, _cycle_reads_time,
          ("csrc_inc_mcycle_ch0", "csrc_upcnt_mcycle_ch0")),
    Fault("no interrupt is taken", CsrFile, _no_interrupts, ("cover",)),
)


@contextmanager
def planted(fault: Fault) -> Iterator[None]:
    """Plants the fault in every component that is elaborated in this context."""
    sound = fault.component.elaborate

    def elaborate(component, platform):
        m = sound(component, platform)
        fault.add(component, m)
        return m

    with patch.object(fault.component, "elaborate", elaborate):
        yield
