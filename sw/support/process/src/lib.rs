//! For small kernels: processes with address spaces of their own, threads that can be interrupted
//! in U-mode.
//!
//! The kernel's part of each address space is DRAM and the devices that it uses, at their physical
//! addresses and without U.

#![no_std]

mod console;
pub mod hostile;
mod memory;
mod process;
pub mod skip;
mod thread;

pub use console::write;
pub use memory::{taic, uintc};
pub use process::{DevicePage, Error, PROCESSES, Process};
pub use thread::{Thread, UserCsrs};
