//! Driver of the TAIC, the task-aware interrupt controller.
//!
//! For whoever has the page of a local queue, in U- or S-mode:
//! - [`LocalQueue`]: enqueue, dequeue, send, arm; each is one load or store.
//! - [`TaskId`], [`Priority`]: what is queued. [`Arming`]: which task a channel or a line wakes.
//! - [`Errors`]: what was refused through the page.
//! - [`Peer`]: the compatible registrations, by names of contexts.
//!
//! For the kernel, which alone may have the other pages:
//! - [`Taic`]: allocation, contexts, channels, harts, lines.
//!
//! No `unsafe` but in the register accesses, and nothing that needs the hart: it all runs on the
//! host as well.

#![cfg_attr(not(test), no_std)]

mod channel;
mod compatible;
mod context;
mod control;
mod errors;
mod identity;
mod queue;
mod task;
mod window;

pub use channel::{Channel, ChannelState, Policy};
pub use compatible::Peer;
pub use context::{Context, Occupancy, Places};
pub use control::{Error, QueueIndex, Taic};
pub use errors::Errors;
pub use identity::{Capabilities, Reason, Refused};
pub use queue::{Arming, Length, LocalQueue};
pub use task::{Priority, TaskId};
