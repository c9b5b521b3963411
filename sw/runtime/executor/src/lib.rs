//! A small `async` executor: coroutines in fixed slots, run by one thread.
//!
//! - [`Executor`]: the slots. It polls what the ready queue gives it.
//! - [`TaskId`](task::TaskId): names a slot. [`ReadyQueue`](task::ReadyQueue): where ready tasks
//!   wait, in memory or in the TAIC.
//!
//! # A task's states
//!
//! ```text
//!              spawn                dequeue, poll
//!   (no task) ------> ready ---------------------------> polled
//!       ^               ^                                |  |  |
//!       |               |  woken during the poll         |  |  |
//!       |               +--------------------------------+  |  |
//!       |               |  wake, call, a waker, a channel   |  |
//!       |               +--------------- waiting <----------+  |
//!       |                                       Poll::Pending  |
//!       +------------------------------------------------------+
//!                   Poll::Ready: the future is dropped
//! ```
//!
//! A task is *ready* while its name is in the ready queue. A name of a slot without a task is passed
//! over: whoever wakes may be late. Any other word makes some task ready, which is polled once more
//! than it had to be.
//!
//! # What may be called from where
//!
//! | | a task | between polls | another thread, a handler |
//! | --- | --- | --- | --- |
//! | [`Executor::spawn`], [`wake`](Executor::wake), [`call`](Executor::call) | yes | yes | no |
//! | [`Executor::run`], [`run_some`](Executor::run_some) | panics | yes | no |
//! | a [`Waker`](core::task::Waker) | yes | yes | yes |
//!
//! **Two ways to wake.** [`Executor::wake`] costs a few instructions and no atomic one. A waker goes
//! to [`ReadyQueue::wake`](task::ReadyQueue::wake). A future that wants the first asks
//! [`Executor::polled_with`] whether its context is the executor's own; where it is not, as in a
//! combinator with wakers of its own, only the context's waker wakes the right thing.
//!
//! There is no allocation. `unsafe` is in `slot` (futures in untyped storage), in `waker`, and where
//! the executor fills, polls and clears slots.

#![no_std]

mod executor;
mod slot;
mod waker;

pub use executor::{Executor, yield_now};
