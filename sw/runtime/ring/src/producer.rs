//! The side that sends.

use crate::{Atomics, FIRST, Native, Ring, Word, after};
use core::{cell::Cell, ops::Deref, sync::atomic::Ordering};

/// The ring has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The producer of a ring, which it sees through an `R`. There is one at a time.
pub struct Producer<R, const WORDS: usize, const SLOTS: usize, A: Atomics = Native>
where
    R: Deref<Target = Ring<WORDS, SLOTS, A>>,
{
    ring: R,
    /// Number of the next message.
    next: Cell<u64>,
    /// Number of the first message for which there is no room, as it was last seen.
    end: Cell<u64>,
}

impl<R, const WORDS: usize, const SLOTS: usize, A: Atomics> Producer<R, WORDS, SLOTS, A>
where
    R: Deref<Target = Ring<WORDS, SLOTS, A>>,
{
    /// The producer of a ring into which nothing has been sent yet.
    pub const fn first(ring: R) -> Self {
        Self { ring, next: Cell::new(FIRST), end: Cell::new(FIRST + 2 * SLOTS as u64) }
    }

    /// Goes on where the last producer of the ring ended.
    pub fn new(ring: R) -> Self {
        let numbers = ring.slots.iter().map(|slot| slot.0.number.load(Ordering::Relaxed));
        let next = after(numbers.max().unwrap_or(0));
        let producer = Self::first(ring);
        producer.next.set(next);
        // As if it were full: `send` looks.
        producer.end.set(next);
        producer
    }

    /// Sends a message, and tells whether the caller has to wake the consumer now: if so, no other
    /// call says so before the consumer sleeps again. It finds a consumer that has been asleep for
    /// a while, but may miss one that is just about to sleep: after the last message, and before
    /// the caller waits for anything, [`Producer::must_wake`] is to be asked.
    #[inline(always)]
    #[must_use = "the consumer may sleep for ever"]
    pub fn send(&self, message: [u64; WORDS]) -> Result<bool, Full> {
        let (ring, number) = (&*self.ring, self.next.get());
        if number == self.end.get() && !self.has_room(number) {
            return Err(Full);
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

    /// Looks what the consumer has taken since the last look. Inline: a call would make a coroutine save
    /// registers each time.
    #[inline(always)]
    fn has_room(&self, number: u64) -> bool {
        // `Acquire`: the consumer has read what it took, before the slot is written again.
        let oldest = after(self.ring.taken.0.load(Ordering::Acquire));
        // A hostile consumer may have stored the number of a message that it was never sent: then
        // there is no room.
        let room = number.wrapping_sub(oldest) < 2 * SLOTS as u64;
        if room {
            self.end.set(oldest.wrapping_add(2 * SLOTS as u64));
        }
        room
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
