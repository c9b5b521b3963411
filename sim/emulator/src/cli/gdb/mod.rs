//! Debugging with GDB over its remote protocol, on the crate `gdbstub`.
//!
//! `debuggee.rs` says what a machine must be able to do; nothing else here knows the emulator, but
//! `emulated.rs`, which does it for the emulator.

pub mod connection;
pub mod debuggee;
mod emulated;
pub mod registers;
pub mod server;
pub mod target;
