//! The hart's CSRs and the few devices that everything needs.

#![no_std]

pub mod clint;
pub mod console;
pub mod context;
pub mod csr;
pub mod finisher;
pub mod user_interrupt;

pub use soc;
