//! Messages between two processes: each has a ring to the other in shared memory, coroutines that
//! wait for messages, and a way to be woken.
//!
//! - [`Endpoint`]: a process's side of both rings. [`Endpoint::run`] runs its coroutines.
//! - [`Port`]: up to [`PORTS`] a side. A message goes from a port to the peer's port of the same
//!   number; a coroutine sends from its port and awaits [`Port::receive`].
//! - [`Way`]: how a process that sleeps is woken: [`ways::Kernel`], [`ways::Uintc`], [`ways::Taic`].
//! - [`Process`]: where a process has its executor. The program defines it.
//!
//! # A port's states
//!
//! ```text
//!             bind               receive, polled
//!   unbound <------> idle --------------------------> waiting
//!             drop    ^ \                              |
//!                     |  \ a message is found          | a message is found: the task is woken
//!             receive |   \                            |
//!              polled |    +------> arrived <----------+
//!                     +----------------+
//! ```
//!
//! A message stays in the ring until the port's owner receives it: a future that is dropped loses
//! none. A message that arrives for a port that is unbound, or has one already, is refused: it is
//! dropped, and [`Endpoint::run`] returns a [`Fault`].
//!
//! # The dispatcher
//!
//! A process with nothing to do says so in its incoming ring and sleeps. The task that ran last is
//! its *dispatcher*: whoever sends next has it woken, and its `receive` takes what is there out of
//! the ring: its own message, and the wake-ups of those for whom the others are. If it waits for
//! something else, or has ended, [`Endpoint::run`] does that.
//!
//! # What may be called from where
//!
//! Everything here belongs to the process's one thread. [`Endpoint::run`] is not for tasks.
//!
//! # Trust
//!
//! A peer can write anything into the shared pages, at any time. It cannot make this side panic,
//! spin, read or write elsewhere: what it gets wrong is a [`Fault`] here, and a ring that it does not
//! empty is [`Full`] to [`Port::send`]. Labels and contents are for the program to check.
//!
//! There is no `unsafe`.

#![no_std]

mod endpoint;
mod message;
mod place;
mod port;
mod process;
pub mod ways;

pub use endpoint::{Endpoint, Fault};
pub use message::{Consumer, Contents, Message, Messages, PORTS, Producer};
pub use port::{Port, Receive};
pub use process::{Process, Tasks};
pub use ring::Full;
pub use ways::Way;
