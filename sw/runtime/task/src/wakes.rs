//! Wake-ups from elsewhere, for queues in memory that one thread owns.

use crate::TaskId;
use core::sync::atomic::{AtomicU64, Ordering};

/// A cache line of its own.
#[repr(C, align(64))]
struct Line<T>(T);

/// Words in which a task is a bit: that at address `64 * (n + 1)`, an executor's `n`th, is bit `n`.
/// There are 64.
///
/// `signals` is for the owner's own interrupt handler, which may change it in several
/// instructions: `uintr`'s entry `collect` does, so that the vector with a task's number wakes it.
/// `wakes` is for everybody else.
pub struct Wakes {
    /// Wake-ups that the owner has taken and not handed out yet.
    taken: AtomicU64,
    signals: Line<AtomicU64>,
    wakes: Line<AtomicU64>,
}

impl Default for Wakes {
    fn default() -> Self {
        Self::new()
    }
}

impl Wakes {
    /// Nobody is woken.
    pub const fn new() -> Self {
        Self {
            taken: AtomicU64::new(0),
            signals: Line(AtomicU64::new(0)),
            wakes: Line(AtomicU64::new(0)),
        }
    }

    /// The word for the owner's interrupt handler: of all others, only the owner changes it, by a
    /// single instruction.
    pub fn signals(&self) -> &AtomicU64 {
        &self.signals.0
    }

    /// Wakes a task, from anywhere. Panics if it has no bit.
    pub fn wake(&self, task: TaskId) {
        let number = (task.address() / ALIGNMENT).wrapping_sub(1);
        assert!(number < u64::BITS.into(), "{task:?} is not one of the first 64");
        // `Release`: see `take`.
        self.wakes.0.fetch_or(1 << number, Ordering::Release);
    }

    /// Whether a task has been woken since [`Wakes::take`] returned `None`.
    #[inline(always)]
    pub fn is_woken(&self) -> bool {
        let [taken, signals, wakes] =
            [&self.taken, &self.signals.0, &self.wakes.0].map(|word| word.load(Ordering::Relaxed));
        (taken | signals | wakes) != 0
    }

    /// Takes a task that was woken, if there is one. By the owner.
    #[cold]
    pub fn take(&self) -> Option<TaskId> {
        let mut taken = self.taken.load(Ordering::Relaxed);
        if taken == 0 {
            // `Acquire`: the tasks see what was written before they were woken.
            for woken in [&self.signals.0, &self.wakes.0] {
                if woken.load(Ordering::Relaxed) != 0 {
                    taken |= woken.swap(0, Ordering::Acquire);
                }
            }
        }
        if taken == 0 {
            return None;
        }
        self.taken.store(taken & (taken - 1), Ordering::Relaxed);
        // One task is woken from elsewhere, as a rule, or one with a low number.
        let mut number = 0;
        while taken >> number & 1 == 0 {
            number += 1;
        }
        TaskId::new((number + 1) * ALIGNMENT)
    }
}

const ALIGNMENT: u64 = TaskId::ALIGNMENT as u64;
