//! Wakes: a notification makes the task of a record ready.

use super::Taic;
use super::config::TaicConfig;
use super::preemption::QueueId;
use super::queues::{End, Ready};
use super::record::{Record, RecordId};
use super::task::Task;
use crate::choices;

/// The records that wait for a place (TAIC-6.13).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Waiting {
    /// There may be some.
    any: bool,
    /// The number behind that of the record which got a place last.
    next: usize,
}

impl Taic {
    pub(super) fn record(&mut self, id: RecordId) -> &mut Record {
        match id {
            RecordId::Channel(channel) => &mut self.channels[channel].record,
            RecordId::Line { line, context } => &mut self.contexts[context].lines[line],
            RecordId::Receiver { context, slot } => {
                &mut self.contexts[context].published.receivers[slot].record
            }
        }
    }

    /// The context into which a record wakes.
    fn receiver(&self, id: RecordId) -> usize {
        match id {
            RecordId::Channel(channel) => self.channels[channel].receiver,
            RecordId::Line { context, .. } | RecordId::Receiver { context, .. } => context,
        }
    }

    /// The task of a queued record, as it is in its queue.
    pub(super) fn queued_task(&self, id: RecordId) -> Task {
        let queues = &self.contexts[self.receiver(id)].queues;
        let found = (0..self.config.queues)
            .flat_map(|queue| queues.tasks(queue))
            .find(|ready| ready.record == Some(id));
        found.map(|ready| ready.task).unwrap_or_default()
    }

    /// A notification of a record (TAIC-6.7).
    pub(super) fn notify(&mut self, id: RecordId) {
        let woken = self.record(id).notify();
        self.ready(id, woken);
    }

    /// Arms a record for a wake into `queue` (TAIC-6.8). `high`: its line waits for it.
    pub(super) fn arm(&mut self, id: RecordId, queue: usize, task: Task, high: bool) {
        let record = self.record(id);
        record.queue = queue;
        let woken = record.arm(task, high);
        self.ready(id, woken);
    }

    /// A task of this record was taken from its queue (TAIC-6.9).
    pub(super) fn dequeued(&mut self, id: RecordId) {
        let woken = self.record(id).dequeued();
        self.ready(id, woken);
    }

    fn ready(&mut self, id: RecordId, task: Option<Task>) {
        let Some(task) = task else { return };
        let overtakes = self.waiting.any && self.next_due().is_some();
        if overtakes || !self.wake(id, task) {
            self.record(id).wait();
            self.waiting.any = true;
        }
    }

    /// Gives free places to those who wait for them. Every access ends with this.
    pub fn step(&mut self) {
        while self.waiting.any && self.places.any() {
            let Some(number) = self.next_due() else {
                self.waiting.any = false;
                return;
            };
            let id = self.record_id(number);
            if let Some(task) = self.record(id).serve() {
                self.wake(id, task);
            }
            self.waiting.next = number + 1;
        }
    }

    /// The number of the record that gets the next place.
    fn next_due(&mut self) -> Option<usize> {
        let first = if choices::PLACES_GO_ROUND { self.waiting.next } else { 0 };
        let count = self.config.records();
        (first..first + count).map(|number| number % count).find(|&number| {
            let id = self.record_id(number);
            self.record(id).is_due()
        })
    }

    /// The records in the order of `choices::PLACES_GO_ROUND`: channels, lines, receivers.
    fn record_id(&self, number: usize) -> RecordId {
        let TaicConfig { channels, lines, contexts, slots, .. } = self.config;
        if number < channels {
            return RecordId::Channel(number);
        }
        let number = number - channels;
        if number < lines * contexts {
            return RecordId::Line { line: number / contexts, context: number % contexts };
        }
        let number = number - lines * contexts;
        RecordId::Receiver { context: number / slots, slot: number % slots }
    }

    /// Puts a woken task into its queue (TAIC-5.8); false if there is no place.
    fn wake(&mut self, id: RecordId, task: Task) -> bool {
        let number = self.receiver(id);
        let Some(queue) = self.target(id, number) else {
            self.record(id).lost();
            return true;
        };
        if !self.places.take() {
            return false;
        }
        let context = &mut self.contexts[number];
        let priorities = context.settings.priorities;
        let end = if task.preempts() && !priorities { End::Head } else { End::Tail };
        let level = context.level(task);
        context.queues.insert(queue, level, end, Ready { task, record: Some(id) });
        context.mark();
        if task.preempts() {
            let at = QueueId { context: number, queue };
            self.harts.wake(at, priorities.then(|| task.priority()));
        }
        true
    }

    fn target(&mut self, id: RecordId, context: usize) -> Option<usize> {
        let least_loaded = match id {
            RecordId::Channel(channel) => self.channels[channel].takes_least_loaded(),
            _ => false,
        };
        let wanted = self.record(id).queue;
        let queues = &self.contexts[context].queues;
        if least_loaded { queues.least_loaded() } else { queues.target(wanted) }
    }
}
