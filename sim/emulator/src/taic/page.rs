//! The page of a queue.

use super::Taic;
use super::address::{Page, element};
use super::preemption::QueueId;
use super::published::Operation;
use super::queues::{End, Ready};
use super::refusals::Error;
use super::task::Task;

/// Offsets within the page (TAIC-2.3).
pub(super) const ENQUEUE: u64 = 0x00;
const DEQUEUE: u64 = 0x08;
const ERROR: u64 = 0x10;
pub(super) const REGISTER_SENDER: u64 = 0x18;
pub(super) const CANCEL_SENDER: u64 = 0x20;
pub(super) const REGISTER_RECEIVER: u64 = 0x28;
pub(super) const SEND_INTERRUPT: u64 = 0x30;
const WRITE_HART: u64 = 0x38;
pub(super) const REGISTER_INTERRUPT: u64 = 0x40;
pub(super) const SEND: u64 = 0x900;
const LENGTH: u64 = 0x908;
pub(super) const RUNNING: u64 = 0x910;
pub(super) const ARM: u64 = 0x918;
pub(super) const ARM_LINE: u64 = 0x920;

impl Taic {
    pub(super) fn page_read(&mut self, page: Page, register: u64) -> u64 {
        let Page { context, queue, .. } = page;
        let value = match register {
            DEQUEUE => self.dequeue(context, queue),
            ERROR => Ok(u64::from(std::mem::take(&mut self.contexts[context].errors[queue]))),
            LENGTH => {
                let queues = &self.contexts[context].queues;
                let high_water = self.contexts[context].high_water;
                Ok((queues.len(queue) | queues.total() << 16 | high_water << 32) as u64)
            }
            RUNNING => Ok(u64::from(self.harts.running(QueueId { context, queue }))),
            _ => Err(Error::NotPermitted),
        };
        value.unwrap_or_else(|error| {
            self.error(context, queue, error);
            0
        })
    }

    pub(super) fn page_write(&mut self, port: usize, page: Page, register: u64, value: u64) {
        let Page { context, queue, .. } = page;
        let done = match register {
            ENQUEUE => self.enqueue(context, queue, Task(value)),
            SEND => self.owned(context).and_then(|()| self.send(context, value)),
            ARM => self.owned(context).and_then(|()| self.arm_channel(context, value)),
            ARM_LINE => self.owned(context).and_then(|()| {
                let (task, line) = Task::short(value);
                self.arm_line(context, line, queue, task)
            }),
            RUNNING => {
                self.harts.set_running(QueueId { context, queue }, value as u8 & 15);
                Ok(())
            }
            _ => self.compatible_write(port, page, register, value),
        };
        if let Err(error) = done {
            self.error(context, queue, error);
        }
    }

    /// The registers that a kernel may forbid (TAIC-8.9).
    fn compatible_write(
        &mut self,
        port: usize,
        page: Page,
        register: u64,
        value: u64,
    ) -> Result<(), Error> {
        let Page { context, queue, alias } = page;
        let line = element(register, REGISTER_INTERRUPT, self.config.lines);
        let operation = match register {
            REGISTER_SENDER => Some(Operation::RegisterSender),
            CANCEL_SENDER => Some(Operation::CancelSender),
            REGISTER_RECEIVER => Some(Operation::RegisterReceiver),
            SEND_INTERRUPT => Some(Operation::Send),
            _ => None,
        };
        let exists = operation.is_some() || line.is_some() || register == WRITE_HART;
        if !exists || !(alias || self.contexts[context].settings.compatible) {
            return Err(Error::NotPermitted);
        }
        if let Some(line) = line {
            self.owned(context)?;
            self.arm_line(context, line, 0, Task(value))
        } else if let Some(operation) = operation {
            self.word(port, operation, QueueId { context, queue }, value);
            Ok(())
        } else {
            self.write_hart(QueueId { context, queue }, value)
        }
    }

    fn owned(&self, context: usize) -> Result<(), Error> {
        self.contexts[context].owner.map(|_| ()).ok_or(Error::NoOwner)
    }

    /// The context has an owner, and the queue is allocated.
    fn allocated(&self, context: usize, queue: usize) -> Result<(), Error> {
        self.owned(context)?;
        if self.contexts[context].queues.is_allocated(queue) { Ok(()) } else { Err(Error::NoQueue) }
    }

    /// TASK_ENQUEUE (TAIC-5.1, TAIC-5.2).
    fn enqueue(&mut self, context: usize, queue: usize, task: Task) -> Result<(), Error> {
        self.allocated(context, queue)?;
        if task.is_none() {
            return Err(Error::NotPermitted);
        }
        let context = &mut self.contexts[context];
        if context.queues.total() >= context.settings.limit || !self.places.take() {
            return Err(Error::Full);
        }
        let level = context.level(task);
        context.queues.insert(queue, level, End::Tail, Ready { task, record: None });
        context.mark();
        Ok(())
    }

    /// TASK_DEQUEUE (TAIC-5.3 to TAIC-5.6).
    fn dequeue(&mut self, context: usize, queue: usize) -> Result<u64, Error> {
        self.allocated(context, queue)?;
        let at = QueueId { context, queue };
        let preferred = self.harts.preferred(at);
        let taken = self.contexts[context].queues.take(queue, preferred);
        self.harts.dequeued(at, taken.map(|ready| ready.task.priority()));
        let Some(Ready { task, record }) = taken else { return Ok(0) };
        if self.contexts[context].queues.total() == 0 {
            self.harts.discard(1 << context); // TAIC-10.10
        }
        self.places.give_back(1);
        if let Some(record) = record {
            self.dequeued(record);
        }
        Ok(task.0)
    }

    /// WHART (TAIC-10.6).
    fn write_hart(&mut self, at: QueueId, value: u64) -> Result<(), Error> {
        match usize::try_from(value) {
            _ if value == u64::MAX => self.harts.remove(at),
            Ok(hart) if hart < self.harts.count() => {
                self.allocated(at.context, at.queue)?;
                self.harts.install(hart, at, true);
            }
            _ => return Err(Error::NotPermitted),
        }
        Ok(())
    }
}
