//! Access to any CSR by its generated number.
//!
//! The register types of the crate `riscv` do not know the CSRs of the N extension. They also mask
//! its bits in `mstatus`, `mie` and `mideleg`. So everything here is raw. The compiler keeps
//! accesses in order with memory accesses.

use core::arch::asm;

/// Bits of `mstatus` and, where they are visible there, of `sstatus` and `ustatus`.
pub mod status {
    pub const UIE: usize = 1 << 0;
    pub const SIE: usize = 1 << 1;
    pub const MIE: usize = 1 << 3;
    pub const UPIE: usize = 1 << 4;
    pub const SPIE: usize = 1 << 5;
    pub const MPIE: usize = 1 << 7;
    pub const SPP: usize = 1 << 8;
    pub const MPP: usize = 3 << 11;
    pub const MPP_SHIFT: u32 = 11;
    pub const MPRV: usize = 1 << 17;
    pub const SUM: usize = 1 << 18;
    pub const MXR: usize = 1 << 19;
    pub const TVM: usize = 1 << 20;
    pub const TW: usize = 1 << 21;
    pub const TSR: usize = 1 << 22;
}

/// Bit of `misa` that announces user-level interrupts.
pub const MISA_N: usize = 1 << 13;
/// Bit of `menvcfg` that gives `stimecmp` to S-mode.
pub const MENVCFG_STCE: usize = 1 << 63;
/// Bit of a cause register that tells an interrupt from an exception.
pub const INTERRUPT: usize = 1 << 63;

/// Reads a CSR. Traps if it does not exist or the privilege is too low.
#[inline(always)]
pub fn read<const CSR: u16>() -> usize {
    let value;
    // SAFETY: reading a CSR changes nothing that Rust knows of.
    unsafe { asm!("csrr {}, {}", out(reg) value, const CSR, options(nostack)) };
    value
}

/// Writes a CSR.
///
/// # Safety
/// The new value must leave translation, protection and trap handling fit for the code that follows.
#[inline(always)]
pub unsafe fn write<const CSR: u16>(value: usize) {
    // SAFETY: by the caller.
    unsafe { asm!("csrw {}, {}", const CSR, in(reg) value, options(nostack)) };
}

/// Writes a CSR and returns what it held.
///
/// # Safety
/// As for [`write()`].
#[inline(always)]
pub unsafe fn swap<const CSR: u16>(value: usize) -> usize {
    let old;
    // SAFETY: by the caller.
    unsafe { asm!("csrrw {}, {}, {}", out(reg) old, const CSR, in(reg) value, options(nostack)) };
    old
}

/// Sets bits of a CSR and returns what it held.
///
/// # Safety
/// As for [`write()`].
#[inline(always)]
pub unsafe fn set<const CSR: u16>(bits: usize) -> usize {
    let old;
    // SAFETY: by the caller.
    unsafe { asm!("csrrs {}, {}, {}", out(reg) old, const CSR, in(reg) bits, options(nostack)) };
    old
}

/// Clears bits of a CSR and returns what it held.
///
/// # Safety
/// As for [`write()`].
#[inline(always)]
pub unsafe fn clear<const CSR: u16>(bits: usize) -> usize {
    let old;
    // SAFETY: by the caller.
    unsafe { asm!("csrrc {}, {}, {}", out(reg) old, const CSR, in(reg) bits, options(nostack)) };
    old
}
