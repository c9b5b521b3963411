//! A ready queue in memory, of one thread.

use crate::{ReadyQueue, TaskId, Wakes};
use core::sync::atomic::{AtomicU64, Ordering};

/// A FIFO of the executor's thread, and [`Wakes`] from elsewhere. `SLOTS` is a power of two up to
/// 64, and no smaller than the number of tasks.
pub struct SoftQueue<const SLOTS: usize> {
    own: Own<SLOTS>,
    wakes: Wakes,
}

/// Of one thread: atomics because the type is shared, not because the words are. Of a place without
/// a task the word is 0.
#[repr(C, align(64))]
struct Own<const SLOTS: usize> {
    /// Bytes from the first place to the next task, and to the next place for one: they only grow.
    head: AtomicU64,
    tail: AtomicU64,
    tasks: [AtomicU64; SLOTS],
}

impl<const SLOTS: usize> Own<SLOTS> {
    const BYTES: u64 = size_of::<u64>() as u64;

    /// The place at so many bytes.
    #[inline(always)]
    fn place(&self, bytes: u64) -> &AtomicU64 {
        &self.tasks[(Self::turn(bytes) / Self::BYTES) as usize]
    }

    /// How many of these bytes are since the first place.
    #[inline(always)]
    fn turn(bytes: u64) -> u64 {
        bytes % (SLOTS as u64 * Self::BYTES)
    }

    #[inline(always)]
    fn after(bytes: u64) -> u64 {
        bytes.wrapping_add(Self::BYTES)
    }
}

impl<const SLOTS: usize> Default for SoftQueue<SLOTS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const SLOTS: usize> SoftQueue<SLOTS> {
    /// An empty queue.
    pub const fn new() -> Self {
        const { assert!(SLOTS.is_power_of_two() && SLOTS <= 64, "slots: a power of two up to 64") }
        let tasks = [const { AtomicU64::new(0) }; SLOTS];
        let [head, tail] = [const { AtomicU64::new(0) }; 2];
        Self { own: Own { head, tail, tasks }, wakes: Wakes::new() }
    }

    /// Wake-ups from elsewhere.
    pub fn wakes(&self) -> &Wakes {
        &self.wakes
    }
}

impl<const SLOTS: usize> ReadyQueue for SoftQueue<SLOTS> {
    #[inline(always)]
    fn enqueue(&self, task: TaskId) {
        let own = &self.own;
        let tail = own.tail.load(Ordering::Relaxed);
        own.place(tail).store(task.bits(), Ordering::Relaxed);
        own.tail.store(Own::<SLOTS>::after(tail), Ordering::Relaxed);
    }

    #[inline(always)]
    fn dequeue(&self) -> Option<TaskId> {
        let own = &self.own;
        let head = own.head.load(Ordering::Relaxed);
        let place = own.place(head);
        let task = TaskId::from_bits(place.load(Ordering::Relaxed));
        // Wake-ups wait until the FIFO is empty, and no longer than one turn of it.
        if (task.is_none() || Own::<SLOTS>::turn(head) == 0) && self.wakes.is_woken() {
            return self.wakes.take();
        }
        if task.is_some() {
            place.store(0, Ordering::Relaxed);
            own.head.store(Own::<SLOTS>::after(head), Ordering::Relaxed);
        }
        task
    }

    fn wake(&self, task: TaskId) {
        self.wakes.wake(task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(index: u64) -> TaskId {
        TaskId::new((index + 1) * 64).unwrap()
    }

    fn drain(queue: &SoftQueue<4>) -> Vec<u64> {
        core::iter::from_fn(|| queue.dequeue()).map(|task| task.address() / 64 - 1).collect()
    }

    #[test]
    fn first_in_first_out() {
        let queue = SoftQueue::<4>::new();
        for _ in 0..5 {
            [2, 0, 3].into_iter().for_each(|index| queue.enqueue(task(index)));
            assert_eq!(drain(&queue), [2, 0, 3]);
        }
        assert_eq!(queue.dequeue(), None);
    }

    #[test]
    fn wake_ups_count_once() {
        let queue = SoftQueue::<4>::new();
        queue.wake(task(3));
        queue.wake(task(1));
        queue.wake(task(3));
        queue.wakes().signals().fetch_or(1 << 2, Ordering::Relaxed);
        assert!(queue.wakes().is_woken());
        assert_eq!(drain(&queue), [1, 2, 3]);
        assert!(!queue.wakes().is_woken());
    }

    #[test]
    fn wake_ups_do_not_starve() {
        let queue = SoftQueue::<4>::new();
        queue.enqueue(task(0));
        assert_eq!(queue.dequeue(), Some(task(0)));
        queue.wake(task(1));
        for turn in 0.. {
            queue.enqueue(task(0));
            if queue.dequeue() == Some(task(1)) {
                break;
            }
            assert!(turn < 4);
        }
    }
}
