//! What an endpoint needs of its process.

use crate::Way;
use core::task::Context;
use executor::Executor;
use task::{ReadyQueue, TaskId};

/// A process, as far as one way is used. A type without values: so the address of its executor is
/// known wherever it is used.
pub trait Process: Sized + 'static {
    type Way: Way;

    /// The one executor of the coroutines that use the endpoint.
    fn executor() -> &'static impl Tasks;
}

/// Of an [`Executor`], whatever its size.
pub trait Tasks: 'static {
    /// See [`Executor::run`].
    fn run(&'static self, idle: impl FnMut(Option<TaskId>) -> Option<TaskId>);
    /// See [`Executor::dequeue`].
    fn dequeue(&self) -> Option<TaskId>;
    /// See [`Executor::wake`].
    fn wake(&self, task: TaskId);
    /// See [`Executor::polled_with`].
    fn polled_with(&self, context: &Context<'_>) -> Option<TaskId>;
}

impl<Q: ReadyQueue, const SLOTS: usize, const BYTES: usize> Tasks for Executor<Q, SLOTS, BYTES> {
    #[inline(always)]
    fn run(&'static self, idle: impl FnMut(Option<TaskId>) -> Option<TaskId>) {
        Executor::run(self, idle);
    }

    #[inline(always)]
    fn dequeue(&self) -> Option<TaskId> {
        Executor::dequeue(self)
    }

    #[inline(always)]
    fn wake(&self, task: TaskId) {
        Executor::wake(self, task);
    }

    #[inline(always)]
    fn polled_with(&self, context: &Context<'_>) -> Option<TaskId> {
        Executor::polled_with(self, context)
    }
}
