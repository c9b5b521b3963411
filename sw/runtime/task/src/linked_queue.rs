//! A ready queue in memory with a link from another hart.

use crate::{ReadyQueue, SoftQueue, TaskId, Wakes, memory::Spsc};

/// The tasks of a [`SoftQueue`], and those that another hart puts into a queue that leads here.
pub struct LinkedQueue<const SLOTS: usize, const N: usize> {
    from: &'static Spsc<N>,
    own: SoftQueue<SLOTS>,
}

impl<const SLOTS: usize, const N: usize> LinkedQueue<SLOTS, N> {
    /// The queue of the thread that alone dequeues from `from`.
    pub const fn new(from: &'static Spsc<N>) -> Self {
        Self { from, own: SoftQueue::new() }
    }

    /// Wake-ups from elsewhere.
    pub fn wakes(&self) -> &Wakes {
        self.own.wakes()
    }
}

impl<const SLOTS: usize, const N: usize> ReadyQueue for LinkedQueue<SLOTS, N> {
    #[inline(always)]
    fn enqueue(&self, task: TaskId) {
        self.own.enqueue(task);
    }

    /// The other hart's tasks go first: it waits for room.
    #[inline(always)]
    fn dequeue(&self) -> Option<TaskId> {
        match self.from.dequeue() {
            Some(task) => Some(task.into()),
            None => self.own.dequeue(),
        }
    }

    fn wake(&self, task: TaskId) {
        self.own.wake(task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_come_from_the_link_and_from_this_thread() {
        let [first, second, third] = [64, 128, 192].map(|address| TaskId::new(address).unwrap());
        let link: &Spsc<4> = Box::leak(Box::default());
        let queue = LinkedQueue::<4, 4>::new(link);
        queue.enqueue(third);
        queue.wake(second);
        link.enqueue(first.into()).unwrap();
        let order: Vec<_> = core::iter::from_fn(|| queue.dequeue()).collect();
        assert_eq!(order, [first, second, third]);
    }
}
