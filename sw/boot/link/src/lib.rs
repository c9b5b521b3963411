//! Loading a program over a serial line.
//!
//! The host sends a request and waits for its reply; when none comes it sends the request again.
//! Requests can be repeated without harm, and a reply names the request by its sequence number. A
//! frame is checked by a CRC-32 before anything in it counts, and what was written is checked by
//! another one before it runs. The side that is loaded only ever answers: it has no clock and no
//! time-outs, and a host that has gone leaves nothing behind that the next one would notice.
//!
//! A frame is kind, sequence number, fields and CRC-32 (all little-endian), byte-stuffed (COBS),
//! and ends with a byte 0, which is nowhere else: after any disturbance the next 0 is the end of a
//! frame.
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
//! Sizes are in bytes. The record tells what the machine is; it is the host's to read.
//!
//! 0x83 refuses a request: its addresses lie outside the memory, or it is unknown. 0x84 says that a
//! damaged frame has come; its sequence number is 0.
//!
//! A break brings the line back to the rate that it has after reset. As a byte 0 of a line at that
//! rate is a break for a faster one, a host that begins each request with a 0 is always found.
//!
//! [`load_image`] takes a program from a flash instead; `soc/boot_image.py` has its format.

#![no_std]

mod flash;
mod frame;
mod target;

pub use flash::{Fault, load_image};
pub use frame::{FRAME_BYTES, Frame, Receiver, send};
pub use target::{Action, BLOCK, Memory, Target, VERSION};
