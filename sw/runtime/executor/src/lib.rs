//! A small `async` executor: coroutines in fixed slots, run by one thread.
//!
//! - [`Executor`]: the slots. It polls what the ready queue gives it.
//! - [`ReadyQueue`]: where ready tasks wait; [`SoftQueue`] is one in memory, the TAIC is another.
//! - [`TaskId`]: names a slot, in the form of the TAIC's task identifiers.
//!
//! **Two ways to wake.** A task of the same executor is woken by [`Executor::wake`], which costs a
//! few instructions and no atomic one. The [`Waker`](core::task::Waker) of a task may be used
//! anywhere, in handlers of interrupts and on other harts, and goes to [`ReadyQueue::wake`].
//!
//! There is no allocation. `unsafe` is in `slot` (futures in untyped storage), in `waker`, and where
//! the executor polls.

#![cfg_attr(not(test), no_std)]

mod executor;
mod slot;
mod soft_queue;
mod task_id;
mod waker;

pub use executor::{Executor, yield_now};
pub use soft_queue::SoftQueue;
pub use task_id::TaskId;

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
