//! Channels: who may notify whom.

use crate::window::{field, place};
use soc::{taic_channel as register, taic_policy as policy};

/// Into which queue of the receiver a channel wakes its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// This one.
    Fixed(u8),
    /// That with the fewest tasks.
    LeastLoaded,
    /// What each SEND says.
    Sender,
}

/// A channel between two contexts, which the kernel has numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channel {
    pub sender: u8,
    pub receiver: u8,
    pub policy: Policy,
}

/// What a channel holds at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelState {
    /// `None`: it cannot be used.
    pub channel: Option<Channel>,
    /// A task waits for a notification.
    pub armed: bool,
    /// A notification waits for a task.
    pub pending: bool,
    /// The task that it woke is in a queue.
    pub queued: bool,
}

impl Channel {
    pub const fn encode(self) -> u64 {
        let (policy, queue) = match self.policy {
            Policy::Fixed(queue) => (policy::FIXED, queue),
            Policy::LeastLoaded => (policy::LEAST_LOADED, 0),
            Policy::Sender => (policy::SENDER, 0),
        };
        register::CONFIG_ENABLED as u64
            | place(policy as u64, register::CONFIG_POLICY)
            | place(self.sender as u64, register::CONFIG_SENDER)
            | place(self.receiver as u64, register::CONFIG_RECEIVER)
            | place(queue as u64, register::CONFIG_QUEUE)
    }

    const fn decode(word: u64) -> Option<Self> {
        if field(word, register::CONFIG_ENABLED) == 0 {
            return None;
        }
        let policy = match field(word, register::CONFIG_POLICY) as usize {
            policy::FIXED => Policy::Fixed(field(word, register::CONFIG_QUEUE) as u8),
            policy::LEAST_LOADED => Policy::LeastLoaded,
            _ => Policy::Sender,
        };
        Some(Self {
            sender: field(word, register::CONFIG_SENDER) as u8,
            receiver: field(word, register::CONFIG_RECEIVER) as u8,
            policy,
        })
    }
}

impl ChannelState {
    pub const fn decode(word: u64) -> Self {
        Self {
            channel: Channel::decode(word),
            armed: field(word, register::CONFIG_ARMED) != 0,
            pending: field(word, register::CONFIG_PENDING) != 0,
            queued: field(word, register::CONFIG_QUEUED) != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_laid_out_as_specified() {
        for (policy, word) in [
            (Policy::Fixed(7), 0x0702_0101),
            (Policy::LeastLoaded, 0x0002_0105),
            (Policy::Sender, 0x0002_0109),
        ] {
            let channel = Channel { sender: 1, receiver: 2, policy };
            assert_eq!(channel.encode(), word);
            let state = ChannelState::decode(word | 0x0005_0000_0000);
            assert_eq!(state.channel, Some(channel));
            assert!(state.armed && !state.pending && state.queued);
        }
        assert_eq!(ChannelState::decode(0x0702_0100).channel, None);
    }
}
