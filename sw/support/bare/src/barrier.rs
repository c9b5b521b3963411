//! All harts meet.
//!
//! Waiting harts look with an AMO, which the shared cache performs: the barrier holds even where
//! first-level caches are at fault.

use core::sync::atomic::{AtomicUsize, Ordering};
use hal::{csr, soc::csr as number};

static ARRIVED: AtomicUsize = AtomicUsize::new(0);
static ROUND: AtomicUsize = AtomicUsize::new(0);
static START: AtomicUsize = AtomicUsize::new(0);

/// Cycles from the arrival of the last hart to the common start.
const HEADWAY: usize = 160;

/// Waits until `harts` have come; returns a cycle a little ahead that is the same for all.
pub fn meet(harts: usize) -> usize {
    // Acquire and release: what each did before is seen by all after.
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
