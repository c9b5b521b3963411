//! Task contexts: what a process has of TAIC.
//!
//! The object lies in untyped memory. The device has a context for it from its first queue on, until the
//! last one is freed. Pages of queues are in `task_page`, threads that work on queues in `worker`,
//! channels in `channel`, lines of devices in `line`.

use crate::{
    Failure, Kernel, Kind,
    channel::Channels,
    invocation::Invocation,
    kernel::IRQS,
    machine::Machine,
    object::{Notification, TaskContext},
};
use abi::{
    Label, Rights,
    task_context::{CONTEXTS, LEAST_LOADED, QUEUES},
};
use taic::{Capabilities, QueueIndex};

/// What the kernel has of TAIC beside the objects.
pub(crate) struct TaskContexts {
    /// Contexts of the machine, and queues of each; 0 without TAIC.
    contexts: usize,
    queues: usize,
    /// Lines of the machine.
    pub lines: usize,
    /// The object of each context of the device; 0 for none.
    objects: [usize; CONTEXTS],
    /// Contexts that have begun.
    begun: usize,
    /// The context, counted from 1, that has each line; 0 for none.
    pub holders: [u8; IRQS],
    pub channels: Channels,
}

impl TaskContexts {
    pub const fn new() -> Self {
        Self {
            contexts: 0,
            queues: 0,
            lines: 0,
            objects: [0; CONTEXTS],
            begun: 0,
            holders: [0; IRQS],
            channels: Channels::new(),
        }
    }

    /// The machine has such a TAIC, or none.
    pub fn set_up(&mut self, device: Option<Capabilities>) {
        if let Some(device) = device {
            self.contexts = usize::from(device.contexts).min(CONTEXTS);
            self.queues = usize::from(device.queues).min(QUEUES);
            self.lines = usize::from(device.lines).min(IRQS);
            self.channels.set_up(device.channels);
        }
    }

    /// Whether no context has begun: TAIC wakes nobody.
    #[inline]
    pub fn are_idle(&self) -> bool {
        self.begun == 0
    }

    /// The object of a context of the device.
    pub fn object(&self, number: usize) -> Option<TaskContext> {
        match self.objects[number % CONTEXTS] {
            0 => None,
            object => Some(TaskContext(object)),
        }
    }

    /// The objects of all contexts that have begun.
    fn objects(&self) -> impl Iterator<Item = TaskContext> {
        self.objects.into_iter().filter(|object| *object != 0).map(TaskContext)
    }
}

impl<M: Machine> Kernel<M> {
    pub(crate) fn invoke_task_context(&mut self, call: &Invocation) -> Result<(), Failure> {
        let label = Label::from_number(call.info.label());
        if self.tasks.contexts == 0 {
            return Err(Failure::IllegalOperation);
        }
        let context = TaskContext(call.cap.pointer());
        match label {
            Some(Label::TaskAllocateQueue) => self.allocate_queue(call, context),
            Some(Label::TaskFreeQueue) => {
                let [queue] = self.arguments(call)?;
                self.ensure_queue(context, queue)?;
                self.begin(call);
                self.free_queue(context, queue);
                Ok(())
            }
            Some(Label::TaskMapQueue) => self.map_queue(call, context),
            Some(Label::TaskUnmapQueue) => {
                let [queue] = self.arguments(call)?;
                self.ensure_queue(context, queue)?;
                self.begin(call);
                self.unmap_queue(context, queue);
                Ok(())
            }
            Some(Label::TaskBindWorker) => self.bind_worker(call, context),
            Some(Label::TaskUnbindWorker) => self.unbind_worker(call, context),
            Some(Label::TaskSetNotification) => self.set_context_notification(call, context),
            Some(Label::TaskClearNotification) => {
                self.begin(call);
                self.clear_context_notification(context);
                Ok(())
            }
            Some(Label::TaskFindChannel) => self.find_channel(call, context),
            Some(Label::TaskGrantLine) => self.grant_line(call, context),
            Some(Label::TaskSetPriorities) => {
                let [on] = self.arguments(call)?;
                let number = self.number_of(context)?;
                self.begin(call);
                self.machine.set_priorities(number as u8, on != 0);
                Ok(())
            }
            _ => Err(Failure::IllegalOperation),
        }
    }

    /// The number of a context in the device. Fails before its first queue.
    pub(crate) fn number_of(&self, context: TaskContext) -> Result<usize, Failure> {
        context.number(self).checked_sub(1).ok_or(Failure::IllegalOperation)
    }

    /// Fails if a context does not have a queue.
    pub(crate) fn ensure_queue(&self, context: TaskContext, queue: usize) -> Result<(), Failure> {
        if queue >= self.tasks.queues {
            return Err(Failure::RangeError(0, self.tasks.queues - 1));
        }
        let has = context.queues(self) & 1 << queue != 0;
        if has { Ok(()) } else { Err(Failure::InvalidArgument(0)) }
    }

    /// A queue of a context that has begun.
    pub(crate) fn queue_index(&self, context: TaskContext, queue: usize) -> QueueIndex {
        QueueIndex { context: (context.number(self) - 1) as u8, queue: queue as u8 }
    }

    /// Answers with the number of the queue.
    fn allocate_queue(&mut self, call: &Invocation, context: TaskContext) -> Result<(), Failure> {
        // The owner's name: no other object has it while this one lives.
        let made = self.machine.allocate_queue(context.0).ok_or(Failure::NotEnoughMemory(0))?;
        self.begin(call);
        if context.number(self) == 0 {
            context.set_number(self, usize::from(made.context) + 1);
            context.set_wake_queue(self, LEAST_LOADED);
            self.tasks.objects[usize::from(made.context) % CONTEXTS] = context.0;
            self.tasks.begun += 1;
        }
        let queue = usize::from(made.queue);
        let queues = context.queues(self) | 1 << queue;
        context.set_queues(self, queues);
        self.finish_with(call, &[queue]);
        Ok(())
    }

    /// A queue of a context ends: nobody works on it, and nobody reaches it. With the last one the
    /// context ends.
    fn free_queue(&mut self, context: TaskContext, queue: usize) {
        let index = self.queue_index(context, queue);
        self.dismiss_worker(context, queue);
        self.unmap_queue(context, queue);
        let left = context.queues(self) & !(1 << queue);
        if left == 0 {
            self.clear_context_notification(context);
            self.close_channels_from(index.context);
            self.withdraw_lines(context);
        }
        self.machine.free_queue(index);
        context.set_queues(self, left);
        if left == 0 {
            context.set_number(self, 0);
            context.set_undelivered(self, false);
            self.tasks.objects[usize::from(index.context) % CONTEXTS] = 0;
            self.tasks.begun -= 1;
        }
    }

    /// The last capability of a context is gone.
    pub(crate) fn end_context(&mut self, context: TaskContext) {
        for queue in 0..QUEUES {
            if context.queues(self) & 1 << queue != 0 {
                self.free_queue(context, queue);
            }
        }
    }

    /// Gives a context its notification: capability 0, which must be one that can be received from.
    /// Words: the queue that channels wake into.
    fn set_context_notification(
        &mut self,
        call: &Invocation,
        context: TaskContext,
    ) -> Result<(), Failure> {
        let [queue] = self.arguments(call)?;
        let cap = call.extra(0)?.cap(self);
        if !cap.is(Kind::Notification) || !cap.rights().contains(Rights::READ) {
            return Err(Failure::InvalidCapability(1));
        }
        self.number_of(context)?;
        if queue != LEAST_LOADED {
            self.ensure_queue(context, queue)?;
        }
        let notification = Notification(cap.pointer());
        if context.notification(self).is_some() || self.context_of(notification).is_some() {
            return Err(Failure::DeleteFirst);
        }
        self.begin(call);
        context.set_notification(self, Some(notification));
        context.set_badge(self, cap.badge());
        context.set_wake_queue(self, queue);
        Ok(())
    }

    /// Nobody can notify the context any more, but who has its own pages.
    fn clear_context_notification(&mut self, context: TaskContext) {
        if context.notification(self).is_some() {
            context.set_notification(self, None);
            self.close_channels_to((context.number(self) - 1) as u8);
        }
    }

    /// The context that has a notification.
    pub(crate) fn context_of(&self, notification: Notification) -> Option<TaskContext> {
        self.tasks.objects().find(|context| context.notification(self) == Some(notification))
    }

    /// The last capability of a notification is gone.
    pub(crate) fn end_notified_context(&mut self, notification: Notification) {
        if let Some(context) = self.context_of(notification) {
            self.clear_context_notification(context);
        }
    }
}
