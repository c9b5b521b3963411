//! The side that sends.

use crate::{Atomics, Native, Ring, Word};
use core::{cell::Cell, sync::atomic::Ordering};

/// The ring has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The producer of a ring. There is one at a time.
pub struct Producer<'a, const WORDS: usize, const SLOTS: usize, A: Atomics = Native> {
    ring: &'a Ring<WORDS, SLOTS, A>,
    tail: Cell<u64>,
    /// The consumer's index as it was last seen.
    head: Cell<u64>,
}

impl<'a, const WORDS: usize, const SLOTS: usize, A: Atomics> Producer<'a, WORDS, SLOTS, A> {
    /// Goes on where the last producer of the ring ended.
    pub fn new(ring: &'a Ring<WORDS, SLOTS, A>) -> Self {
        let head = Cell::new(ring.head.0.load(Ordering::Acquire));
        Self { ring, tail: Cell::new(ring.tail.0.load(Ordering::Relaxed)), head }
    }

    /// Sends a message. [`Producer::must_wake`] is to be asked after the last of several.
    #[inline(always)]
    pub fn push(&self, message: [u64; WORDS]) -> Result<(), Full> {
        let (ring, tail) = (self.ring, self.tail.get());
        if tail.wrapping_sub(self.head.get()) >= SLOTS as u64 {
            // `Acquire`: the consumer has read what it took, before the slot is written again.
            self.head.set(ring.head.0.load(Ordering::Acquire));
            if tail.wrapping_sub(self.head.get()) >= SLOTS as u64 {
                return Err(Full);
            }
        }
        for (word, value) in ring.slot(tail).iter().zip(message) {
            word.store(value, Ordering::Relaxed);
        }
        self.tail.set(tail.wrapping_add(1));
        // `Release`: who sees the index sees the message.
        ring.tail.0.store(tail.wrapping_add(1), Ordering::Release);
        Ok(())
    }

    /// Whether the caller has to wake the consumer now; if so, no other call says so before the
    /// consumer sleeps again.
    #[inline(always)]
    #[must_use = "the consumer may sleep for ever"]
    pub fn must_wake(&self) -> bool {
        // The index was stored before the flag is loaded; `Consumer::sleep` does the opposite.
        A::fence();
        self.may_wake()
    }

    /// The same without the fence, for which the caller would wait: it finds a consumer that sleeps
    /// for a while, but may miss one that is just about to. [`Producer::must_wake`] is still to be
    /// asked, when there is time.
    #[inline(always)]
    #[must_use = "the consumer may sleep for ever"]
    pub fn may_wake(&self) -> bool {
        if self.ring.sleeping.0.load(Ordering::Relaxed) == 0 {
            return false;
        }
        // The wake-up, which follows, orders this before whatever the consumer stores then.
        self.ring.sleeping.0.store(0, Ordering::Relaxed);
        true
    }
}
