//! A queue with many producers.

use super::{
    Line,
    atomics::{AtomicU64, AtomicUsize, spin_loop},
};
use core::{array, num::NonZeroU64, sync::atomic::Ordering};

/// First in, first out, from any hart to one.
///
/// A producer takes the next place with one atomic addition, and fills it; a place that holds 0 is
/// free. The consumer uses no atomic operation. A producer that is delayed between its two steps
/// holds up the tasks behind its own.
#[derive(Debug)]
#[repr(C)]
pub struct Mpsc<const N: usize> {
    tail: Line<AtomicUsize>,
    /// The consumer's alone.
    head: Line<AtomicUsize>,
    places: [AtomicU64; N],
}

impl<const N: usize> Default for Mpsc<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Mpsc<N> {
    const MASK: usize = {
        assert!(N.is_power_of_two());
        N - 1
    };

    /// An empty queue.
    pub fn new() -> Self {
        Self {
            tail: Line(AtomicUsize::new(0)),
            head: Line(AtomicUsize::new(0)),
            places: array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// Adds a task. Waits while there is no room: who never has more than `N` tasks, each queued
    /// once at most, never waits.
    #[inline(always)]
    pub fn enqueue(&self, task: NonZeroU64) {
        // Relaxed: the place itself orders what is before and after.
        let tail = self.tail.0.fetch_add(1, Ordering::Relaxed);
        let place = &self.places[tail & Self::MASK];
        while place.load(Ordering::Relaxed) != 0 {
            spin_loop();
        }
        // Release: the consumer sees what the task needs.
        place.store(task.get(), Ordering::Release);
    }

    /// Takes the task that is there for longest. Of one consumer at a time.
    #[inline(always)]
    pub fn dequeue(&self) -> Option<NonZeroU64> {
        let head = self.head.0.load(Ordering::Relaxed);
        let place = &self.places[head & Self::MASK];
        // Acquire: pairs with the producer's release.
        let task = NonZeroU64::new(place.load(Ordering::Acquire))?;
        place.store(0, Ordering::Relaxed);
        self.head.0.store(head.wrapping_add(1), Ordering::Relaxed);
        Some(task)
    }
}
