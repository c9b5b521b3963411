//! A lock-free ring of messages between one producer and one consumer in shared memory, and the
//! protocol by which the producer wakes a consumer that sleeps.
//!
//! A message is an array of up to fifteen words. Up to seven have a cache line, in which the last word to
//! be written is its number: so the consumer needs no other line to see that there is a message; more
//! have two lines, with the number in the first. The
//! number of the one taken last has a line, too; the producer looks there only when the ring seems
//! full.
//!
//! **Found and taken.** A message may stay in the ring until whoever it is for has time: the
//! [`Consumer`] *finds* messages, and passes on their [`Place`]; each is *taken* at its place. Both
//! happen in the order in which they were sent.
//!
//! **Wake-up.** Before it sleeps, the consumer sets a flag and looks once more ([`Consumer::sleep`]).
//! After it has sent, the producer looks at the flag ([`Producer::must_wake`]) and, if it is set,
//! clears it and wakes the consumer, by whatever means there are. Between their store and their load
//! both have a fence, so at least one of them sees what the other stored: either the consumer sees the
//! message or the producer the flag. The wake-up itself must be remembered until the consumer has
//! taken it, and what was stored before it must be seen after it. At most one is sent for each sleep.
//!
//! **Trust.** All of it is atomics, and what the other side stored is never used as an address: a
//! hostile peer can send nonsense, or nothing, but do no harm. There is no `unsafe`.
//!
//! The source is generic over its atomics; `tests/wake.rs` checks it with those of `loom`.

#![cfg_attr(not(test), no_std)]

mod atomics;
mod consumer;
pub mod layout;
mod producer;

pub use atomics::{Atomics, Native, Word};
pub use consumer::{Consumer, Place};
pub use producer::{Full, Producer};

use core::sync::atomic::Ordering;

/// A cache line.
#[repr(C, align(64))]
struct Line<T>(T);

/// A message and its number, when it is there.
///
/// The first message has number 2^63 + 1, the next one 2 more: numbers are odd and, as signed ones,
/// negative, so that whoever keeps a [`Place`] has all other words for other things.
#[repr(C)]
struct Slot<const WORDS: usize, W> {
    number: W,
    words: [W; WORDS],
}

/// The shared part: up to `SLOTS` messages of `WORDS` words. Memory that is all zeros is an empty
/// ring whose consumer is awake.
#[repr(C)]
pub struct Ring<const WORDS: usize, const SLOTS: usize, A: Atomics = Native> {
    /// Number of the message taken last, 0 at first; written by the consumer.
    taken: Line<A::Word>,
    /// Whether the consumer sleeps: set by the consumer, cleared by both.
    sleeping: Line<A::Word>,
    slots: [Line<Slot<WORDS, A::Word>>; SLOTS],
}

impl<const WORDS: usize, const SLOTS: usize, A: Atomics> Default for Ring<WORDS, SLOTS, A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const WORDS: usize, const SLOTS: usize, A: Atomics> Ring<WORDS, SLOTS, A> {
    /// An empty ring whose consumer is awake.
    pub fn new() -> Self {
        let word = || A::Word::new(0);
        let slot = || Slot { number: word(), words: core::array::from_fn(|_| word()) };
        Self {
            taken: Line(word()),
            sleeping: Line(word()),
            slots: core::array::from_fn(|_| Line(slot())),
        }
    }

    /// Where the message with this number has its place.
    #[inline(always)]
    fn slot(&self, number: u64) -> &Slot<WORDS, A::Word> {
        const { assert!(WORDS >= 1 && WORDS <= 15, "a message is one to fifteen words") }
        const { assert!(SLOTS.is_power_of_two(), "the number of slots is a power of two") }
        const { assert!(SLOTS <= 1 << 30, "places tell the slots apart") }
        &self.slots[(number >> 1) as usize & (SLOTS - 1)].0
    }

    /// Whether the message with this number is there.
    #[inline(always)]
    fn has(&self, number: u64) -> bool {
        // `Acquire`: who sees the number sees the message.
        self.slot(number).number.load(Ordering::Acquire) == number
    }

    #[inline(always)]
    fn message(&self, number: u64) -> [u64; WORDS] {
        let slot = self.slot(number);
        core::array::from_fn(|index| slot.words[index].load(Ordering::Relaxed))
    }
}

/// Number of the first message.
const FIRST: u64 = 1 << 63 | 1;

/// The number after this one; after 0, the first.
#[inline(always)]
const fn after(number: u64) -> u64 {
    number.wrapping_add(1) | FIRST
}
