//! A queue of one thread.

use super::{Full, places::STEP};
use core::{cell::Cell, num::NonZeroU64};

/// First in, first out. A place that holds 0 is free, so neither side looks at the other's index.
#[derive(Debug)]
#[repr(C)]
pub struct Fifo<const N: usize> {
    /// They go on beyond the end.
    head: Cell<usize>,
    tail: Cell<usize>,
    places: [Cell<u64>; N],
}

impl<const N: usize> Default for Fifo<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Fifo<N> {
    const MASK: usize = {
        assert!(N.is_power_of_two());
        N - 1
    };

    #[inline(always)]
    fn place(&self, offset: usize) -> &Cell<u64> {
        &self.places[(offset / STEP) & Self::MASK]
    }

    /// An empty queue.
    pub const fn new() -> Self {
        Self { head: Cell::new(0), tail: Cell::new(0), places: [const { Cell::new(0) }; N] }
    }

    /// Adds a task.
    #[inline(always)]
    pub fn enqueue(&self, task: NonZeroU64) -> Result<(), Full> {
        let tail = self.tail.get();
        let place = self.place(tail);
        if place.get() != 0 {
            return Err(Full);
        }
        place.set(task.get());
        self.tail.set(tail.wrapping_add(STEP));
        Ok(())
    }

    /// Takes the task that is there for longest.
    #[inline(always)]
    pub fn dequeue(&self) -> Option<NonZeroU64> {
        let head = self.head.get();
        let place = self.place(head);
        let task = NonZeroU64::new(place.get())?;
        place.set(0);
        self.head.set(head.wrapping_add(STEP));
        Some(task)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    #[test]
    fn does_what_a_deque_of_the_standard_library_does() {
        let (queue, mut model) = (Fifo::<8>::new(), VecDeque::new());
        let mut random = 1_u64;
        for task in 1..10_000 {
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            let task = NonZeroU64::new(task).unwrap();
            // Phases in which it fills up, and phases in which it empties.
            if random >> 33 & 0xff > if task.get() & 64 == 0 { 100 } else { 156 } {
                let room = model.len() < 8;
                assert_eq!(queue.enqueue(task), if room { Ok(()) } else { Err(Full) });
                model.extend(room.then_some(task));
            } else {
                assert_eq!(queue.dequeue(), model.pop_front());
            }
        }
    }
}
