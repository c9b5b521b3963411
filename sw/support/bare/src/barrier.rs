//! All harts meet.
//!
//! Waiting harts look with an AMO. The shared cache performs it, so the barrier also holds when a
//! first-level cache is at fault.

use core::sync::atomic::{AtomicUsize, Ordering};
use hal::{csr, soc::csr as number};

static ARRIVED: AtomicUsize = AtomicUsize::new(0);
static ROUND: AtomicUsize = AtomicUsize::new(0);
static START: AtomicUsize = AtomicUsize::new(0);

/// Cycles from the arrival of the last hart to the common start.
const HEADWAY: usize = 160;

/// Waits until `harts` harts have come. Returns a cycle a little ahead, the same for all.
pub fn meet(harts: usize) -> usize {
    // Acquire and release: after the barrier, all harts see what each did before it.
    let round = ROUND.fetch_add(0, Ordering::AcqRel);
    if ARRIVED.fetch_add(1, Ordering::AcqRel) == harts - 1 {
        START.swap(cycle() + HEADWAY, Ordering::AcqRel);
        ARRIVED.swap(0, Ordering::AcqRel);
        ROUND.fetch_add(1, Ordering::AcqRel);
    } else {
        while ROUND.fetch_add(0, Ordering::AcqRel) == round {
            (0..8).for_each(|_| core::hint::spin_loop());
        }
    }
    START.fetch_add(0, Ordering::AcqRel)
}

/// The cycle, which all harts count from the same reset.
pub fn cycle() -> usize {
    csr::read::<{ number::MCYCLE }>()
}
