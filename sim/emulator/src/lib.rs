//! The whole SoC as a second, fast, independent machine, written from the specifications.

pub mod bus;
pub mod taic;
pub mod uintc;
