//! A ready queue in memory.

use crate::{ReadyQueue, TaskId};
use core::sync::atomic::{AtomicU64, Ordering};

/// A line that only one side writes, as a rule.
#[repr(C, align(64))]
struct Line<T>(T);

/// A FIFO of the executor's thread, and two words of wake-ups from elsewhere, in which task `n` is
/// bit `n`. `SLOTS` is a power of two up to 64.
///
/// `signals` is for the thread's own interrupt handler, which may change it in several
/// instructions: `uintr`'s entry `collect` does, so that the vector with a task's number wakes it.
/// `wakes` is for everybody else.
pub struct SoftQueue<const SLOTS: usize> {
    own: Line<Own<SLOTS>>,
    signals: Line<AtomicU64>,
    wakes: Line<AtomicU64>,
}

/// Of one thread: atomics because the type is shared, not because the words are.
struct Own<const SLOTS: usize> {
    head: AtomicU64,
    tail: AtomicU64,
    /// Wake-ups that were taken and not dequeued.
    taken: AtomicU64,
    tasks: [AtomicU64; SLOTS],
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
        let [head, tail, taken] = [const { AtomicU64::new(0) }; 3];
        Self {
            own: Line(Own { head, tail, taken, tasks }),
            signals: Line(AtomicU64::new(0)),
            wakes: Line(AtomicU64::new(0)),
        }
    }

    /// The word for the thread's own interrupt handler: of all others, only the executor changes it,
    /// by a single instruction.
    pub fn signals(&self) -> &AtomicU64 {
        &self.signals.0
    }

    /// Whether somebody has woken a task.
    #[inline(always)]
    pub fn is_woken(&self) -> bool {
        (self.signals.0.load(Ordering::Relaxed) | self.wakes.0.load(Ordering::Relaxed)) != 0
    }

    /// Takes a task of those that were woken, if there is one.
    fn take(&self) -> Option<TaskId> {
        let own = &self.own.0;
        let mut taken = own.taken.load(Ordering::Relaxed);
        if taken == 0 {
            // `Acquire`: the tasks see what was written before they were woken.
            for woken in [&self.signals.0, &self.wakes.0] {
                if woken.load(Ordering::Relaxed) != 0 {
                    taken |= woken.swap(0, Ordering::Acquire);
                }
            }
        }
        // What is woken from elsewhere is one task, as a rule, or has a low number.
        let mut index = 0;
        while taken >> index & 1 == 0 {
            index += 1;
            if index == SLOTS {
                return None;
            }
        }
        own.taken.store(taken & taken.wrapping_sub(1), Ordering::Relaxed);
        Some(TaskId::new(index))
    }
}

impl<const SLOTS: usize> ReadyQueue for SoftQueue<SLOTS> {
    #[inline(always)]
    fn enqueue(&self, task: TaskId) {
        let own = &self.own.0;
        let tail = own.tail.load(Ordering::Relaxed);
        own.tasks[tail as usize % SLOTS].store(task.word(), Ordering::Relaxed);
        own.tail.store(tail.wrapping_add(1), Ordering::Relaxed);
    }

    #[inline(always)]
    fn dequeue(&self) -> Option<TaskId> {
        let own = &self.own.0;
        let head = own.head.load(Ordering::Relaxed);
        let empty = head == own.tail.load(Ordering::Relaxed);
        // Wake-ups wait until the FIFO is empty, and no longer than one turn of it.
        if (empty || head.is_multiple_of(SLOTS as u64))
            && (own.taken.load(Ordering::Relaxed) != 0 || self.is_woken())
        {
            return self.take();
        }
        if empty {
            return None;
        }
        own.head.store(head.wrapping_add(1), Ordering::Relaxed);
        TaskId::from_word(own.tasks[head as usize % SLOTS].load(Ordering::Relaxed))
    }

    fn wake(&self, task: TaskId) {
        // `Release`: see `take`.
        self.wakes.0.fetch_or(1 << (task.index() % SLOTS), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(queue: &SoftQueue<4>) -> Vec<usize> {
        core::iter::from_fn(|| queue.dequeue()).map(TaskId::index).collect()
    }

    #[test]
    fn first_in_first_out() {
        let queue = SoftQueue::<4>::new();
        for _ in 0..5 {
            [2, 0, 3].into_iter().for_each(|index| queue.enqueue(TaskId::new(index)));
            assert_eq!(drain(&queue), [2, 0, 3]);
        }
        assert_eq!(queue.dequeue(), None);
    }

    #[test]
    fn wake_ups_count_once() {
        let queue = SoftQueue::<4>::new();
        queue.wake(TaskId::new(3));
        queue.wake(TaskId::new(1));
        queue.wake(TaskId::new(3));
        queue.signals().fetch_or(1 << 2, Ordering::Relaxed);
        assert!(queue.is_woken());
        assert_eq!(drain(&queue), [1, 2, 3]);
        assert!(!queue.is_woken());
    }

    #[test]
    fn wake_ups_do_not_starve() {
        let queue = SoftQueue::<4>::new();
        queue.enqueue(TaskId::new(0));
        assert_eq!(queue.dequeue(), Some(TaskId::new(0)));
        queue.wake(TaskId::new(1));
        for turn in 0.. {
            queue.enqueue(TaskId::new(0));
            if queue.dequeue() == Some(TaskId::new(1)) {
                break;
            }
            assert!(turn < 4);
        }
    }
}
