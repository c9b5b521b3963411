//! The SoC as a second machine: a functional emulator, written from the specifications.
//!
//! It shares no code with the hardware. Addresses and numbers come from `rel4 gen rust`; what the
//! specifications leave open is in [`choices`].

#![warn(missing_docs)]

pub mod arguments;
pub mod blocks;
pub mod bus;
pub mod checkpoint;
pub mod choices;
pub mod clint;
pub mod clock;
pub mod debug;
pub mod decode;
pub mod finisher;
pub mod hart;
pub mod lockstep;
pub mod machine;
pub mod memory;
pub mod outside;
pub mod plic;
pub mod soc;
pub mod taic;
pub mod uart;
pub mod uintc;
