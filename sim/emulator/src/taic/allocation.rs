//! Allocation and release of queues, and with them the begin and end of contexts.

use super::Taic;
use super::channels::Channel;
use super::context::{Owner, Settings};
use super::preemption::QueueId;
use super::published::Published;
use super::record::Record;
use super::refusals::Reason;
use super::task::Task;
use crate::choices;

/// What a read of ALQ gives if there is nothing to give (TAIC-3.2).
const NOTHING: u64 = u64::MAX;

/// How far a hart's sequence of ALQ is (TAIC-3.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Allocation {
    #[default]
    Idle,
    Os(u64),
    Complete(Owner),
}

impl Allocation {
    fn write(self, word: u64) -> Self {
        match self {
            Self::Os(os) => Self::Complete(Owner { os, process: word }),
            Self::Idle | Self::Complete(_) => Self::Os(word),
        }
    }
}

impl Taic {
    /// A write to ALQ.
    pub(super) fn allocation_word(&mut self, port: usize, word: u64) {
        let sequence = &mut self.ports[port].allocation;
        *sequence = sequence.write(word);
    }

    /// A read of ALQ: the index word, or all ones (TAIC-3.1).
    pub(super) fn allocate(&mut self, port: usize) -> u64 {
        let Allocation::Complete(owner) = std::mem::take(&mut self.ports[port].allocation) else {
            return NOTHING;
        };
        let Some(context) = self.context_of(owner).or_else(|| self.begin(owner)) else {
            return NOTHING;
        };
        let Some(queue) = self.contexts[context].queues.allocate() else { return NOTHING };
        self.contexts[context].errors[queue] = 0; // TAIC-3.8
        (context as u64) << 32 | queue as u64
    }

    pub(super) fn context_of(&self, owner: Owner) -> Option<usize> {
        self.contexts.iter().position(|context| context.owner == Some(owner))
    }

    /// Begins the lowest context without an owner (TAIC-3.4).
    fn begin(&mut self, owner: Owner) -> Option<usize> {
        let number = self.contexts.iter().position(|context| context.owner.is_none())?;
        let context = &mut self.contexts[number];
        let old = context.settings.limit;
        let left = self.places.unassigned + if choices::BEGIN_TAKES_OLD_LIMIT { old } else { 0 };
        let limit = self.config.share().min(left);
        self.places.unassigned += old;
        self.places.unassigned -= limit;
        context.owner = Some(owner);
        context.high_water = 0; // TAIC-3.4
        context.settings =
            Settings { priorities: false, compatible: !self.strict, fallback: 0, limit };
        Some(number)
    }

    /// FLQ (TAIC-3.5). All bits of the index word count (TAIC-2.6).
    pub(super) fn free(&mut self, word: u64) -> Result<(), Reason> {
        let (number, queue) = ((word >> 32) as usize, word as u32 as usize);
        let context = self.contexts.get_mut(number).ok_or(Reason::NoQueue)?;
        if !context.queues.is_allocated(queue) {
            return Err(Reason::NoQueue);
        }
        let (priorities, levels) = (context.settings.priorities, self.config.priorities);
        let level = |task: Task| if priorities { task.level(levels) } else { 0 };
        let tasks = context.queues.total();
        let lives = context.queues.free(queue, level);
        if !lives {
            self.places.give_back(tasks);
            self.end(number);
        }
        self.harts.freed(QueueId { context: number, queue }, !lives);
        Ok(())
    }

    /// The end of a context, whose tasks are dropped already (TAIC-3.6).
    fn end(&mut self, number: usize) {
        for channel in &mut self.channels {
            if channel.receiver == number {
                *channel = Channel::default();
            } else if channel.sender == number {
                channel.enabled = false;
                channel.record.disarm();
            }
        }
        for line in &mut self.lines {
            line.grant &= !(1 << number); // TAIC-7.6
        }
        for port in &mut self.ports {
            port.published.take_if(|sequence| sequence.page.context == number); // TAIC-3.8
        }
        let context = &mut self.contexts[number];
        self.places.unassigned += context.settings.limit;
        context.owner = None;
        context.settings = Settings::default();
        context.lines.fill(Record::default());
        context.published = Published::new(self.config.slots);
    }
}
