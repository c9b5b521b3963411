//! A queue with many producers.

use crate::Line;
use core::{
    hint::spin_loop,
    num::NonZeroU64,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

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
    pub const fn new() -> Self {
        Self {
            tail: Line(AtomicUsize::new(0)),
            head: Line(AtomicUsize::new(0)),
            places: [const { AtomicU64::new(0) }; N],
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn tasks_of_each_producer_leave_once_and_in_order() {
        const PRODUCERS: usize = 3;
        const TASKS: u64 = 3_000;
        // Each producer has four tasks in the queue at most.
        let queue = Mpsc::<16>::new();
        let seen = [const { AtomicU64::new(0) }; PRODUCERS];
        thread::scope(|scope| {
            for (producer, seen) in seen.iter().enumerate() {
                let queue = &queue;
                scope.spawn(move || {
                    for task in 1..=TASKS {
                        while task > seen.load(Ordering::Acquire) + 4 {
                            thread::yield_now();
                        }
                        queue.enqueue(NonZeroU64::new((producer as u64) << 32 | task).unwrap());
                    }
                });
            }
            let mut wrong = 0;
            for _ in 0..PRODUCERS as u64 * TASKS {
                let task = loop {
                    match queue.dequeue() {
                        Some(task) => break task.get(),
                        None => thread::yield_now(),
                    }
                };
                let last = seen[(task >> 32) as usize].fetch_add(1, Ordering::Release) + 1;
                wrong += usize::from(task & 0xffff_ffff != last);
            }
            assert_eq!(wrong, 0);
        });
        assert_eq!(queue.dequeue(), None);
    }

    #[test]
    fn what_was_written_before_is_seen_after() {
        const ROUNDS: u64 = 3_000;
        let (queue, data, seen) = (Mpsc::<4>::new(), AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                for round in 1..=ROUNDS {
                    while round > seen.load(Ordering::Relaxed) + 4 {
                        thread::yield_now();
                    }
                    data.store(round, Ordering::Relaxed);
                    queue.enqueue(NonZeroU64::new(round).unwrap());
                }
            });
            let mut unseen = 0;
            while seen.load(Ordering::Relaxed) < ROUNDS {
                match queue.dequeue() {
                    Some(round) => {
                        unseen += u64::from(data.load(Ordering::Relaxed) < round.get());
                        seen.store(round.get(), Ordering::Relaxed);
                    }
                    None => thread::yield_now(),
                }
            }
            assert_eq!(unseen, 0);
        });
    }
}
