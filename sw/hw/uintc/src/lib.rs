//! The kernel's side of user interrupts.
//!
//! - [`Uintc`]: the controller's registers, entry by entry.
//! - [`SenderTable`], [`SenderEntry`]: what SEND looks up.
//! - [`suist`], [`suirs`], [`Refusal`]: values of the CSRs of the running thread.
//!
//! Only the register accesses are `unsafe`. Nothing needs the hart, so everything runs on the host
//! as well.

#![cfg_attr(not(test), no_std)]

mod controller;
mod csr;
mod sender;

pub use controller::{Identity, Location, Refused, Uintc};
pub use csr::{Reason, Refusal, suirs, suist};
pub use sender::{SenderEntry, SenderTable};
