//! A record: what makes a task ready when a notification comes.

use super::task::Task;
use crate::choices;

/// The names of all records (TAIC-1.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecordId {
    Channel(usize),
    Line { line: usize, context: usize },
    Receiver { context: usize, slot: usize },
}

/// The state of one record (TAIC-6.6). Where a method returns a task, that task becomes ready.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Record {
    /// A task waits for a notification.
    pub armed: bool,
    /// A notification waits for a task.
    pub pending: bool,
    /// The task is in a queue, or on its way there.
    pub queued: bool,
    /// A task was armed while an earlier one was in a queue. It is yet to be notified.
    pub anew: bool,
    /// The task that was armed last.
    pub task: Task,
    /// The queue that the task enters.
    pub queue: usize,
}

impl Record {
    /// Nothing is armed, pending or queued.
    pub fn is_idle(&self) -> bool {
        !(self.armed || self.pending || self.queued)
    }

    /// A notification (TAIC-6.7).
    pub fn notify(&mut self) -> Option<Task> {
        if self.armed && !self.queued {
            return Some(self.wake());
        }
        if !(self.armed && self.task.keeps() && !self.anew) {
            self.pending = true;
        }
        None
    }

    /// Arms the record with a task, or disarms it with none (TAIC-6.8). `high`: a level waits for
    /// it, whose edge has been served (TAIC-7.4).
    pub fn arm(&mut self, task: Task, high: bool) -> Option<Task> {
        self.armed = !task.is_none();
        self.anew = self.armed && self.queued;
        if !self.armed {
            return None;
        }
        self.task = task;
        (!self.queued && (self.pending || high)).then(|| self.wake())
    }

    /// The task has been taken from its queue (TAIC-6.9).
    pub fn dequeued(&mut self) -> Option<Task> {
        (self.queued, self.anew) = (false, false);
        (self.armed && self.pending).then(|| self.wake())
    }

    /// Its task waits for a place (TAIC-6.13).
    pub fn is_due(&self) -> bool {
        self.armed && self.pending && !self.queued
    }

    /// There is no place for the task that was to become ready.
    pub fn wait(&mut self) {
        (self.queued, self.pending, self.armed) = (false, true, true);
    }

    /// There is a place for the task that waits for one.
    pub fn serve(&mut self) -> Option<Task> {
        self.is_due().then(|| self.wake())
    }

    /// Disarms the record, whose sender is gone.
    pub fn disarm(&mut self) {
        (self.armed, self.anew) = (false, false);
        self.pending &= !choices::END_OF_SENDER_CLEARS_PENDING;
    }

    /// The context of the task has no queue that it could enter.
    pub fn lost(&mut self) {
        self.queued = false;
    }

    fn wake(&mut self) -> Task {
        (self.queued, self.pending, self.armed) = (true, false, self.task.keeps());
        self.anew = false;
        self.task
    }
}
