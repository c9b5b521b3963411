//! The three ways of a wake-up.

/// `Ready`: the queue in a static, whose address is then known wherever it is used.
macro_rules! soft_ready {
    ($queue:ident) => {
        #[derive(Clone, Copy)]
        pub struct Ready;

        impl ReadyQueue for Ready {
            #[inline(always)]
            fn enqueue(&self, task: TaskId) {
                $queue.enqueue(task);
            }

            #[inline(always)]
            fn dequeue(&self) -> Option<TaskId> {
                $queue.dequeue()
            }

            fn wake(&self, task: TaskId) {
                $queue.wake(task);
            }
        }
    };
}

pub mod kernel;
pub mod taic;
pub mod uintc;

use crate::endpoint::{BYTES, Endpoint, SLOTS};
use core::cell::OnceCell;
use executor::{Executor, ReadyQueue, TaskId};

/// How a process is woken, and what it does until then.
pub trait Way: Sized + 'static {
    type Queue: ReadyQueue + Copy;
    const NAME: &'static str;

    /// Prepares both directions, for process `role` and its peer.
    fn open(role: usize, peer: usize) -> Self;

    /// The process's executor. There is one for each way.
    fn executor() -> &'static Executor<Self::Queue, SLOTS, BYTES>;

    /// Where the process's endpoint is.
    fn place() -> &'static OnceCell<Endpoint<Self>>;

    /// Makes the dispatcher of the peer ready.
    fn wake_peer(&self);

    /// Waits until the peer wakes `dispatcher`, and tells who is ready then.
    fn sleep(&self, dispatcher: TaskId) -> TaskId;
}
