"""The riscv-formal interface, made from the commit port and the operands beside it."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .commit import Commit


def rvfi_layout() -> data.StructLayout:
    """What RVFI wants to know beyond the commit port."""
    return data.StructLayout({
        "rs1": 5, "rs2": 5, "rs1_value": 64, "rs2_value": 64,
        "flow_pc": 64,  # address of the next instruction to execute
    })


class RvfiSignature(wiring.Signature):
    """One channel of the riscv-formal signal set, for XLEN = ILEN = 64 and 32."""

    def __init__(self) -> None:
        super().__init__({
            "valid": Out(1), "order": Out(64), "insn": Out(32), "trap": Out(1), "halt": Out(1),
            "intr": Out(1), "mode": Out(2), "ixl": Out(2),
            "rs1_addr": Out(5), "rs2_addr": Out(5), "rs1_rdata": Out(64), "rs2_rdata": Out(64),
            "rd_addr": Out(5), "rd_wdata": Out(64), "pc_rdata": Out(64), "pc_wdata": Out(64),
            "mem_addr": Out(64), "mem_rmask": Out(8), "mem_wmask": Out(8),
            "mem_rdata": Out(64), "mem_wdata": Out(64),
        })


class Rvfi(wiring.Component):
    """Combinational, apart from counting: an interrupt is no instruction, the first instruction of
    a handler has ``intr`` set, an instruction that raises an exception is valid with ``trap``."""

    commit_valid: In(1)
    commit: In(Commit)
    extra: In(rvfi_layout())
    o: Out(RvfiSignature())

    def elaborate(self, platform):
        m = Module()
        c, o = self.commit, self.o
        handler = Signal()
        m.d.comb += [
            o.valid.eq(self.commit_valid & ~(c.trap & c.interrupt)),
            o.insn.eq(c.insn), o.trap.eq(c.trap), o.intr.eq(handler), o.mode.eq(c.priv),
            o.ixl.eq(2),
            o.rs1_addr.eq(self.extra.rs1), o.rs2_addr.eq(self.extra.rs2),
            o.rs1_rdata.eq(self.extra.rs1_value), o.rs2_rdata.eq(self.extra.rs2_value),
            o.rd_addr.eq(c.rd), o.rd_wdata.eq(Mux(c.rd == 0, 0, c.rd_data)),
            o.pc_rdata.eq(c.pc), o.pc_wdata.eq(self.extra.flow_pc),
            o.mem_addr.eq(c.mem_addr), o.mem_rmask.eq(c.mem_rmask), o.mem_wmask.eq(c.mem_wmask),
            o.mem_rdata.eq(c.mem_rdata), o.mem_wdata.eq(c.mem_wdata),
        ]
        with m.If(self.commit_valid):
            m.d.sync += handler.eq(c.trap)
        with m.If(o.valid):
            m.d.sync += o.order.eq(o.order + 1)
        return m
