//! A thread that always has something to do.

use core::sync::atomic::{AtomicU64, Ordering};

static WORK: AtomicU64 = AtomicU64::new(1);

/// Works for ever, in registers and memory. It uses no stack, because all busy threads belong to
/// one process.
pub fn run() -> ! {
    loop {
        let work = WORK.load(Ordering::Relaxed);
        WORK.store(work.wrapping_mul(0x5851_f42d_4c95_7f2d) + 1, Ordering::Relaxed);
    }
}
