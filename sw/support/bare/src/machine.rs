//! The machine as an M-mode program sees it. A test may try every bit of it.
//!
//! CSR writes are safe functions here. These programs are about such writes. They run one at a time
//! in M-mode, with interrupts off and at physical addresses.

use hal::{clint, csr, soc::csr as number};

/// Reads a CSR.
pub fn read<const CSR: u16>() -> usize {
    csr::read::<CSR>()
}

/// Writes a CSR.
pub fn write<const CSR: u16>(value: usize) {
    // SAFETY: see above. What a test tries concerns its guest, and `reset` ends it.
    unsafe { csr::write::<CSR>(value) }
}

/// Sets bits of a CSR.
pub fn set<const CSR: u16>(bits: usize) {
    // SAFETY: as for `write`.
    unsafe { csr::set::<CSR>(bits) };
}

/// Clears bits of a CSR.
pub fn clear<const CSR: u16>(bits: usize) {
    // SAFETY: as for `write`.
    unsafe { csr::clear::<CSR>(bits) };
}

/// Writes a CSR, reads it back, restores it, and returns what it read.
pub fn try_out<const CSR: u16>(value: usize) -> usize {
    let before = read::<CSR>();
    write::<CSR>(value);
    let after = read::<CSR>();
    write::<CSR>(before);
    after
}

/// Whether the hart has user-level interrupts.
pub fn has_user_interrupts() -> bool {
    read::<{ number::MISA }>() & csr::MISA_N != 0
}

/// The PMP entry that [`reset`] opens all memory with; those before it are free.
pub const OPEN_PMP_ENTRY: u16 = 7;
/// PMP configuration: naturally aligned power of two, read, write and execute.
pub const PMP_OPEN: usize = 0x1f;

/// `mstatus` with nothing set. `SXL` and `UXL` say 64 bits, in case they can say anything else.
const STATUS: usize = 2 << 32 | 2 << 34;

/// Brings the machine into the state that a test expects. Nothing is delegated, enabled or pending.
/// There is no translation. Memory and counters are open to all modes. The vectors of the lower
/// modes point to [`crate::guest::catch`].
pub fn reset() {
    write::<{ number::MIE }>(0);
    write::<{ number::MEDELEG }>(0);
    write::<{ number::MIDELEG }>(0);
    write::<{ number::MSTATUS }>(STATUS);
    write::<{ number::SATP }>(0);
    write::<{ number::PMPADDR0 + OPEN_PMP_ENTRY }>(usize::MAX);
    write::<{ number::PMPCFG0 }>(PMP_OPEN << (8 * OPEN_PMP_ENTRY));
    write::<{ number::MCOUNTEREN }>(7);
    write::<{ number::SCOUNTEREN }>(7);
    write::<{ number::MCOUNTINHIBIT }>(0);
    set::<{ number::MENVCFG }>(csr::MENVCFG_STCE);
    write::<{ number::STIMECMP }>(usize::MAX);
    clint::set_msip(0, false);
    clint::set_mtimecmp(0, u64::MAX);
    let catch = crate::guest::catch();
    write::<{ number::STVEC }>(catch);
    if has_user_interrupts() {
        write::<{ number::SIDELEG }>(0);
        write::<{ number::UTVEC }>(catch);
    }
    write::<{ number::MIP }>(0);
    hal::context::Machine::install();
    sfence();
}

/// Forgets all translations.
pub fn sfence() {
    riscv::asm::sfence_vma_all();
}
