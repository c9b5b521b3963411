//! Wakes: a notification makes the task of a record ready.

use std::collections::VecDeque;

use super::Taic;
use super::preemption::QueueId;
use super::queues::{End, Ready};
use super::record::{Record, RecordId};
use super::task::Task;

/// Wakes that wait for a place (TAIC-5.9), the oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wakes {
    waiting: VecDeque<(RecordId, Task)>,
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
        self.wakes.waiting.extend(task.map(|task| (id, task)));
    }

    /// Performs what waits, as far as places permit. Every access ends with this.
    pub fn step(&mut self) {
        while let Some(&(id, task)) = self.wakes.waiting.front() {
            if !self.wake(id, task) {
                break;
            }
            self.wakes.waiting.pop_front();
        }
    }

    /// Forgets the wakes into a context.
    pub(super) fn forget_wakes(&mut self, context: usize) {
        let waiting = std::mem::take(&mut self.wakes.waiting);
        self.wakes.waiting =
            waiting.into_iter().filter(|&(id, _)| self.receiver(id) != context).collect();
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
