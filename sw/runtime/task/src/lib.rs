//! What a task is called, and where tasks wait that are ready.
//!
//! - [`TaskId`] names a task. It has the layout of the TAIC's identifiers, whose driver defines it:
//!   the same word goes through every queue.
//! - [`ReadyQueue`] is what an executor takes tasks from. Its implementations:
//!
//! | queue | tasks are in | who enqueues and dequeues |
//! | --- | --- | --- |
//! | [`SoftQueue`] | memory | one thread |
//! | [`StealingQueue`] | memory | one thread; others steal |
//! | [`LinkedQueue`] | memory | enqueues for one other hart, dequeues what that one enqueued |
//! | [`TaicQueue`] | a local queue of the TAIC | any hart that sees its page |
//!
//! - [`memory`] holds the plain queues that the first three are made of.
//!
//! All methods of a queue that a thread owns are for that thread; [`ReadyQueue::wake`] is for all
//! threads and for handlers of interrupts.
//!
//! `unsafe` is in `taic_queue` alone, for two fences.

#![cfg_attr(not(test), no_std)]

pub mod memory;

mod linked_queue;
mod ready_queue;
mod soft_queue;
mod stealing_queue;
mod taic_queue;
mod wakes;

pub use linked_queue::LinkedQueue;
pub use ready_queue::ReadyQueue;
pub use soft_queue::SoftQueue;
pub use stealing_queue::StealingQueue;
pub use taic::{Priority, TaskId};
pub use taic_queue::{TaicQueue, before_device};
pub use wakes::Wakes;
