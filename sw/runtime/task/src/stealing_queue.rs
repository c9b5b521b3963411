//! A ready queue in memory from which another thread steals.

use crate::{
    ReadyQueue, TaskId, Wakes,
    memory::{Full, Spmc},
};
use core::sync::atomic::{AtomicU32, Ordering};

/// Gives the oldest task of the thread's own queue; if that is empty, a task that was woken from
/// elsewhere; if there is none, the oldest task of another thread's queue.
///
/// It has room for `N` tasks. One more is a fault of the program, and panics.
pub struct StealingQueue<const N: usize> {
    own: &'static Spmc<N>,
    other: &'static Spmc<N>,
    /// Own tasks that may still go before those that were woken.
    patience: AtomicU32,
    wakes: Wakes,
}

impl<const N: usize> StealingQueue<N> {
    /// The queue of the thread that owns `own`, and steals from `other`.
    pub const fn new(own: &'static Spmc<N>, other: &'static Spmc<N>) -> Self {
        Self { own, other, patience: AtomicU32::new(N as u32), wakes: Wakes::new() }
    }

    /// Wake-ups from elsewhere.
    pub fn wakes(&self) -> &Wakes {
        &self.wakes
    }

    /// Whether it is the turn of those that were woken although there are own tasks.
    #[inline(always)]
    fn patience_ends(&self) -> bool {
        let patience = self.patience.load(Ordering::Relaxed).wrapping_sub(1);
        self.patience.store(patience, Ordering::Relaxed);
        patience == 0
    }

    /// A task that was woken, though there may be own ones.
    #[cold]
    fn take_woken(&self) -> Option<TaskId> {
        self.patience.store(N as u32, Ordering::Relaxed);
        self.wakes.take()
    }
}

impl<const N: usize> ReadyQueue for StealingQueue<N> {
    #[inline(always)]
    fn enqueue(&self, task: TaskId) {
        if let Err(Full) = self.own.enqueue(task.into()) {
            panic!("more tasks are ready than the queue has room for");
        }
    }

    #[inline(always)]
    fn dequeue(&self) -> Option<TaskId> {
        if self.patience_ends()
            && let Some(task) = self.take_woken()
        {
            return Some(task);
        }
        if let Some(task) = self.own.dequeue() {
            return Some(task.into());
        }
        if self.wakes.is_woken() {
            return self.wakes.take();
        }
        self.other.steal().map(TaskId::from)
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

    fn pair() -> [StealingQueue<4>; 2] {
        let [first, second]: [&Spmc<4>; 2] = [Box::leak(Box::default()), Box::leak(Box::default())];
        [StealingQueue::new(first, second), StealingQueue::new(second, first)]
    }

    #[test]
    fn own_tasks_go_first_then_those_that_were_woken_then_those_of_the_other() {
        let [own, other] = pair();
        other.enqueue(task(3));
        own.wake(task(2));
        own.enqueue(task(0));
        own.enqueue(task(1));
        let order: Vec<_> = core::iter::from_fn(|| own.dequeue()).collect();
        assert_eq!(order, [0, 1, 2, 3].map(task));
        assert_eq!(other.dequeue(), None);
    }

    #[test]
    fn wake_ups_do_not_starve() {
        let [own, _] = pair();
        own.wake(task(1));
        for turn in 0.. {
            own.enqueue(task(0));
            if own.dequeue() == Some(task(1)) {
                break;
            }
            assert!(turn < 8);
        }
    }

    #[test]
    #[should_panic(expected = "more tasks are ready than the queue has room for")]
    fn a_task_without_room_is_a_fault() {
        let [own, _] = pair();
        (0..5).for_each(|index| own.enqueue(task(index)));
    }
}
