//! A lock-free ring of messages between one producer and one consumer in shared memory, and the
//! protocol by which the producer wakes a consumer that sleeps.
//!
//! A message is an array of up to eight words: one cache line. Each index has a line of its own, and
//! each side works on its own copy of both: it looks at the other's index only when the ring seems
//! full or empty.
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
mod producer;

pub use atomics::{Atomics, Native, Word};
pub use consumer::Consumer;
pub use producer::{Full, Producer};

/// A cache line.
#[repr(C, align(64))]
struct Line<T>(T);

/// The shared part: up to `SLOTS` messages of `WORDS` words. Memory that is all zeros is an empty
/// ring whose consumer is awake.
#[repr(C)]
pub struct Ring<const WORDS: usize, const SLOTS: usize, A: Atomics = Native> {
    /// Messages sent, ever; written by the producer.
    tail: Line<A::Word>,
    /// Messages taken, ever; written by the consumer.
    head: Line<A::Word>,
    /// Whether the consumer sleeps: set by the consumer, cleared by both.
    sleeping: Line<A::Word>,
    slots: [Line<[A::Word; WORDS]>; SLOTS],
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
        Self {
            tail: Line(word()),
            head: Line(word()),
            sleeping: Line(word()),
            slots: core::array::from_fn(|_| Line(core::array::from_fn(|_| word()))),
        }
    }

    fn slot(&self, index: u64) -> &[A::Word; WORDS] {
        const { assert!(WORDS >= 1 && WORDS <= 8, "a message is one to eight words") }
        const { assert!(SLOTS.is_power_of_two(), "the number of slots is a power of two") }
        &self.slots[index as usize & (SLOTS - 1)].0
    }
}
