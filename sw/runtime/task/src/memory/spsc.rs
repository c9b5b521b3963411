//! A queue from one hart to one.

use super::{
    Full, Line,
    atomics::AtomicUsize,
    places::{Places, STEP},
};
use core::{num::NonZeroU64, sync::atomic::Ordering};

/// First in, first out, from one hart to another, without an atomic operation of several steps.
///
/// A place that holds 0 is free. So the consumer waits for the line of the task itself, the only one
/// that moves between the harts as a rule.
#[derive(Debug)]
#[repr(C)]
pub struct Spsc<const N: usize> {
    producer: Line<Producer>,
    /// The consumer's. The producer looks at it when the queue may be full.
    head: Line<AtomicUsize>,
    places: Places<N>,
}

/// What the producer alone uses.
#[derive(Debug)]
#[repr(C)]
struct Producer {
    tail: AtomicUsize,
    /// `head`, as it was seen last.
    head: AtomicUsize,
}

impl<const N: usize> Default for Spsc<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Spsc<N> {
    /// An empty queue.
    pub fn new() -> Self {
        Self {
            producer: Line(Producer { tail: AtomicUsize::new(0), head: AtomicUsize::new(0) }),
            head: Line(AtomicUsize::new(0)),
            places: Places::new(),
        }
    }

    /// Adds a task. Of one producer at a time.
    #[inline(always)]
    pub fn enqueue(&self, task: NonZeroU64) -> Result<(), Full> {
        let Producer { tail: next, head: seen } = &self.producer.0;
        let tail = next.load(Ordering::Relaxed);
        if tail.wrapping_sub(seen.load(Ordering::Relaxed)) == Places::<N>::BYTES {
            // Acquire: the place has been cleared before it is filled anew.
            let head = self.head.0.load(Ordering::Acquire);
            if tail.wrapping_sub(head) == Places::<N>::BYTES {
                return Err(Full);
            }
            seen.store(head, Ordering::Relaxed);
        }
        // Release: the consumer sees what the task needs.
        self.places.at(tail).store(task.get(), Ordering::Release);
        next.store(tail.wrapping_add(STEP), Ordering::Relaxed);
        Ok(())
    }

    /// Takes the task that is there for longest. Of one consumer at a time.
    #[inline(always)]
    pub fn dequeue(&self) -> Option<NonZeroU64> {
        let head = self.head.0.load(Ordering::Relaxed);
        let place = self.places.at(head);
        // Acquire: pairs with the producer's release.
        let task = NonZeroU64::new(place.load(Ordering::Acquire))?;
        place.store(0, Ordering::Relaxed);
        // Release: see `enqueue`.
        self.head.0.store(head.wrapping_add(STEP), Ordering::Release);
        Some(task)
    }
}
