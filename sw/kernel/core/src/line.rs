//! Lines of devices that wake tasks. A line is that of the interrupt with its number, and whoever has the
//! handler of the interrupt gives it to a context; one at a time.

use crate::{
    Failure, Kernel, Kind, invocation::Invocation, kernel::IRQS, machine::Machine,
    object::TaskContext,
};
use taic::QueueIndex;

impl<M: Machine> Kernel<M> {
    /// Capability 0: the handler of the interrupt. Answers with the number of the line.
    pub(crate) fn grant_line(
        &mut self,
        call: &Invocation,
        context: TaskContext,
    ) -> Result<(), Failure> {
        let handler = call.extra(0)?.cap(self);
        if !handler.is(Kind::IrqHandler) {
            return Err(Failure::InvalidCapability(1));
        }
        let number = self.number_of(context)?;
        let line = handler.irq();
        if line >= self.tasks.lines {
            return Err(Failure::RangeError(1, self.tasks.lines - 1));
        }
        self.begin(call);
        if usize::from(self.tasks.holders[line]) != number + 1 {
            self.withdraw_line(line);
            self.tasks.holders[line] = number as u8 + 1;
            self.machine.set_grants(line, 1 << number);
        }
        if !self.irq_slot(line).cap(self).is(Kind::Notification) {
            // The interrupt would come to the kernel, too, which has nobody to tell of it.
            self.machine.enable_irq(line, false);
        }
        self.finish_with(call, &[line]);
        Ok(())
    }

    /// A line wakes nobody any more.
    pub(crate) fn withdraw_line(&mut self, line: usize) {
        let line = line % IRQS;
        let Some(number) = usize::from(self.tasks.holders[line]).checked_sub(1) else { return };
        self.tasks.holders[line] = 0;
        // The record is the context's for ever: armed, it would wake when the line is granted again.
        if let Some(queue) = self.some_queue(number) {
            self.machine.disarm_line(queue, line);
        }
        self.machine.set_grants(line, 0);
    }

    /// A context ends.
    pub(crate) fn withdraw_lines(&mut self, context: TaskContext) {
        let number = context.number(self);
        for line in 0..self.tasks.lines {
            if usize::from(self.tasks.holders[line]) == number {
                self.withdraw_line(line);
            }
        }
    }

    /// An allocated queue of a context.
    pub(crate) fn some_queue(&self, number: usize) -> Option<QueueIndex> {
        let context = self.tasks.object(number)?;
        let queue = context.queues(self).trailing_zeros();
        Some(QueueIndex { context: number as u8, queue: queue as u8 })
    }
}
