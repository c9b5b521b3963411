//! What the composer of an image (`rel4 image`) has placed beside this program.
//!
//! The composer places the kernel behind the firmware, and the archive behind the kernel. It tells
//! each of the two what follows it, by filling in a slot, which [`follower`] reads. The archive holds the programs
//! that the kernel starts; the first one is the root task.

#![no_std]

mod archive;
mod slot;

pub use archive::{Archive, File};
pub use slot::{archive, follower, root_task};
