//! The emulator beside the RTL. For every retired instruction and every trap of the RTL, the emulator
//! makes a step of the same hart, and both are compared.
//!
//! The RTL tells what only it can know: the interrupt lines that a hart sees before an instruction,
//! what devices answer, what counters show, and whether SC succeeds. Everything else follows from the
//! specifications: with given lines also which interrupt is taken, and when. What a load read is checked
//! against the order in which writes were performed ([`order`]).

mod c;
mod checker;
mod given;
mod order;
mod place;
mod record;
mod start;

pub use checker::{Difference, Lockstep, Write};
pub use record::Record;
