//! The UIPI instructions (custom-3, funct3 6, operation in funct7).
//!
//! Each function contains the fence that some harts need. The handler that [`send`] calls sees what
//! was written before. Reads after [`read`] see at least what the senders wrote before.

use crate::{Pending, SenderIndex};
use core::arch::asm;

/// `uipi OPERATION, rd, rs1` as an assembler line; `OPERATION` is the number in funct7.
#[doc(hidden)]
#[macro_export]
macro_rules! uipi_line {
    ($operation:literal, $rd:literal, $rs1:literal) => {
        concat!(".insn r 0x7b, 6, ", $operation, ", ", $rd, ", ", $rs1, ", x0")
    };
}

/// `uipi send REGISTER` as an assembler line.
#[macro_export]
macro_rules! uipi_send {
    ($index:literal) => {
        $crate::uipi_line!("0", "x0", $index)
    };
}

/// `uipi read REGISTER` as an assembler line.
#[macro_export]
macro_rules! uipi_read {
    ($pending:literal) => {
        $crate::uipi_line!("1", $pending, "x0")
    };
}

/// `uipi write REGISTER` as an assembler line.
#[macro_export]
macro_rules! uipi_write {
    ($pending:literal) => {
        $crate::uipi_line!("2", "x0", $pending)
    };
}

/// Makes the vector of a sender-table entry pending at its receiver. It has no effect if the kernel
/// gave no such entry.
#[inline(always)]
pub fn send(index: SenderIndex) {
    // SAFETY: at most it interrupts another program, which is prepared for that.
    unsafe { asm!("fence rw, o", uipi_send!("{0}"), in(reg) index.0, options(nostack)) };
}

/// Takes the pending vectors of this thread: afterwards none is pending. 0 if it is no receiver.
#[inline(always)]
pub fn read() -> Pending {
    let pending;
    // SAFETY: takes away interrupts of this thread only.
    unsafe { asm!(uipi_read!("{0}"), "fence i, rw", out(reg) pending, options(nostack)) };
    Pending(pending)
}

/// Makes further vectors of this thread pending.
#[inline(always)]
pub fn write(pending: Pending) {
    // SAFETY: the handler of this thread is prepared for interrupts; without one none is enabled.
    unsafe { asm!("fence rw, o", uipi_write!("{0}"), in(reg) pending.0, options(nostack)) };
}

/// From now on, pending vectors of this thread interrupt it.
#[inline(always)]
pub fn activate() {
    // SAFETY: as for `write`.
    unsafe { asm!("fence rw, o", uipi_line!("3", "x0", "x0"), options(nostack)) };
}

/// Pending vectors of this thread wait for [`activate`], or for the next time the kernel switches
/// to it.
#[inline(always)]
pub fn deactivate() {
    // SAFETY: code must work without an interrupt.
    unsafe { asm!("fence rw, o", uipi_line!("4", "x0", "x0"), options(nostack)) };
}
