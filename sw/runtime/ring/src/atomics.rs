//! The atomics that a ring is made of.

use core::sync::atomic::{AtomicU64, Ordering, fence};

/// A 64-bit atomic word.
pub trait Word {
    /// A word that holds `value`.
    fn new(value: u64) -> Self;
    /// As of the standard library's atomics.
    fn load(&self, order: Ordering) -> u64;
    /// As of the standard library's atomics.
    fn store(&self, value: u64, order: Ordering);
}

/// Words, and a fence for them.
pub trait Atomics {
    type Word: Word;
    /// A sequentially consistent fence.
    fn fence();
}

/// Those of the machine.
#[derive(Debug)]
pub struct Native;

impl Atomics for Native {
    type Word = AtomicU64;

    #[inline(always)]
    fn fence() {
        fence(Ordering::SeqCst);
    }
}

impl Word for AtomicU64 {
    #[inline(always)]
    fn new(value: u64) -> Self {
        Self::new(value)
    }

    #[inline(always)]
    fn load(&self, order: Ordering) -> u64 {
        self.load(order)
    }

    #[inline(always)]
    fn store(&self, value: u64, order: Ordering) {
        self.store(value, order);
    }
}
