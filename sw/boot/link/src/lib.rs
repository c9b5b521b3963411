//! Loading a program over a serial line.
//!
//! The host sends a request and waits for its reply. If none comes, it sends the request again.
//! Requests can be repeated without harm. A reply names its request by the sequence number. A
//! CRC-32 protects each frame, and another one covers the written memory before the program starts.
//! The target only answers: it has no clock and no time-outs. A host that disappears leaves no
//! state behind that would disturb the next one.
//!
//! A frame consists of kind, sequence number, fields and CRC-32, all little-endian. It is
//! byte-stuffed (COBS) and ends with a byte 0. There is no other 0 in a frame, so after any
//! disturbance the next 0 ends a frame.
//!
//! | kind | request | fields | reply |
//! | --- | --- | --- | --- |
//! | 1 | hello | | 0x81: version (1), first address (8), end of the memory (8), block (2), record |
//! | 2 | write | address (8), up to `BLOCK` bytes | 0x82: 0 (4) |
//! | 3 | clear | address (8), length (8) | 0x82: 0 (4) |
//! | 4 | check | address (8), length (8) | 0x82: CRC-32 of the memory (4) |
//! | 5 | run | | 0x82: 0 (4); then the program has the line |
//! | 6 | speed | bits a second (4) | 0x82: the nearest rate (4), which the line has from then on |
//!
//! Sizes are in bytes. The record describes the machine; only the host reads it.
//!
//! Reply 0x83 refuses a request: its addresses lie outside the memory, or its kind is unknown.
//! Reply 0x84 says that a damaged frame has come; its sequence number is 0.
//!
//! A break brings the line back to its rate after reset. A byte 0 at that rate is a break for a
//! faster line, so a target at any rate hears a host that begins each request with a 0.
//!
//! [`load_image`] takes a program from a flash instead. `soc/boot_image.py` defines the format.

#![no_std]

mod flash;
mod frame;
mod target;

pub use flash::{Fault, load_image};
pub use frame::{FRAME_BYTES, Frame, Receiver, send};
pub use target::{Action, BLOCK, Memory, Target, VERSION};
