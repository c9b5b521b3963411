//! Workers: threads whose queue of TAIC is installed on the hart that runs them, so that a task with the
//! preempt bit interrupts them in U-mode.
//!
//! A task that finds no queue of its context installed interrupts the kernel. The kernel signals the
//! notification of the context, and interrupts the next worker of the context that runs.

use crate::{
    Failure, Kernel, Kind, Tcb,
    invocation::Invocation,
    machine::{Machine, UserState, user},
    object::TaskContext,
};
use abi::task_context::QUEUES;
use taic::QueueIndex;

/// The queue that a thread works on.
pub(crate) fn queue_of(thread: Tcb, memory: &impl crate::Memory) -> Option<QueueIndex> {
    let number = thread.worker(memory).checked_sub(1)?;
    Some(QueueIndex { context: (number / QUEUES) as u8, queue: (number % QUEUES) as u8 })
}

impl<M: Machine> Kernel<M> {
    /// Words: queue. Capability 0: the thread.
    pub(crate) fn bind_worker(
        &mut self,
        call: &Invocation,
        context: TaskContext,
    ) -> Result<(), Failure> {
        let [queue] = self.arguments(call)?;
        let thread = call.extra(0)?.cap(self);
        if !thread.is(Kind::Thread) {
            return Err(Failure::InvalidCapability(1));
        }
        self.ensure_queue(context, queue)?;
        let thread = Tcb(thread.pointer());
        if thread.worker(self) != 0 || context.worker(self, queue).is_some() {
            return Err(Failure::DeleteFirst);
        }
        self.begin(call);
        self.stop_using(thread);
        if thread.receiver(self) == 0 {
            self.forget_loaded(thread);
            thread.set_user_state(self, &UserState::from([0; user::WORDS]));
        }
        context.set_worker(self, queue, Some(thread));
        let index = self.queue_index(context, queue);
        let number = usize::from(index.context) * QUEUES + usize::from(index.queue);
        self.change_worker(thread, number + 1);
        Ok(())
    }

    /// Words: queue.
    pub(crate) fn unbind_worker(
        &mut self,
        call: &Invocation,
        context: TaskContext,
    ) -> Result<(), Failure> {
        let [queue] = self.arguments(call)?;
        self.ensure_queue(context, queue)?;
        self.begin(call);
        self.dismiss_worker(context, queue);
        Ok(())
    }

    /// Nobody works on a queue any more.
    pub(crate) fn dismiss_worker(&mut self, context: TaskContext, queue: usize) {
        if let Some(thread) = context.worker(self, queue) {
            self.stop_using(thread);
            context.set_worker(self, queue, None);
            self.change_worker(thread, 0);
        }
    }

    fn change_worker(&mut self, thread: Tcb, number: usize) {
        thread.set_worker(self, number);
        self.user_interrupts_changed(thread);
    }

    /// A thread ends, which no hart runs but this one.
    pub(crate) fn end_worker(&mut self, thread: Tcb) {
        let Some(index) = queue_of(thread, self) else { return };
        if let Some(context) = self.tasks.object(index.context.into()) {
            context.set_worker(self, index.queue.into(), None);
        }
        thread.set_worker(self, 0);
        thread.note_user_interrupts(self);
        self.drop_user_interrupts(thread);
    }

    /// Tells the contexts with tasks that could interrupt no hart.
    #[inline]
    pub(crate) fn deliver_tasks(&mut self) {
        if !self.tasks.are_idle() {
            self.tell_undelivered();
        }
    }

    fn tell_undelivered(&mut self) {
        let mut left = self.machine.take_undelivered();
        while left != 0 {
            let number = left.trailing_zeros() as usize;
            left &= left - 1;
            let Some(context) = self.tasks.object(number) else { continue };
            context.set_undelivered(self, true);
            if let Some(notification) = context.notification(self) {
                let badge = context.badge(self);
                self.signal(notification, badge);
            }
        }
    }

    /// The queue of the thread that gets this hart is installed.
    pub(crate) fn install_worker(&mut self, index: QueueIndex) {
        let hart = self.hart;
        self.node_mut().installed = true;
        self.machine.install_queue(hart, Some(index));
        if let Some(context) = self.tasks.object(index.context.into())
            && context.undelivered(self)
        {
            context.set_undelivered(self, false);
            self.machine.interrupt_user();
        }
    }

    /// No queue is installed on a hart, which this one is or has stopped.
    pub(crate) fn remove_installed(&mut self, hart: usize) {
        if self.nodes[hart].installed {
            self.nodes[hart].installed = false;
            self.machine.install_queue(hart, None);
        }
    }
}
