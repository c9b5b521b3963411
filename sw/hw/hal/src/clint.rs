//! Core-local interruptor: software interrupts between harts, and the timer.

use core::{arch::asm, ptr};
use soc::{CLINT_BASE, clint};

/// Raises or drops the machine software interrupt of `hart`. Whoever sees the interrupt also sees
/// what was written before. After dropping it, reads see what the next raiser wrote before.
pub fn set_msip(hart: usize, on: bool) {
    // SAFETY: fences, and a device register.
    unsafe {
        asm!("fence rw, o", options(nostack));
        at::<u32>(clint::MSIP + 4 * hart).write_volatile(on.into());
        asm!("fence o, rw", options(nostack));
    }
}

/// Makes the machine timer interrupt of `hart` pending from `time` on.
pub fn set_mtimecmp(hart: usize, time: u64) {
    // SAFETY: a device register.
    unsafe { at::<u64>(clint::MTIMECMP + 8 * hart).write_volatile(time) };
}

/// The time, in ticks of the timebase.
pub fn mtime() -> u64 {
    // SAFETY: a device register.
    unsafe { at::<u64>(clint::MTIME).read_volatile() }
}

fn at<T>(offset: usize) -> *mut T {
    ptr::with_exposed_provenance_mut(CLINT_BASE + offset)
}
