"""The riscv-formal interface, made from the commit port and the operands beside it."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .commit import Commit
from .isa import Csr


def rvfi_layout() -> data.StructLayout:
    """The signals that RVFI needs in addition to the commit port."""
    return data.StructLayout({
        "rs1": 5, "rs2": 5, "rs1_value": 64, "rs2_value": 64,
        "flow_pc": 64,  # address of the next instruction to execute
        "operand": 64,  # of a CSR instruction
    })


# CSRs whose accesses are shown, and the addresses by which they are reached.
RVFI_CSRS = {
    "mscratch": (Csr.MSCRATCH,), "mcycle": (Csr.MCYCLE, Csr.CYCLE),
    "minstret": (Csr.MINSTRET, Csr.INSTRET), "mepc": (Csr.MEPC,), "mtval": (Csr.MTVAL,),
    "sscratch": (Csr.SSCRATCH,), "uscratch": (Csr.USCRATCH,),
}


class RvfiSignature(wiring.Signature):
    """One channel of the riscv-formal signal set, XLEN 64 and ILEN 32; ``csr_*`` show accesses by
    CSR instructions only."""

    def __init__(self) -> None:
        super().__init__({
            **{f"csr_{name}_{part}": Out(64)
               for name in RVFI_CSRS for part in ("rmask", "wmask", "rdata", "wdata")},
            "valid": Out(1), "order": Out(64), "insn": Out(32), "trap": Out(1), "halt": Out(1),
            "intr": Out(1), "mode": Out(2), "ixl": Out(2),
            "rs1_addr": Out(5), "rs2_addr": Out(5), "rs1_rdata": Out(64), "rs2_rdata": Out(64),
            "rd_addr": Out(5), "rd_wdata": Out(64), "pc_rdata": Out(64), "pc_wdata": Out(64),
            "mem_addr": Out(64), "mem_rmask": Out(8), "mem_wmask": Out(8),
            "mem_rdata": Out(64), "mem_wdata": Out(64),
        })


class Rvfi(wiring.Component):
    """Combinational, except for the counter. An interrupt is not an instruction; the first
    instruction of a handler has ``intr`` set. An instruction that raises an exception is valid with
    ``trap``."""

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
        self._csr(m)
        with m.If(self.commit_valid):
            m.d.sync += handler.eq(c.trap)
        with m.If(o.valid):
            m.d.sync += o.order.eq(o.order + 1)
        return m

    def _csr(self, m):
        c, o = self.commit, self.o
        funct3, old, operand = c.insn[12:15], c.rd_data, self.extra.operand
        access = (c.insn[:7] == 0b1110011) & (funct3[:2] != 0) & ~c.trap
        writes = (funct3[:2] == 1) | (c.insn[15:20] != 0)
        new = Signal(64)
        with m.Switch(funct3[:2]):
            with m.Case(1):
                m.d.comb += new.eq(operand)
            with m.Case(2):
                m.d.comb += new.eq(old | operand)
            with m.Case(3):
                m.d.comb += new.eq(old & ~operand)
        for name, addresses in RVFI_CSRS.items():
            here = Signal(name=f"accesses_{name}")
            m.d.comb += here.eq(access & c.insn[20:32].matches(*addresses))
            with m.If(here):
                m.d.comb += [
                    getattr(o, f"csr_{name}_rmask").eq(~0),
                    getattr(o, f"csr_{name}_rdata").eq(old),
                    getattr(o, f"csr_{name}_wmask").eq(writes.replicate(64)),
                    getattr(o, f"csr_{name}_wdata").eq(new),
                ]
