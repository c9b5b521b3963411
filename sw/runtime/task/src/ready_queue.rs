//! What an executor takes tasks from.

use crate::TaskId;

/// Tasks that are ready. One thread enqueues and dequeues; all may wake.
pub trait ReadyQueue: Sync + 'static {
    /// Adds a task; the executor's own thread does. It has room for every task of the executor.
    fn enqueue(&self, task: TaskId);

    /// Takes a task: those of `enqueue` in their order, those of `wake` some time between them.
    fn dequeue(&self) -> Option<TaskId>;

    /// Makes a task ready from anywhere. What was written before is seen by the task. Several calls
    /// before the next dequeue of the task may count as one.
    fn wake(&self, task: TaskId);
}

impl<Q: ReadyQueue> ReadyQueue for &'static Q {
    #[inline(always)]
    fn enqueue(&self, task: TaskId) {
        (**self).enqueue(task);
    }

    #[inline(always)]
    fn dequeue(&self) -> Option<TaskId> {
        (**self).dequeue()
    }

    fn wake(&self, task: TaskId) {
        (**self).wake(task);
    }
}
