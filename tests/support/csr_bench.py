"""Drives the CSR file and its golden model in step, and compares them in every cycle."""

import random
from dataclasses import dataclass, replace

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, Timer

from hdl.core.params import HartParams

from .csr_model import (
    CLEAR,
    LINES,
    M64,
    MRET,
    PPN,
    READ,
    SET,
    URET,
    WRITE,
    CsrModel,
    Inputs,
    M,
    S,
    U,
)

HART_ID = 0x1234
MSTATUS = 0x300
PC_MASK = (1 << 40) - 1
UNDEFINED_AFTER_RESET = (
    0x040, 0x043, 0x140, 0x143, 0x340, 0x343, 0x041, 0x141, 0x341, *range(0x3B0, 0x3C0),
)


def late(addr: int) -> bool:
    """Returns true if this CSR is written at the end of the instruction's second cycle."""
    return (addr & ~0x300 in (0x005, 0x040, 0x041, 0x042, 0x043) or 0x3A0 <= addr < 0x3F0
            or 0x323 <= addr < 0x340 or 0xB00 <= addr < 0xB20 or addr in (0x180, 0x1B0, 0x1B1))


@dataclass
class Cycle:
    """The requests of the pipeline in a cycle: at most one of instruction, trap and return."""

    addr: int = 0
    op: int = READ
    wdata: int = 0
    read_only: int = 0
    commit: int = 0
    trap: int = 0
    interrupt: int = 0
    cause: int = 0
    epc: int = 0
    tval: int = 0
    ret: int = 0
    kind: int = URET
    refused: tuple[int, int, int] | None = None  # UIPI: reason, operation, operand


class Bench:
    def __init__(self, dut, params: HartParams):
        self.dut, self.params = dut, params
        self.rng = random.Random(cocotb.RANDOM_SEED)
        self.inputs = Inputs()
        self.cycles = 0
        cocotb.start_soon(Clock(dut.clk, 10, "ns").start())

    async def reset(self) -> None:
        self.model = self.new_model()
        self.drive(Cycle())
        self.dut.hart_id.value = HART_ID
        self.dut.rst.value = 1
        for _ in range(2):
            await FallingEdge(self.dut.clk)
        self.dut.rst.value = 0
        for addr in UNDEFINED_AFTER_RESET:
            if self.model.read(addr, self.inputs) is not None:
                await self.cycle(Cycle(addr, WRITE, 0, commit=1), check=False)

    def new_model(self) -> CsrModel:
        return CsrModel(
            pmp_entries=self.params.pmp_entries, hpm_counters=self.params.hpm_counters,
            paddr_bits=self.params.paddr_bits, asid_bits=self.params.asid_bits, hart_id=HART_ID,
        )

    def drive(self, c: Cycle) -> None:
        dut, inputs = self.dut, self.inputs
        dut.bus__addr.value = c.addr
        dut.bus__op.value = c.op
        dut.bus__wdata.value = c.wdata
        dut.bus__read_only.value = c.read_only
        dut.bus__commit.value = c.commit
        dut.bus__trap.value = c.trap
        dut.bus__trap_interrupt.value = c.interrupt
        dut.bus__trap_cause.value = c.cause
        dut.bus__trap_priv.value = self.model.target(bool(c.interrupt), c.cause)[0]
        dut.bus__trap_epc.value = c.epc & PC_MASK
        dut.bus__trap_tval.value = c.tval
        reason, op, operand = c.refused or (0, 0, 0)
        dut.refused.value = (c.refused is not None) | reason << 1 | op << 5 | operand << 8
        dut.bus__ret.value = c.ret
        dut.bus__ret_kind.value = c.kind
        dut.bus__retire.value = inputs.retire
        dut.bus__events.value = inputs.events
        dut.time.value = inputs.time
        dut.lines.value = sum(inputs.lines[name] << n for n, name in enumerate(LINES))

    def check_state(self) -> None:
        dut, model = self.dut, self.model

        def same(name: str, want: int) -> None:
            got = int(getattr(dut, f"bus__{name}").value)
            assert got == want, f"cycle {self.cycles}: {name} is {got:#x}, not {want:#x}"

        status = model.status
        same("priv", model.priv)
        same("n_hidden", model.n_hidden)
        same("medeleg", model.medeleg)
        same("tvm", status >> 20 & 1)
        same("tw", status >> 21 & 1)
        same("tsr", status >> 22 & 1)
        same("mret_priv", status >> 11 & 3)
        same("sret_priv", status >> 8 & 1)
        for name, mode in (("mepc", M), ("sepc", S), ("uepc", U)):
            same(name, model.epc[mode] & PC_MASK)
        same("sv39", int(model.satp >> 60 == 8))
        same("asid", model.satp >> 44 & 0xFFFF)
        same("satp_ppn", model.satp & PPN)
        ppn_bits = self.params.ppn_bits
        suist, suirs = model.suist, model.suirs
        ppn = suist & PPN
        uipi = int(not model.n_hidden or suist >> 63 or suirs >> 63)
        uipi |= suist >> 63 << 1 | (ppn & (1 << ppn_bits) - 1) << 2
        uipi |= (ppn >> ppn_bits > 0) << 2 + ppn_bits | (suist >> 44 & 0xFFF) << 3 + ppn_bits
        uipi |= (suirs >> 63 | (suirs & 0xFFFF) << 1) << 15 + ppn_bits
        assert int(dut.uipi.value) == uipi, f"cycle {self.cycles}: uipi"
        mode, asid, priv, sum_, mxr = model.data_context()
        same("data", mode | asid << 2 | priv << 18 | sum_ << 20 | mxr << 21)
        entries = 0
        for n in reversed(range(model.pmp_entries)):
            cfg = model.pmpcfg[n]
            entries = entries << 60 | model.pmpaddr[n] << 6 | cfg >> 7 << 5 | cfg & 0x1F
        if model.pmp_entries:
            same("pmp", entries)
        irq, cause, home = model.irq
        same("irq", irq)
        if irq:
            same("irq_cause", cause)
            same("irq_priv", home)
        same("wake", model.wake)

    async def cycle(self, c: Cycle, check: bool = True) -> int | None:
        """Plays one cycle on both sides. Returns the value read, or None for an illegal access."""
        dut, model, inputs = self.dut, self.model, self.inputs
        want = model.access(c.addr, c.op, bool(c.read_only), inputs)
        self.drive(c)
        await Timer(1, "ns")
        if check:
            where = f"cycle {self.cycles}, priv {model.priv}: {c}"
            assert int(dut.bus__illegal.value) == (want is None), f"illegal? {where}"
            if want is not None:
                got = int(dut.bus__rdata.value)
                assert got == want, f"read {got:#x}, not {want:#x}: {where}"
            assert bool(dut.bus__refetch.value) == model.refetch(c.addr, c.op, bool(c.read_only))
            _, pc = model.target(bool(c.interrupt), c.cause)
            assert int(dut.bus__trap_pc.value) == pc & PC_MASK, where
            self.check_state()
        old = want
        trap_target = (bool(c.interrupt), c.cause, c.epc, c.tval)
        model.count(inputs)
        writes = c.commit and want is not None and c.op != READ and not c.read_only
        if writes and not late(c.addr):
            model.write(c.addr, c.op, c.wdata, old)
        elif c.trap:
            model.trap(*trap_target)
        elif c.ret:
            model.ret(c.kind)
        if c.refused:
            model.refuse(*c.refused)
        await FallingEdge(dut.clk)
        self.cycles += 1
        if c.commit:  # second cycle of the instruction; it was counted in the first
            self.inputs = replace(inputs, retire=0)
            self.drive(Cycle())
            model.count(self.inputs)
            self.inputs = inputs
            if writes and late(c.addr):
                model.write(c.addr, c.op, c.wdata, old)
            await FallingEdge(dut.clk)
            self.cycles += 1
        return want

    # steps of directed tests

    async def read(self, addr: int) -> int | None:
        return await self.cycle(Cycle(addr, READ, self.rng.getrandbits(64), commit=1))

    async def write(self, addr: int, value: int) -> int | None:
        return await self.cycle(Cycle(addr, WRITE, value & M64, commit=1))

    async def set(self, addr: int, value: int) -> int | None:
        return await self.cycle(Cycle(addr, SET, value, commit=1))

    async def clear(self, addr: int, value: int) -> int | None:
        return await self.cycle(Cycle(addr, CLEAR, value, commit=1))

    async def trap(self, cause: int, *, interrupt: bool = False, pc: int = 0x8000_0000,
                   tval: int = 0) -> None:
        await self.cycle(Cycle(trap=1, interrupt=int(interrupt), cause=cause, epc=pc, tval=tval))

    async def ret(self, kind: int) -> None:
        await self.cycle(Cycle(ret=1, kind=kind))

    async def idle(self, cycles: int = 1) -> None:
        for _ in range(cycles):
            await self.cycle(Cycle())

    async def go(self, priv: int) -> None:
        """Goes to ``priv`` from any privilege, through M-mode."""
        if self.model.priv != M:
            await self.trap(11)  # ECALL_M cannot be delegated
        await self.clear(MSTATUS, 3 << 11)
        await self.set(MSTATUS, priv << 11)
        await self.ret(MRET)
        assert int(self.dut.bus__priv.value) == priv

    async def taken(self) -> int | None:
        """Returns the interrupt to take, after everything has settled."""
        await self.idle(3)
        return int(self.dut.bus__irq_cause.value) if self.dut.bus__irq.value else None
