//! What the kernel and the programs of `taic` agree on: where pages of devices lie in a process, and
//! the numbers of channels.

#![no_std]

use calls::QUEUES;

pub const PAGE: usize = 4096;

/// The page of the first queue of the process.
pub const OWN: usize = QUEUES;
/// The page of the second queue of the same context.
pub const SECOND: usize = QUEUES + PAGE;
/// The page of a queue of the context that all processes share.
pub const COMMON: usize = QUEUES + 2 * PAGE;
/// The control page, for the measuring process.
pub const CONTROL: usize = QUEUES + 3 * PAGE;
/// The UART, for the measuring process.
pub const UART: usize = QUEUES + 4 * PAGE;

/// Channels: from the measuring process to itself, to its peer, and back.
pub const TO_ITSELF: u16 = 0;
pub const TO_PEER: u16 = 1;
pub const TO_FIRST: u16 = 2;
