//! What the kernel and the programs of `uintr` agree on: the roles of threads.
//!
//! The receivers' roles are also the numbers of their processes.

#![no_std]

/// Measures, on hart 0.
pub const MEASURING: usize = 0;
/// Answers, on hart 1.
pub const PEER: usize = 1;
/// Has no hart, but for moments in which another receiver gives it its own.
pub const ROAMING: usize = 2;

/// The first busy thread; the others have the roles behind it.
pub const FIRST_BUSY: usize = 3;
/// Number of busy threads.
pub const BUSY: usize = 3;
