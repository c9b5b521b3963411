"""CSRs, traps and interrupts: a test for each rule, then random programs against the model."""

import os
from dataclasses import replace

import cocotb
import pytest
from amaranth.back import rtlil
from cocotb.triggers import ClockCycles, FallingEdge

from hdl.core.csr import CsrFile
from tests.support.csr_bench import HART_ID, Bench, Cycle
from tests.support.csr_model import LINES, M64, MRET, READ, SET, SRET, URET, WRITE, M, S, U
from tests.support.hart_params import UINTC_BASE, configuration
from tests.support.run import run_cocotb

RANDOM_CYCLES = 9000

USTATUS, UIE, UTVEC, UEPC, UCAUSE, UTVAL, UIP = 0x000, 0x004, 0x005, 0x041, 0x042, 0x043, 0x044
SSTATUS, SEDELEG, SIDELEG, SIE, STVEC, SCOUNTEREN = 0x100, 0x102, 0x103, 0x104, 0x105, 0x106
SEPC, SCAUSE, SIP, STIMECMP, SATP = 0x141, 0x142, 0x144, 0x14D, 0x180
MSTATUS, MISA, MEDELEG, MIDELEG, MIE, MTVEC, MCOUNTEREN = range(0x300, 0x307)
MENVCFG, MCOUNTINHIBIT, MEPC, MCAUSE, MTVAL, MIP = 0x30A, 0x320, 0x341, 0x342, 0x343, 0x344
PMPCFG0, PMPADDR0, MCYCLE, MINSTRET, CYCLE, TIME, INSTRET = (
    0x3A0, 0x3B0, 0xB00, 0xB02, 0xC00, 0xC01, 0xC02,
)
USI, SSI, UTI, STI, UEI, SEI = (1 << bit for bit in (0, 1, 4, 5, 8, 9))
SUIST, SUIRS, SUICFG, SUIERR = 0x1B0, 0x1B1, 0x1B2, 0x5C0
STCE = 1 << 63




async def start(dut) -> Bench:
    bench = Bench(dut, configuration(os.environ["CSR_CONFIGURATION"]))
    await bench.reset()
    return bench


@cocotb.test()
async def after_reset(dut):
    """N-2.3 and privileged 3.4: M-mode, interrupts off, nothing delegated to U-mode."""
    bench = await start(dut)
    for addr in (MIE, SIDELEG, UIE, UIP, USTATUS, MIP, SATP, MENVCFG, MCOUNTINHIBIT):
        assert await bench.read(addr) == 0, hex(addr)
    assert await bench.read(MSTATUS) == 2 << 32 | 2 << 34
    assert await bench.read(MISA) == 2 << 62 | sum(1 << ord(x) - ord("A") for x in "ACIMNSU")
    assert await bench.read(0xF14) == HART_ID
    if bench.params.pmp_entries:
        assert await bench.read(PMPCFG0) == 0


@cocotb.test()
async def no_timer_interrupt_after_reset(dut):
    """stimecmp is all ones after reset, so enabling it in menvcfg makes nothing pending."""
    bench = await start(dut)
    assert await bench.read(STIMECMP) == M64
    bench.inputs.time = M64 - 1
    await bench.set(MENVCFG, STCE)
    await bench.idle(2)
    assert await bench.read(MIP) == 0
    bench.inputs.time = M64
    await bench.idle(2)
    assert await bench.read(MIP) == STI


@cocotb.test()
async def misa_announces_n(dut):
    """N-1.2: misa.N is read-only 1; all of misa is read-only."""
    bench = await start(dut)
    await bench.write(MISA, 0)
    assert await bench.read(MISA) >> 13 & 1
    assert await bench.read(MISA) & 1


@cocotb.test()
async def sedeleg_is_zero(dut):
    """N-3.3: sedeleg is 0, and no exception goes to U-mode."""
    bench = await start(dut)
    await bench.write(SEDELEG, M64)
    assert await bench.read(SEDELEG) == 0
    await bench.write(MEDELEG, M64)
    assert await bench.read(MEDELEG) == 0xB3FF
    await bench.go(U)
    await bench.trap(8)
    assert bench.model.priv == S


@cocotb.test()
async def delegation_needs_both(dut):
    """N-4.4: effective delegation is sideleg & mideleg; M wins when mideleg is 0."""
    bench = await start(dut)
    await bench.write(MIE, USI)
    await bench.set(MIP, USI)
    await bench.set(USTATUS, 1)
    for mideleg, sideleg, home in ((0, 0, M), (0, USI, M), (USI, 0, S), (USI, USI, U)):
        await bench.go(M)
        await bench.write(MIDELEG, mideleg)
        await bench.write(SIDELEG, sideleg)
        await bench.write(USTATUS, 1)
        assert await bench.read(UIE) == (USI if home == U else 0)
        assert await bench.read(SIE) == (USI if mideleg else 0)
        await bench.go(U)
        assert await bench.taken() == 0
        await bench.trap(0, interrupt=True)
        assert int(dut.bus__priv.value) == home


@cocotb.test()
async def usip_latch_and_line(dut):
    """N-4.1, N-4.2: USIP reads latch OR line; CSRRS and CSRRC work on the latch alone."""
    bench = await start(dut)
    await bench.write(MIDELEG, USI | UTI | UEI | SSI)
    await bench.write(SIDELEG, USI | UTI | UEI)
    bench.inputs.lines["usip"] = 1
    for addr in (MIP, SIP, UIP):
        assert await bench.clear(addr, UTI) & USI
        assert await bench.set(addr, UEI) & USI
    bench.inputs.lines["usip"] = 0
    assert not await bench.read(UIP) & USI
    for addr in (MIP, SIP, UIP):
        await bench.set(addr, USI)
        assert await bench.read(UIP) & USI
        bench.inputs.lines["usip"] = 1
        await bench.clear(addr, USI)
        assert await bench.read(UIP) & USI, "the line is still high"
        bench.inputs.lines["usip"] = 0
        assert not await bench.read(MIP) & USI


@cocotb.test()
async def seip_latch_and_line(dut):
    """Privileged 3.1.9: the same for SEIP in mip; sip.SEIP is read-only."""
    bench = await start(dut)
    await bench.write(MIDELEG, SEI | SSI)
    bench.inputs.lines["seip"] = 1
    assert await bench.set(MIP, SSI) & SEI
    bench.inputs.lines["seip"] = 0
    assert await bench.read(MIP) == SSI
    await bench.set(SIP, SEI)
    assert await bench.read(SIP) == SSI
    await bench.set(MIP, SEI)
    await bench.clear(SIP, SEI | SSI)
    assert await bench.read(SIP) == SEI


@cocotb.test()
async def ssip_latch_and_line(dut):
    """A line that raises SSIP survives a software write and is not copied into the latch."""
    bench = await start(dut)
    await bench.write(MIDELEG, SSI)
    for addr in (MIP, SIP):
        for write in (bench.clear, bench.write, bench.set):
            bench.inputs.lines["ssip"] = 1
            await write(addr, SSI if write is bench.clear else 0)
            assert await bench.read(MIP) == await bench.read(SIP) == SSI, "the line is still high"
            bench.inputs.lines["ssip"] = 0
            assert await bench.read(SIP) == 0, "the line is low, and nobody set the latch"
        await bench.set(addr, SSI)
        bench.inputs.lines["ssip"] = 1
        assert await bench.read(SIP) == SSI
        bench.inputs.lines["ssip"] = 0
        assert await bench.read(SIP) == SSI, "the latch is still set"
        await bench.clear(addr, SSI)
    await bench.write(MIE, SSI)
    await bench.go(S)
    bench.inputs.lines["ssip"] = 1
    await bench.set(SSTATUS, 2)
    assert await bench.taken() == 1
    bench.inputs.lines["ssip"] = 0
    assert await bench.taken() is None


@cocotb.test()
async def status_bits_of_user_mode(dut):
    """N-3.1: UIE and UPIE are in sstatus and mstatus, and ustatus shows nothing else."""
    bench = await start(dut)
    for addr in (MSTATUS, SSTATUS, USTATUS):
        await bench.write(addr, M64)
        for view in (MSTATUS, SSTATUS, USTATUS):
            assert await bench.read(view) & 0x11 == 0x11
        await bench.clear(addr, 1)
        assert await bench.read(USTATUS) == 0x10
        await bench.clear(addr, 0x10)
        assert await bench.read(USTATUS) == 0


@cocotb.test()
async def hidden_from_u_mode(dut):
    """N-2.5: while sideleg is 0, U-mode has none of its CSRs. UIPI is there as soon as S-mode gives
    a table or a receiver."""
    bench = await start(dut)
    numbers = (USTATUS, UIE, UTVEC, 0x040, UEPC, UCAUSE, UTVAL, UIP)
    await bench.write(MIDELEG, USI | UTI | UEI)
    for sideleg in (0, USI, UTI, UEI, 0):
        for suist, suirs in ((0, 0), (1 << 63, 0), (0, 1 << 63)):
            await bench.go(M)
            await bench.write(SIDELEG, sideleg)
            await bench.write(SUIST, suist)
            await bench.write(SUIRS, suirs)
            for priv in (M, S, U):
                await bench.go(priv)
                there = priv != U or sideleg != 0
                assert int(dut.bus__n_hidden.value) == (not there)
                assert int(dut.uipi.value) & 1 == (there or suist | suirs != 0)
                for addr in numbers:
                    assert (await bench.read(addr) is not None) == there
                    assert (await bench.write(addr, 0x11) is not None) == there
            await bench.go(M)
            for addr in (0x040, UEPC):
                assert await bench.read(addr) == 0x11 & ~(addr == UEPC)


@cocotb.test()
async def user_timer_and_external(dut):
    """N-3.5, N-3.6: UTIP, UEIP are read-only in uip, writable in mip, and in sip when delegated."""
    bench = await start(dut)
    await bench.write(SIDELEG, UTI | UEI)
    await bench.set(SIP, UTI | UEI)
    assert await bench.read(MIP) == 0, "not delegated"
    await bench.write(MIDELEG, UTI | UEI)
    await bench.set(UIP, UTI | UEI)
    assert await bench.read(MIP) == 0
    await bench.set(SIP, UTI | UEI)
    assert await bench.read(UIP) == UTI | UEI
    await bench.clear(UIP, UTI | UEI)
    assert await bench.read(UIP) == UTI | UEI
    await bench.clear(MIP, UTI | UEI)
    bench.inputs.lines["ueip"] = 1
    assert await bench.read(UIP) == UEI


@cocotb.test()
async def user_trap_and_return(dut):
    """N-5.1 to N-5.4: entry to U-mode and uret, direct and vectored; UIE is off in the handler."""
    bench = await start(dut)
    await bench.write(MIDELEG, USI)
    await bench.write(SIDELEG, USI)
    await bench.write(MIE, USI)
    for vectored in (0, 1):
        await bench.go(M)
        await bench.write(UTVEC, 0x8000_4000 | vectored)
        await bench.write(UTVAL, 5)
        await bench.write(USTATUS, 1)
        await bench.clear(UIP, USI)
        await bench.go(U)
        assert await bench.taken() is None
        await bench.set(UIP, USI)
        assert await bench.taken() == 0
        await bench.trap(0, interrupt=True, pc=0x8000_0122)
        assert await bench.taken() is None, "UIE is off"
        assert await bench.read(USTATUS) == 0x10
        assert await bench.read(UEPC) == 0x8000_0122
        assert await bench.read(UCAUSE) == 1 << 63
        assert await bench.read(UTVAL) == 0
        await bench.ret(URET)
        assert await bench.read(USTATUS) == 0x11
        assert await bench.taken() == 0


@cocotb.test()
async def user_interrupt_waits_for_user_mode(dut):
    """N-4.5, N-5.6: an interrupt delegated to U stays pending in S and M until sret."""
    bench = await start(dut)
    await bench.write(MIDELEG, USI)
    await bench.write(SIDELEG, USI)
    await bench.write(MIE, USI)
    await bench.set(MSTATUS, 0xB)
    await bench.set(SIP, USI)
    assert await bench.taken() is None
    assert dut.bus__wake.value, "WFI wakes all the same"
    await bench.go(S)
    await bench.set(SSTATUS, 3)
    assert await bench.taken() is None
    await bench.clear(SSTATUS, 0x100)
    await bench.ret(SRET)
    assert await bench.taken() == 0


@cocotb.test()
async def order_of_interrupts(dut):
    """Privileged 3.1.9, N-4.6: MEI MSI MTI SEI SSI STI, then UEI USI UTI; M before S before U."""
    bench = await start(dut)
    await bench.write(MIE, M64)
    for name in LINES:
        bench.inputs.lines[name] = 1
    await bench.write(MIP, M64)
    await bench.go(U)
    for cause in (11, 3, 7, 9, 1, 5, 8, 0, 4):
        assert await bench.taken() == cause
        await bench.go(M)
        await bench.clear(MIE, 1 << cause)
        await bench.go(U)
    await bench.go(M)
    await bench.write(MIDELEG, SEI | SSI)
    await bench.write(SIDELEG, USI | UTI | UEI)
    await bench.write(MIE, SEI | SSI | UTI)
    await bench.go(U)
    assert await bench.taken() == 4, "for M-mode, as mideleg lacks it"


@cocotb.test()
async def supervisor_timer(dut):
    """Sstc: with STCE, STIP is time >= stimecmp and read-only. Access to stimecmp is checked."""
    bench = await start(dut)
    await bench.set(MIP, STI)
    assert await bench.read(MIP) == STI
    await bench.clear(MIP, STI)
    await bench.write(STIMECMP, 100)
    bench.inputs.time = 99
    await bench.set(MENVCFG, STCE)
    await bench.set(MIP, STI)
    await bench.idle(2)
    assert await bench.read(MIP) == 0
    bench.inputs.time = 100
    await bench.idle(2)
    assert await bench.read(MIP) == STI
    await bench.clear(MIP, STI)
    assert await bench.read(MIP) == STI
    await bench.write(STIMECMP, M64)
    await bench.idle(2)
    assert await bench.read(MIP) == 0
    for enabled in ((0, 0), (0, 2), (STCE, 0), (STCE, 2)):
        await bench.go(M)
        await bench.write(MENVCFG, enabled[0])
        await bench.write(MCOUNTEREN, enabled[1])
        assert await bench.read(STIMECMP) == M64
        await bench.go(S)
        assert await bench.read(STIMECMP) == (M64 if all(enabled) else None)
        await bench.go(U)
        assert await bench.read(STIMECMP) is None


@cocotb.test()
async def counters(dut):
    """Zicntr: writes win over counting. mcountinhibit stops it; m/scounteren gate readers."""
    bench = await start(dut)
    await bench.write(MCYCLE, 100)
    assert await bench.read(MCYCLE) == 100
    assert await bench.read(CYCLE) == 102
    await bench.write(MCYCLE, M64)
    await bench.idle()
    assert await bench.read(MCYCLE) == 0
    bench.inputs.retire = 1
    await bench.write(MINSTRET, 7)
    assert await bench.read(MINSTRET) == 7
    bench.inputs.retire = 0
    assert await bench.read(INSTRET) == 8
    assert await bench.read(MINSTRET) == 8
    await bench.write(MCOUNTINHIBIT, M64)
    now = await bench.read(MCYCLE)
    assert await bench.read(MCYCLE) == now
    assert not await bench.read(MCOUNTINHIBIT) & 2
    bench.inputs.time = 0x123
    assert await bench.read(TIME) == 0x123
    for addr, bit in ((CYCLE, 1), (TIME, 2), (INSTRET, 4), (CYCLE + 3, 8)):
        for m_bit in (0, bit):
            for s_bit in (0, bit):
                await bench.go(M)
                await bench.write(MCOUNTEREN, m_bit)
                await bench.write(SCOUNTEREN, s_bit)
                assert await bench.read(addr) is not None
                await bench.go(S)
                assert (await bench.read(addr) is not None) == bool(m_bit)
                await bench.go(U)
                assert (await bench.read(addr) is not None) == bool(m_bit & s_bit)


@cocotb.test()
async def event_counters(dut):
    """Zihpm: a selector picks an event; counters that do not exist read 0 and are legal."""
    bench = await start(dut)
    for selector in range(1, 13):
        await bench.write(0x323, selector)
        await bench.write(0xB03, 0)
        for event in range(13):
            bench.inputs.events, bench.inputs.retire = 1 << event, int(event == 1)
            await bench.idle()
        bench.inputs.events = bench.inputs.retire = 0
        await bench.idle()
        assert await bench.read(0xB03) == 1
        assert await bench.read(0xC03) == 1
    await bench.write(0x323, 13)
    assert await bench.read(0x323) == 0
    await bench.write(0xB1F, M64)
    await bench.write(0x33F, M64)
    assert await bench.read(0xB1F) == await bench.read(0x33F) == 0
    assert await bench.read(0xB01) is None
    assert await bench.read(0x321) is None


@cocotb.test()
async def satp_modes(dut):
    """Privileged 4.1.11: a write of another mode is ignored. TVM forbids access by S-mode."""
    bench = await start(dut)
    value = 8 << 60 | 5 << 44 | 0x80123
    await bench.write(SATP, value)
    for mode in (1, 7, 9, 10, 15):
        await bench.write(SATP, mode << 60 | 0x111)
        assert await bench.read(SATP) == value
    await bench.go(S)
    assert await bench.read(SATP) == value
    await bench.go(M)
    await bench.set(MSTATUS, 1 << 20)
    await bench.go(S)
    assert await bench.read(SATP) is None
    await bench.go(M)
    assert await bench.read(SATP) == value
    await bench.write(SATP, 0)
    assert await bench.read(SATP) == 0


@cocotb.test()
async def tables_that_do_not_exist(dut):
    """N-3.11, privileged 4.1.11: all 44 bits of a page number are kept, in satp and in suist, so
    that a table outside physical memory is refused and not looked for inside."""
    bench = await start(dut)
    for bit in range(44):
        await bench.write(SATP, 8 << 60 | 1 << bit)
        assert await bench.read(SATP) == 8 << 60 | 1 << bit
        await bench.write(SUIST, 1 << bit)
        assert await bench.read(SUIST) == 1 << bit
        assert int(dut.uipi.value) >> 2 + bench.params.ppn_bits & 1 == (
            bit >= bench.params.ppn_bits)


@cocotb.test()
async def pmp_addresses_beyond_memory(dut):
    """Privileged 3.7.1: a pmpaddr beyond physical memory is held as the first address beyond it, so
    it stays above memory as a bound, and outside as a region. Ones without end stay ones."""
    bench = await start(dut)
    first, grain = 1 << bench.params.paddr_bits - 2, 0x3FF
    assert bench.params.pmp_entries
    for bit in range(bench.params.paddr_bits - 1, 54):
        for value in (1 << bit, 1 << bit | 0x2000_0000, 1 << bit | 0x7FFF_FFFF):
            if value & value + 1:
                await bench.write(PMPADDR0, value)
                assert await bench.read(PMPADDR0) == first
        await bench.write(PMPADDR0, (2 << bit) - 1)
        assert await bench.read(PMPADDR0) == 2 * first - 1 & ~grain
    await bench.write(PMPADDR0, 0x3FF << 54 | 0x2000_0000)
    assert await bench.read(PMPADDR0) == 0x2000_0000, "bits 63:54 are no address"


@cocotb.test()
async def pmp_locks_and_grain(dut):
    """Privileged 3.7: values read back with G = 10, NA4, W without R, locked entries and TOR."""
    bench = await start(dut)
    assert bench.params.pmp_entries
    await bench.write(PMPADDR0, 0x1234_5678)
    assert await bench.read(PMPADDR0) == 0x1234_5400
    await bench.write(PMPCFG0, 0x18)
    assert await bench.read(PMPADDR0) == 0x1234_5400 | 0x1FF | 0x200
    await bench.write(PMPCFG0, 0x10)
    assert await bench.read(PMPCFG0) == 0x18, "NA4 cannot be selected"
    await bench.write(PMPCFG0, 0x02)
    assert await bench.read(PMPCFG0) == 0, "W without R is reserved"
    assert await bench.read(PMPADDR0) == 0x1234_5400
    await bench.write(PMPCFG0, 0x8F << 8)
    await bench.write(PMPADDR0, 0)
    assert await bench.read(PMPADDR0) == 0x1234_5400, "lower bound of a locked TOR entry"
    await bench.write(PMPADDR0 + 1, M64)
    assert await bench.read(PMPADDR0 + 1) == 0
    await bench.write(PMPCFG0, M64)
    assert await bench.read(PMPCFG0) & 0xFFFF == 0x8F9F


@cocotb.test()
async def addresses_that_do_not_fit(dut):
    """A non-canonical xepc or xtvec stays non-canonical. A 40-bit pc reads back sign-extended."""
    bench = await start(dut)
    for addr in (UEPC, SEPC, MEPC):
        await bench.write(addr, 0x1234_5678_9ABC_DEF1)
        kept = await bench.read(addr)
        assert kept & 1 == 0
        assert kept >> 39 & 1 != kept >> 38 & 1
        for value in (0xFFFF_FFFF_8000_0000, 0x3F_FFFF_FFFE, 0xFFFF_FFC0_0000_0000):
            await bench.write(addr, value)
            assert await bench.read(addr) == value
    await bench.trap(2, pc=0xC0_0000_0000, tval=0x1234_5678_9ABC_DEF1)
    assert await bench.read(MEPC) == 0xFFFF_FFC0_0000_0000
    assert await bench.read(MTVAL) == 0x1234_5678_9ABC_DEF1
    await bench.write(MTVEC, 0x8000_0007)
    assert await bench.read(MTVEC) == 0x8000_0001


@cocotb.test()
async def machine_returns(dut):
    """Privileged 3.1.6: MPP is WARL, xRET clears MPRV below M-mode, MPRV uses MPP."""
    bench = await start(dut)
    await bench.write(MSTATUS, 1 << 11)
    await bench.write(MSTATUS, 2 << 11)
    assert int(dut.bus__mret_priv.value) == S
    await bench.write(SATP, 8 << 60)
    await bench.set(MSTATUS, 1 << 17)
    await bench.idle()
    assert int(dut.bus__data.value) & 3 == 2
    await bench.ret(MRET)
    assert int(dut.bus__priv.value) == S
    await bench.go(M)
    assert not await bench.read(MSTATUS) >> 17 & 1
    await bench.set(MSTATUS, 1 << 17 | 3 << 11)
    await bench.ret(MRET)
    assert await bench.read(MSTATUS) >> 17 & 1
    await bench.ret(SRET)
    await bench.go(M)
    assert not await bench.read(MSTATUS) >> 17 & 1


@cocotb.test()
async def rights(dut):
    """Privileged 2.1: the CSRs that exist for each privilege, and writes to read-only CSRs."""
    bench = await start(dut)
    for priv in (M, S, U):
        await bench.go(priv)
        for addr in bench.rng.sample(range(4096), 1000):
            await bench.cycle(Cycle(addr))
        for addr in (*range(0xC00, 0xC20), *range(0xF11, 0xF16)):
            await bench.cycle(Cycle(addr, SET, 0, read_only=1))
            await bench.cycle(Cycle(addr, WRITE, 0))


INTERESTING = (
    USTATUS, UIE, UTVEC, UEPC, UCAUSE, UIP, SSTATUS, SIDELEG, SIE, STVEC, SCOUNTEREN, SEPC, SCAUSE,
    SIP, STIMECMP, SATP, MSTATUS, MEDELEG, MIDELEG, MIE, MTVEC, MCOUNTEREN, MENVCFG, MCOUNTINHIBIT,
    MEPC, MCAUSE, MIP, 0x040, UTVAL, 0x140, 0x143, 0x340, MTVAL, 0x10A, PMPCFG0, 0x3A2,
    *range(PMPADDR0, PMPADDR0 + 16), 0x323, 0x324, 0x32A, MCYCLE, MINSTRET, 0xB03, 0xB04, 0xB0A,
    CYCLE, TIME, INSTRET, 0xC03, 0x7A0, SUIST, SUIRS, SUICFG, SUIERR, SUIERR,
)
OFTEN = (
    MIE, MIP, SIE, SIP, UIE, UIP, MIDELEG, SIDELEG, MSTATUS, SSTATUS, USTATUS, MEDELEG, MENVCFG,
)


class Program:
    """Random instructions, traps and lines, biased towards changes of interrupts."""

    def __init__(self, bench: Bench):
        self.bench, self.rng = bench, bench.rng

    def value(self) -> int:
        rng = self.rng
        kind = rng.randrange(5)
        if kind == 0:
            return rng.getrandbits(64)
        if kind == 1:
            return 1 << rng.randrange(64)
        if kind == 2:
            return rng.getrandbits(24)
        if kind == 3:
            return rng.choice((0, M64, 8 << 60 | rng.getrandbits(60), rng.getrandbits(40)))
        return rng.getrandbits(64) & 0x7F7F_7F7F_7F7F_7F7F  # no locked PMP entry

    def instruction(self) -> Cycle:
        rng, priv = self.rng, self.bench.model.priv
        while True:
            kind = rng.randrange(10)
            if kind == 0:
                addr = rng.getrandbits(12)
            else:
                addr = rng.choice(OFTEN if kind < 6 else INTERESTING)
            if addr >> 8 & 3 <= priv or rng.randrange(20) == 0:
                break
        op, value = rng.randrange(4), self.value()
        if addr in (PMPCFG0, 0x3A2) and rng.randrange(10):
            value &= 0x7F7F_7F7F_7F7F_7F7F
        return Cycle(
            addr, op, value, read_only=int(rng.random() < 0.1), commit=int(rng.random() < 0.9)
        )

    def trap(self) -> Cycle:
        rng, bench = self.rng, self.bench
        irq, cause, _ = bench.model.irq
        interrupt = int(bool(irq) and rng.random() < 0.8)
        if not interrupt:
            cause = rng.choice((0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15))
        tval = 0 if interrupt else rng.getrandbits(64)
        return Cycle(
            trap=1, interrupt=interrupt, cause=cause, epc=rng.getrandbits(39) << 1, tval=tval,
            addr=rng.choice(INTERESTING), op=READ,
        )

    def ret(self) -> Cycle:
        priv = self.bench.model.priv
        kinds = {M: (MRET, SRET), S: (SRET,), U: (URET,)}[priv]
        return Cycle(ret=1, kind=self.rng.choice(kinds), addr=self.rng.choice(INTERESTING))

    def change_inputs(self) -> None:
        rng, inputs = self.rng, self.bench.inputs
        if rng.randrange(4) == 0:
            name = rng.choice(LINES)
            inputs.lines[name] ^= 1
        inputs.retire = rng.randrange(2)
        inputs.events = rng.getrandbits(13)
        inputs.time = (inputs.time + rng.randrange(3)) & M64
        if rng.randrange(50) == 0:
            near = self.bench.model.stimecmp + rng.randrange(-3, 3)
            inputs.time = rng.choice((near & M64, rng.getrandbits(64)))

    def next(self) -> Cycle:
        self.change_inputs()
        pick = self.rng.random()
        if pick < 0.75:
            return self.instruction()
        if pick < 0.8:
            refused = self.rng.randrange(1, 9), self.rng.randrange(5), self.rng.getrandbits(32)
            return Cycle(refused=refused)
        if pick < 0.9:
            return self.trap()
        return self.ret()


@cocotb.test()
async def user_ipi_registers(dut):
    """N-3.11 to N-3.14: the bits that suist and suirs keep, fixed suicfg, counted refusals."""
    bench = await start(dut)
    for priv in (M, S):
        await bench.go(priv)
        await bench.write(SUIST, M64)
        assert await bench.read(SUIST) == 1 << 63 | 0xFFF << 44 | (1 << 44) - 1
        await bench.write(SUIRS, M64)
        assert await bench.read(SUIRS) == 1 << 63 | 0xFFFF
        await bench.write(SUICFG, 0)
        assert await bench.read(SUICFG) == UINTC_BASE
        await bench.write(SUIERR, M64)
        assert await bench.read(SUIERR) == 0
        await bench.cycle(Cycle(refused=(4, 0, 17)))
        await bench.cycle(Cycle(refused=(7, 2, 0x8000_0001)))
        assert await bench.read(SUIERR) == 0x8000_0001 << 32 | 2 << 16 | 2 << 8 | 7
    await bench.go(U)
    for addr in (SUIST, SUIRS, SUICFG, SUIERR):
        assert await bench.read(addr) is None


@cocotb.test()
async def refusals_are_counted_to_the_end(dut):
    """The count stays at its largest value."""
    bench = await start(dut)
    for _ in range(0x10002):
        bench.model.refuse(1, 0, 5)
    bench.drive(Cycle(refused=(1, 0, 5)))
    await ClockCycles(dut.clk, 0x10002, FallingEdge)
    bench.drive(Cycle())
    assert await bench.read(SUIERR) == 5 << 32 | 0xFFFF << 16 | 1


@cocotb.test()
async def random_programs(dut):
    bench = await start(dut)
    seen = set()
    for _ in range(3):
        program = Program(bench)
        for _ in range(RANDOM_CYCLES // 3):
            step = program.next()
            await bench.cycle(step)
            seen.add((bench.model.priv, bench.model.irq))
        await bench.reset()
    for priv in (M, S, U):
        assert len([irq for mode, irq in seen if mode == priv and irq[0]]) > 2, "too few interrupts"


@pytest.mark.parametrize("name", ["default", "full"])
def test_csr(name, monkeypatch):
    monkeypatch.setenv("CSR_CONFIGURATION", name)
    run_cocotb(CsrFile(configuration(name)), __name__, f"csr_{name}")


def test_csr_without_pmp():
    """A configuration without entries is valid, too."""
    rtlil.convert(CsrFile(replace(configuration("default"), pmp_entries=0, hpm_counters=0)))
