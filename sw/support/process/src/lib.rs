//! For small kernels: processes with address spaces of their own, threads that can be interrupted
//! in U-mode.
//!
//! Each address space has a kernel part: DRAM and the devices that the kernel uses, at their
//! physical addresses and not accessible to U-mode.

#![no_std]

mod console;
pub mod hostile;
mod memory;
mod process;
pub mod skip;
mod thread;

pub use console::write;
pub use memory::{taic, uintc};
pub use process::{DevicePage, Error, PROCESSES, Process, overflow};
pub use thread::{Thread, UserCsrs, run};
