//! Contexts of TAIC: what the kernel has of them belongs to objects that exist.

use super::{Checked, require};
use crate::{
    Kernel, Kind, Slot, Tcb, cap::Mapping, machine::Machine, object::TaskContext, worker::queue_of,
};
use abi::task_context::{CONTEXTS, QUEUES};

impl<M: Machine> Kernel<M> {
    /// Checks contexts, channels and lines.
    pub(super) fn check_tasks(&self) -> Checked {
        for number in 0..CONTEXTS {
            if let Some(context) = self.tasks.object(number) {
                let own = context.number(self) == number + 1 && context.queues(self) != 0;
                require(own, "the number of a context", context.0)?;
                self.check_workers(context)?;
            }
        }
        for (line, holder) in self.tasks.holders.iter().enumerate() {
            let holder = usize::from(*holder).checked_sub(1);
            let there = holder.is_none_or(|number| self.tasks.object(number).is_some());
            require(there, "the context that has a line", line)?;
        }
        for (number, (origin, receiver)) in self.tasks.channels.open().enumerate() {
            let cap = Slot(origin).cap(self);
            let named = cap.is(Kind::Notification) && Slot(origin).node(self).sending;
            require(named, "the capability of a channel", number)?;
            let notification = self.tasks.object(receiver).and_then(|to| to.notification(self));
            let reached = notification.is_some_and(|notification| notification.0 == cap.pointer());
            require(reached, "the notification of a channel", number)?;
        }
        Ok(())
    }

    /// A worker says which queue it works on; only queues that are allocated have one.
    fn check_workers(&self, context: TaskContext) -> Checked {
        for queue in 0..QUEUES {
            let allocated = context.queues(self) & 1 << queue != 0;
            if let Some(worker) = context.worker(self, queue) {
                let own = queue_of(worker, self) == Some(self.queue_index(context, queue));
                require(allocated && own, "the worker of a queue", worker.0)?;
            }
            let mapped = context.mapping(self, queue) != Mapping::NONE;
            require(allocated || !mapped, "the page of a queue", context.0)?;
        }
        Ok(())
    }

    /// Whether a thread is the worker of the queue that it says.
    pub(super) fn is_worker(&self, thread: Tcb) -> bool {
        queue_of(thread, self).is_some_and(|index| {
            let context = self.tasks.object(index.context.into());
            context.and_then(|context| context.worker(self, index.queue.into())) == Some(thread)
        })
    }

    /// Whether the page of a queue that is mapped is at a physical address.
    pub(super) fn is_queue_page(&self, physical: usize) -> bool {
        (0..CONTEXTS).filter_map(|number| self.tasks.object(number)).any(|context| {
            (0..QUEUES).filter(|queue| context.mapping(self, *queue) != Mapping::NONE).any(
                |queue| self.machine.queue_page(self.queue_index(context, queue)) == Some(physical),
            )
        })
    }
}
