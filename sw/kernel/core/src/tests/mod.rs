//! The kernel on the host: operations in random order, against models that know nothing of how the
//! kernel works, with all invariants after each step. `PROPTEST_CASES` sets how many orders are tried;
//! a failure prints the order, shrunk, and its seed.

mod async_call;
mod fastpath;
mod host;
mod invariant;
mod ipc;
mod lookup;
mod schedule;
mod taic;
mod task_context;
mod tree;
mod uintc;
mod untyped;
mod user_interrupt;
mod vspace;
