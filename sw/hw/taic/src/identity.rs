//! What a device is, and what its control refused.

use crate::window::field;
use soc::{taic, taic_control as register, taic_refusal as refusal};

const MAGIC: u64 = taic::MAGIC as u64;

/// How much of everything there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    pub version: u16,
    pub contexts: u8,
    /// Local queues of a context.
    pub queues: u8,
    /// Tasks in all queues together.
    pub tasks: u16,
    pub channels: u16,
    pub lines: u8,
    /// Levels of priority.
    pub priorities: u8,
}

impl Capabilities {
    /// `None` if `id` is not a TAIC's.
    pub fn decode(id: u64, capabilities: u64) -> Option<Self> {
        let part = |mask| field(capabilities, mask);
        (field(id, register::ID_MAGIC) == MAGIC).then(|| Self {
            version: field(id, register::ID_VERSION) as u16,
            contexts: part(register::CAPABILITIES_CONTEXTS) as u8,
            queues: part(register::CAPABILITIES_QUEUES) as u8,
            tasks: part(register::CAPABILITIES_TASKS) as u16,
            channels: part(register::CAPABILITIES_CHANNELS) as u16,
            lines: part(register::CAPABILITIES_LINES) as u8,
            priorities: part(register::CAPABILITIES_PRIORITIES) as u8,
        })
    }
}

/// Why an access to the control page or to a record was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    NoSuchRegister,
    /// Not of 8 bytes.
    Size,
    /// A limit beyond what is unassigned.
    Limit,
    NoSuchQueue,
    /// The task of the channel is in a queue.
    Queued,
    /// No such context, queue, policy or hart.
    NoSuchNumber,
}

/// The last access that was refused, and how many there were (at most 65535).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub reason: Reason,
    pub write: bool,
    pub count: u16,
    pub offset: usize,
}

impl Refused {
    /// `None` if nothing was.
    pub fn decode(word: u64) -> Option<Self> {
        let reason = match field(word, register::REFUSED_REASON) as usize {
            refusal::NO_REGISTER => Reason::NoSuchRegister,
            refusal::SIZE => Reason::Size,
            refusal::LIMIT => Reason::Limit,
            refusal::NO_QUEUE => Reason::NoSuchQueue,
            refusal::IN_QUEUE => Reason::Queued,
            refusal::NO_NUMBER => Reason::NoSuchNumber,
            _ => return None,
        };
        Some(Self {
            reason,
            write: field(word, register::REFUSED_WRITE) != 0,
            count: field(word, register::REFUSED_COUNT) as u16,
            offset: field(word, register::REFUSED_OFFSET) as usize,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_and_refusals_are_taken_apart() {
        let word = 0x0820_0100_0400_0810;
        assert_eq!(Capabilities::decode(0, word), None);
        let expected = Capabilities {
            version: 1,
            contexts: 16,
            queues: 8,
            tasks: 1024,
            channels: 256,
            lines: 32,
            priorities: 8,
        };
        assert_eq!(Capabilities::decode(0x5441_0000_0000_0001, word), Some(expected));
        assert_eq!(Refused::decode(0), None);
        let refused = Refused { reason: Reason::Limit, write: true, count: 2, offset: 0x988 };
        assert_eq!(Refused::decode(0x0000_0988_0002_0013), Some(refused));
    }
}
