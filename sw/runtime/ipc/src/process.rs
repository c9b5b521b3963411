//! What an endpoint needs of its process.

use crate::{Endpoint, Messages, Way};
use core::{ops::Deref, task::Context};
use executor::Executor;
use task::{ReadyQueue, TaskId};

/// A process, as far as one way is used. A type without values: so the addresses of its executor, of
/// its endpoint and, by the types of both rings, of these are known wherever they are used.
pub trait Process: Sized + 'static {
    type Way: Way;
    /// How the process sees the ring to the peer, and that from the peer.
    type Outgoing: Deref<Target = Messages> + 'static;
    type Incoming: Deref<Target = Messages> + 'static;

    /// The one executor of the coroutines that use the endpoint. Its queue has room for each task
    /// and for each port at the same time.
    fn executor() -> &'static impl Tasks;

    /// The one endpoint.
    fn endpoint() -> &'static Endpoint<Self>;
}

/// Of an [`Executor`], whatever its size.
pub trait Tasks: 'static {
    /// See [`Executor::run`].
    fn run(&'static self, idle: impl FnMut(Option<TaskId>) -> Option<TaskId>);
    /// See [`Executor::dequeue`].
    fn dequeue(&self) -> Option<TaskId>;
    /// See [`Executor::call`].
    fn call(&self, task: TaskId);
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
    fn call(&self, task: TaskId) {
        Executor::call(self, task);
    }

    #[inline(always)]
    fn polled_with(&self, context: &Context<'_>) -> Option<TaskId> {
        Executor::polled_with(self, context)
    }
}
