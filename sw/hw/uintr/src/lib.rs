//! User interrupts: one user program interrupts another, and no kernel runs in between.
//!
//! - [`Vector`], [`Pending`], [`Vectors`]: the 64 reasons for which a receiver is interrupted.
//! - [`SenderIndex`], [`uipi`]: the instructions.
//! - [`entry`]: what `utvec` points to. One entry saves what a call may change, one saves
//!   everything, one is a leaf that uses a few registers.
//! - [`Receiver`], [`Sender`]: registration. It asks a [`Kernel`].

#![cfg_attr(not(test), no_std)]

mod vector;

#[cfg(target_arch = "riscv64")]
pub mod entry;
#[cfg(target_arch = "riscv64")]
mod registration;
#[cfg(target_arch = "riscv64")]
pub mod uipi;

pub use vector::{NoSuchVector, Pending, Vector, Vectors};

#[cfg(target_arch = "riscv64")]
pub use registration::{Kernel, Receiver, Sender, masked};

/// Names that the macros of this crate use.
#[doc(hidden)]
pub use soc::{csr as number, irq};

/// Index of an entry of the sender table: what SEND takes. The kernel hands it out; any other
/// number has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct SenderIndex(pub usize);
