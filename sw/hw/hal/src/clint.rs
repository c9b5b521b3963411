//! Core-local interruptor: software interrupts between harts, and the timer.

use core::{arch::asm, ptr};
use soc::{CLINT_BASE, clint};

/// The CLINT of this SoC.
const OWN: Clint = Clint::new(CLINT_BASE);

/// A CLINT by its address.
#[derive(Clone, Copy)]
pub struct Clint(usize);

impl Clint {
    pub const fn new(base: usize) -> Self {
        Self(base)
    }

    /// As [`set_msip`].
    pub fn set_msip(self, hart: usize, on: bool) {
        // SAFETY: fences, and a device register.
        unsafe {
            asm!("fence rw, o", options(nostack));
            ptr::with_exposed_provenance_mut::<u32>(self.msip(hart)).write_volatile(on.into());
            asm!("fence o, rw", options(nostack));
        }
    }

    /// Address of the register that is 1 while the machine software interrupt of `hart` is raised.
    pub fn msip(self, hart: usize) -> usize {
        self.0 + clint::MSIP + 4 * hart
    }

    /// As [`set_mtimecmp`].
    pub fn set_mtimecmp(self, hart: usize, time: u64) {
        // SAFETY: a device register.
        unsafe { self.at::<u64>(clint::MTIMECMP + 8 * hart).write_volatile(time) };
    }

    fn at<T>(self, offset: usize) -> *mut T {
        ptr::with_exposed_provenance_mut(self.0 + offset)
    }
}

/// Raises or drops the machine software interrupt of `hart`. Whoever sees the interrupt also sees
/// what was written before. After dropping it, reads see what the next raiser wrote before.
pub fn set_msip(hart: usize, on: bool) {
    OWN.set_msip(hart, on);
}

/// Makes the machine timer interrupt of `hart` pending from `time` on.
pub fn set_mtimecmp(hart: usize, time: u64) {
    OWN.set_mtimecmp(hart, time);
}

/// The time, in ticks of the timebase.
pub fn mtime() -> u64 {
    // SAFETY: a device register.
    unsafe { OWN.at::<u64>(clint::MTIME).read_volatile() }
}
