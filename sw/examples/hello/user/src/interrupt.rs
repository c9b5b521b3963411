//! The user program's interrupt handler.

use crate::println;
use core::{
    arch::global_asm,
    sync::atomic::{AtomicUsize, Ordering},
};
use hal::{csr, soc::csr as number, uret, user_interrupt};

static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// User interrupts taken so far.
pub fn taken() -> usize {
    TAKEN.load(Ordering::Relaxed)
}

/// Raises the user software interrupt; has been interrupted by it when it returns.
pub fn raise_and_wait() {
    // SAFETY: `entry` saves every register that Rust code may change, and ends in `uret`.
    unsafe { user_interrupt::enable(entry as *const () as usize) };
    user_interrupt::raise();
}

extern "C" fn handle() {
    user_interrupt::withdraw();
    let cause = csr::read::<{ number::UCAUSE }>() & !csr::INTERRUPT;
    println!("In the user interrupt handler: cause {cause}.");
    TAKEN.store(taken() + 1, Ordering::Relaxed);
}

unsafe extern "C" {
    /// `utvec` points here: saves the registers that a call may change.
    fn entry();
}

global_asm!(
    ".balign 4",
    "entry:",
    "addi sp, sp, -128",
    "sd ra, 0(sp)",
    "sd t0, 8(sp)",
    "sd t1, 16(sp)",
    "sd t2, 24(sp)",
    "sd a0, 32(sp)",
    "sd a1, 40(sp)",
    "sd a2, 48(sp)",
    "sd a3, 56(sp)",
    "sd a4, 64(sp)",
    "sd a5, 72(sp)",
    "sd a6, 80(sp)",
    "sd a7, 88(sp)",
    "sd t3, 96(sp)",
    "sd t4, 104(sp)",
    "sd t5, 112(sp)",
    "sd t6, 120(sp)",
    "call {handle}",
    "ld ra, 0(sp)",
    "ld t0, 8(sp)",
    "ld t1, 16(sp)",
    "ld t2, 24(sp)",
    "ld a0, 32(sp)",
    "ld a1, 40(sp)",
    "ld a2, 48(sp)",
    "ld a3, 56(sp)",
    "ld a4, 64(sp)",
    "ld a5, 72(sp)",
    "ld a6, 80(sp)",
    "ld a7, 88(sp)",
    "ld t3, 96(sp)",
    "ld t4, 104(sp)",
    "ld t5, 112(sp)",
    "ld t6, 120(sp)",
    "addi sp, sp, 128",
    uret!(),
    handle = sym handle,
);
