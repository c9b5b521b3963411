//! The side that sends.

use crate::{Atomics, Native, Ring, Word, after};
use core::{cell::Cell, sync::atomic::Ordering};

/// The ring has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The producer of a ring. There is one at a time.
pub struct Producer<'a, const WORDS: usize, const SLOTS: usize, A: Atomics = Native> {
    ring: &'a Ring<WORDS, SLOTS, A>,
    /// Number of the next message.
    next: Cell<u64>,
    /// Number of the message taken last, as it was last seen.
    taken: Cell<u64>,
}

impl<'a, const WORDS: usize, const SLOTS: usize, A: Atomics> Producer<'a, WORDS, SLOTS, A> {
    /// Goes on where the last producer of the ring ended.
    pub fn new(ring: &'a Ring<WORDS, SLOTS, A>) -> Self {
        let numbers = ring.slots.iter().map(|slot| slot.0.number.load(Ordering::Relaxed));
        let next = after(numbers.max().unwrap_or(0));
        Self { ring, next: Cell::new(next), taken: Cell::new(ring.taken.0.load(Ordering::Acquire)) }
    }

    /// Sends a message, and tells whether the caller has to wake the consumer now: if so, no other
    /// call says so before the consumer sleeps again. It finds a consumer that has been asleep for
    /// a while, but may miss one that is just about to sleep: after the last message, and before
    /// the caller waits for anything, [`Producer::must_wake`] is to be asked.
    #[inline(always)]
    #[must_use = "the consumer may sleep for ever"]
    pub fn send(&self, message: [u64; WORDS]) -> Result<bool, Full> {
        let (ring, number) = (self.ring, self.next.get());
        if self.is_full(number) {
            // `Acquire`: the consumer has read what it took, before the slot is written again.
            self.taken.set(ring.taken.0.load(Ordering::Acquire));
            if self.is_full(number) {
                return Err(Full);
            }
        }
        // Before the stores, so that nobody waits for it; a consumer that sleeps now is found by
        // the next look.
        let sleeps = ring.sleeping.0.load(Ordering::Relaxed) != 0;
        let slot = ring.slot(number);
        for (word, value) in slot.words.iter().zip(message) {
            word.store(value, Ordering::Relaxed);
        }
        self.next.set(number.wrapping_add(2));
        // `Release`: who sees the number sees the message.
        slot.number.store(number, Ordering::Release);
        if sleeps {
            self.clear_sleeping();
        }
        Ok(sleeps)
    }

    #[inline(always)]
    fn is_full(&self, number: u64) -> bool {
        number.wrapping_sub(self.taken.get()) > 2 * SLOTS as u64
    }

    /// Whether the caller has to wake the consumer now, as of [`Producer::send`], with a fence for
    /// which the caller waits: nobody is missed.
    #[inline(always)]
    #[must_use = "the consumer may sleep for ever"]
    pub fn must_wake(&self) -> bool {
        // The number was stored before the flag is loaded; `Consumer::sleep` does the opposite.
        A::fence();
        let sleeps = self.ring.sleeping.0.load(Ordering::Relaxed) != 0;
        if sleeps {
            self.clear_sleeping();
        }
        sleeps
    }

    #[inline(always)]
    fn clear_sleeping(&self) {
        // The wake-up, which follows, orders this before whatever the consumer stores then.
        self.ring.sleeping.0.store(0, Ordering::Relaxed);
    }
}
