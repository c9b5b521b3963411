//! Set-up of a hart before S-mode runs.

use crate::machine::machine;
use hal::{
    context::Machine,
    csr,
    soc::{DRAM_BASE, PAYLOAD_BASE, cause, csr as number, event, irq},
};

unsafe extern "C" {
    static _start: u8;
}

/// Bytes of memory that are the firmware's own, from where it is linked: up to its payload.
const OWN_BYTES: usize = PAYLOAD_BASE - DRAM_BASE;
const _: () = assert!(OWN_BYTES.is_power_of_two() && DRAM_BASE.is_multiple_of(OWN_BYTES));

const PMP_READ_WRITE_EXECUTE: usize = 7;
const PMP_NAPOT: usize = 3 << 3;

/// Exceptions that S-mode handles: all except its own system calls.
const EXCEPTIONS: usize = 1 << cause::INSN_MISALIGNED
    | 1 << cause::INSN_ACCESS
    | 1 << cause::ILLEGAL_INSN
    | 1 << cause::BREAKPOINT
    | 1 << cause::LOAD_MISALIGNED
    | 1 << cause::LOAD_ACCESS
    | 1 << cause::STORE_MISALIGNED
    | 1 << cause::STORE_ACCESS
    | 1 << cause::ECALL_U
    | 1 << cause::INSN_PAGE
    | 1 << cause::LOAD_PAGE
    | 1 << cause::STORE_PAGE;

/// Interrupts that S-mode handles, or delegates further to U-mode.
const INTERRUPTS: usize =
    1 << irq::SSI | 1 << irq::STI | 1 << irq::SEI | 1 << irq::USI | 1 << irq::UTI | 1 << irq::UEI;

/// Start and end of the memory that is the firmware's own.
pub fn own_memory() -> (usize, usize) {
    let start = &raw const _start as usize;
    (start, start + OWN_BYTES)
}

/// Delegates traps to S-mode, and takes the others.
pub fn delegate() {
    Machine::install();
    // SAFETY: nothing runs in S-mode yet; interrupts are off.
    unsafe {
        csr::write::<{ number::MEDELEG }>(EXCEPTIONS);
        csr::write::<{ number::MIDELEG }>(INTERRUPTS);
        csr::write::<{ number::SATP }>(0);
    }
}

/// Closes the firmware's memory to S- and U-mode, and opens all other addresses.
pub fn protect() {
    let (own, _) = own_memory();
    // SAFETY: no entry is locked, so none concerns M-mode.
    unsafe {
        csr::write::<{ number::PMPADDR0 }>(own >> 2 | (OWN_BYTES / 8 - 1));
        csr::write::<{ number::PMPADDR0 + 1 }>(usize::MAX);
        csr::write::<{ number::PMPCFG0 }>((PMP_NAPOT | PMP_READ_WRITE_EXECUTE) << 8 | PMP_NAPOT);
    }
    riscv::asm::sfence_vma_all();
}

/// Events of the counters from `hpmcounter3` on: traps into M- and S-mode, user interrupts taken,
/// UIPI executed.
const EVENTS: [usize; 4] = [event::TRAP_M, event::TRAP_S, event::USER_INTERRUPT, event::UIPI];

/// Counters for all modes, and the supervisor's own timer where there is one.
pub fn enable_features() {
    // SAFETY: none of this concerns M-mode. The timers are quiet afterwards.
    unsafe {
        csr::write::<{ number::MCOUNTEREN }>(0xffff_ffff);
        csr::write::<{ number::SCOUNTEREN }>(0xffff_ffff);
        csr::set::<{ number::MENVCFG }>(csr::MENVCFG_STCE);
        csr::write::<{ number::MHPMEVENT3 }>(EVENTS[0]);
        csr::write::<{ number::MHPMEVENT3 + 1 }>(EVENTS[1]);
        csr::write::<{ number::MHPMEVENT3 + 2 }>(EVENTS[2]);
        csr::write::<{ number::MHPMEVENT3 + 3 }>(EVENTS[3]);
    }
    machine().clint.set_mtimecmp(csr::read::<{ number::MHARTID }>(), u64::MAX);
    if has_supervisor_timer() {
        // SAFETY: as above.
        unsafe { csr::write::<{ number::STIMECMP }>(usize::MAX) };
    }
}

/// Whether the hart has `stimecmp` (Sstc).
pub fn has_supervisor_timer() -> bool {
    csr::read::<{ number::MENVCFG }>() & csr::MENVCFG_STCE != 0
}
