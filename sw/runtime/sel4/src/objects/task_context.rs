//! Contexts of TAIC: local queues, their workers, channels, lines of devices.

use super::{IrqHandler, Notification, PageTable, TaskContext, Tcb};
use crate::{Label, Result, invoke};

impl TaskContext {
    /// A further local queue. Returns its number.
    pub fn allocate_queue(self) -> Result<usize> {
        invoke(self.0, Label::TaskAllocateQueue, &[], &[]).map(|words| words[0])
    }

    /// Frees a queue. Its tasks go to another; with the last queue all of the context ends.
    pub fn free_queue(self, queue: usize) -> Result {
        invoke(self.0, Label::TaskFreeQueue, &[], &[queue]).map(drop)
    }

    /// Maps the page of a queue, for reading and writing.
    pub fn map_queue(self, queue: usize, space: PageTable, vaddr: usize) -> Result {
        invoke(self.0, Label::TaskMapQueue, &[space.0], &[queue, vaddr]).map(drop)
    }

    pub fn unmap_queue(self, queue: usize) -> Result {
        invoke(self.0, Label::TaskUnmapQueue, &[], &[queue]).map(drop)
    }

    /// Makes a thread the worker of a queue: tasks with the preempt bit interrupt it in U-mode. It has
    /// `utvec` and so on from then on, which are 0 at first if it was no receiver.
    pub fn bind_worker(self, queue: usize, thread: Tcb) -> Result {
        invoke(self.0, Label::TaskBindWorker, &[thread.0], &[queue]).map(drop)
    }

    pub fn unbind_worker(self, queue: usize) -> Result {
        invoke(self.0, Label::TaskUnbindWorker, &[], &[queue]).map(drop)
    }

    /// Lets whoever may signal the notification connect to this context. Channels wake tasks into a
    /// queue, or the one that is the least loaded. The notification is also signalled for a task that
    /// could interrupt no worker.
    pub fn set_notification(self, notification: Notification, queue: Option<usize>) -> Result {
        let queue = queue.unwrap_or(abi::task_context::LEAST_LOADED);
        invoke(self.0, Label::TaskSetNotification, &[notification.0], &[queue]).map(drop)
    }

    pub fn clear_notification(self) -> Result {
        invoke(self.0, Label::TaskClearNotification, &[], &[]).map(drop)
    }

    /// The first channel to this context, from a number on, that was made from a capability with this
    /// badge.
    pub fn find_channel(self, badge: usize, from: usize) -> Result<usize> {
        invoke(self.0, Label::TaskFindChannel, &[], &[badge, from]).map(|words| words[0])
    }

    /// Gives the line of an interrupt to this context. Returns the number of the line.
    pub fn grant_line(self, handler: IrqHandler) -> Result<usize> {
        invoke(self.0, Label::TaskGrantLine, &[handler.0], &[]).map(|words| words[0])
    }

    /// Whether bits 5:2 of a task are its priority.
    pub fn set_priorities(self, on: bool) -> Result {
        invoke(self.0, Label::TaskSetPriorities, &[], &[usize::from(on)]).map(drop)
    }
}

impl Notification {
    /// A channel from a context of the caller's to that of the notification. It is armed with the badge
    /// of this capability, as a task, unless that is 0. Returns its number.
    pub fn connect(self, from: TaskContext) -> Result<usize> {
        invoke(self.0, Label::TaskConnect, &[from.0], &[]).map(|words| words[0])
    }
}
