//! Ready queues in memory, of words that are not 0, as task identifiers are.
//!
//! | queue | enqueue | dequeue | order |
//! | --- | --- | --- | --- |
//! | [`Fifo`] | its thread | its thread | first in, first out |
//! | [`Spsc`] | one hart | one hart | first in, first out |
//! | [`Mpsc`] | any hart | one hart | first in, first out |
//! | [`Spmc`] | one hart | that hart, or any steals | first in, first out |
//! | [`Deque`] | one hart | that hart, or any steals | its owner takes the newest, thieves the oldest |
//!
//! All have a fixed capacity, a power of two. All zeros is an empty queue of each, so one can lie in
//! memory that two processes share. What was written before an enqueue is seen after the dequeue.
//!
//! `tests/orders.rs` runs the same source on the atomics of `loom`, in all orders of execution.

mod atomics;
mod deque;
mod fifo;
mod mpsc;
mod places;
mod spmc;
mod spsc;

pub use deque::{Deque, Steal};
pub use fifo::Fifo;
pub use mpsc::Mpsc;
pub use spmc::Spmc;
pub use spsc::Spsc;

/// The queue has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// Something that shares its cache line with nothing else.
#[derive(Debug, Default)]
#[repr(C, align(64))]
struct Line<T>(T);
