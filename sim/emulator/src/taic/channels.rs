//! Channels: from one context to one other, by number.

use super::Taic;
use super::config::TaicConfig;
use super::record::{Record, RecordId};
use super::refusals::{Error, Reason};
use super::task::Task;
use crate::choices;

const CONFIG: u64 = 0x00;
const TASK: u64 = 0x08;

/// Which queue a woken task enters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Policy {
    #[default]
    Fixed,
    LeastLoaded,
    Sender,
}

impl Policy {
    fn of(config: u64) -> Option<Self> {
        [Self::Fixed, Self::LeastLoaded, Self::Sender].get((config >> 2 & 3) as usize).copied()
    }
}

/// The record of a channel.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Channel {
    pub enabled: bool,
    policy: Policy,
    pub sender: usize,
    pub receiver: usize,
    pub record: Record,
}

impl Channel {
    pub fn takes_least_loaded(&self) -> bool {
        self.policy == Policy::LeastLoaded
    }

    /// CONFIG (TAIC-6.2).
    fn config(&self) -> u64 {
        let Record { armed, pending, queued, queue, .. } = self.record;
        u64::from(self.enabled)
            | (self.policy as u64) << 2
            | (self.sender as u64) << 8
            | (self.receiver as u64) << 16
            | (queue as u64) << 24
            | u64::from(armed) << 32
            | u64::from(pending) << 33
            | u64::from(queued) << 34
    }
}

impl Taic {
    /// CONFIG of a channel.
    pub(super) fn channel_config(&self, channel: usize) -> u64 {
        self.channels[channel].config()
    }

    pub(super) fn channel_read(&self, channel: usize, register: u64) -> Result<u64, Reason> {
        match register {
            CONFIG => Ok(self.channels[channel].config()),
            TASK => Ok(self.channels[channel].record.task.0),
            _ => Err(Reason::NoRegister),
        }
    }

    pub(super) fn channel_write(
        &mut self,
        number: usize,
        register: u64,
        value: u64,
    ) -> Result<(), Reason> {
        if register != CONFIG {
            return Err(Reason::NoRegister);
        }
        let field = |lsb: u32, values: usize| {
            Some((value >> lsb) as usize & 0xFF).filter(|&number| number < values)
        };
        let TaicConfig { contexts, queues, .. } = self.config;
        let configured = || {
            Some(Channel {
                enabled: value & 1 != 0,
                policy: Policy::of(value)?,
                sender: field(8, contexts)?,
                receiver: field(16, contexts)?,
                record: Record { queue: field(24, queues)?, ..Record::default() },
            })
        };
        let queued = self.channels[number].record.queued;
        let channel = match configured() {
            Some(_) if queued => return Err(Reason::InQueue),
            None if queued && !choices::CONFIG_NUMBERS_FIRST => return Err(Reason::InQueue),
            configured => configured.ok_or(Reason::NoNumber)?,
        };
        self.channels[number] = channel;
        Ok(())
    }

    /// SEND_CHANNEL (TAIC-6.7, TAIC-6.11).
    pub(super) fn send(&mut self, context: usize, word: u64) -> Result<(), Error> {
        let (number, choice) = (word as u16 as usize, (word >> 16) as usize);
        let queues = self.config.queues;
        let channel = self
            .channels
            .get_mut(number)
            .filter(|channel| channel.enabled && channel.sender == context)
            .ok_or(Error::NoSend)?;
        if self.contexts[channel.receiver].owner.is_none() {
            return Err(Error::NoReceive);
        }
        if channel.policy == Policy::Sender {
            channel.record.queue = choice & (queues - 1);
        }
        self.notify(RecordId::Channel(number));
        Ok(())
    }

    /// ARM (TAIC-6.8, TAIC-6.11).
    pub(super) fn arm_channel(&mut self, context: usize, word: u64) -> Result<(), Error> {
        let (task, number) = Task::short(word);
        let channel = self
            .channels
            .get(number)
            .filter(|channel| channel.enabled && channel.receiver == context)
            .ok_or(Error::NoReceive)?;
        self.arm(RecordId::Channel(number), channel.record.queue, task, false);
        Ok(())
    }
}
