//! ReL4's objects and their logic.
//!
//! [`Kernel`] is the whole state of the kernel beside the objects, which lie in memory that users
//! provide as untyped objects. An object is reached by a handle, its address, through [`Memory`].
//! On the target that is one load or store; on the host, a vector. There is no `unsafe` here: a
//! handle that is wrong reads a wrong word, it cannot break what Rust relies on, because `Memory`
//! is none of Rust's memory.
//!
//! One lock guards all of it: whoever has `&mut Kernel` has the kernel.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(all(feature = "sync-ipc", feature = "debug")),
    allow(dead_code, reason = "some fields of objects are for features alone")
)]

mod asid;
mod async_call;
mod async_ring;
mod async_run;
pub mod boot;
mod bound;
pub mod cap;
mod channel;
mod cnode;
#[cfg(feature = "debug")]
mod debug;
mod derive;
mod domain;
#[cfg(feature = "sync-ipc")]
mod endpoint;
pub mod entry;
mod failure;
#[cfg(feature = "sync-ipc")]
mod fastpath;
mod fault;
#[cfg(feature = "sync-ipc")]
mod fault_reply;
mod finalise;
#[cfg(any(test, feature = "checks"))]
pub mod invariant;
mod invocation;
mod irq;
mod kernel;
mod line;
mod lookup;
mod machine;
mod notification;
pub mod object;
mod paging;
mod receiver;
mod registers;
#[cfg(feature = "sync-ipc")]
mod reply;
mod schedule;
mod sender;
mod short;
pub mod slot;
mod syscall;
mod task_context;
mod task_page;
mod tcb_configure;
mod tcb_invocation;
mod tcb_registers;
mod thread;
#[cfg(feature = "sync-ipc")]
mod transfer;
mod tree;
mod untyped;
mod user_switch;
mod vspace;
mod worker;

#[cfg(test)]
mod tests;

pub use cap::{Cap, Kind};
pub use failure::Failure;
pub use kernel::{HARTS, IRQS, Kernel};
pub use machine::{Machine, Memory, TaskDevice, UserState, user};
pub use object::{Tcb, reg};
pub use slot::Slot;
