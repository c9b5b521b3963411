//! The page of a local queue, for U- and S-mode.

use crate::{
    Errors, Priority, TaskId,
    window::{Window, field, place},
};
use soc::taic_queue as register;

/// A local queue. Of one there may be many: each access is one operation of the device, which loses
/// and doubles nothing. Enqueue, send and arm are stores that nobody waits for; what is refused is
/// told by [`LocalQueue::take_errors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalQueue {
    pub(crate) page: Window,
}

/// Tasks that are ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// In this queue.
    pub queue: u16,
    /// In all queues of the context.
    pub context: u16,
}

/// Which task a channel or a line wakes, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arming(u64);

impl Arming {
    /// `None` if the number is above 4095, or the identifier does not fit in 52 bits.
    pub const fn new(number: u16, task: TaskId) -> Option<Self> {
        match (Self::none(number), task.short()) {
            (Some(Self(number)), Some(task)) => Some(Self(number | task)),
            _ => None,
        }
    }

    /// No task: the channel or line is disarmed.
    pub const fn none(number: u16) -> Option<Self> {
        let word = place(number as u64, register::ARM_CHANNEL);
        if field(word, register::ARM_CHANNEL) == number as u64 { Some(Self(word)) } else { None }
    }

    pub const fn bits(self) -> u64 {
        self.0
    }
}

impl LocalQueue {
    /// The queue whose page is mapped at `page`.
    ///
    /// # Safety
    /// It must be mapped for as long as this or a copy of it is used.
    pub const unsafe fn new(page: usize) -> Self {
        // SAFETY: by the caller.
        Self { page: unsafe { Window::new(page) } }
    }

    /// Adds a task. Refused with [`Errors::FULL`] while the context is at its limit.
    #[inline(always)]
    pub fn enqueue(self, task: TaskId) {
        self.page.write(register::ENQUEUE, task.bits());
    }

    /// Takes the most urgent task of this queue, the oldest of them; or one of another queue of the
    /// context if this is empty.
    #[inline(always)]
    pub fn dequeue(self) -> Option<TaskId> {
        TaskId::from_bits(self.page.read(register::DEQUEUE))
    }

    /// Notifies the receiver of a channel.
    #[inline(always)]
    pub fn send(self, channel: u16) {
        self.page.write(register::SEND, channel.into());
    }

    /// The same with the choice of the receiver's queue, where the channel leaves it to the sender.
    #[inline(always)]
    pub fn send_to(self, channel: u16, queue: u8) {
        self.page
            .write(register::SEND, u64::from(channel) | place(queue.into(), register::SEND_QUEUE));
    }

    /// Lets a channel wake a task: at once if a notification is pending.
    #[inline(always)]
    pub fn arm(self, arming: Arming) {
        self.page.write(register::ARM, arming.0);
    }

    /// Lets a line wake a task, into this queue: at once if it is high.
    #[inline(always)]
    pub fn arm_line(self, arming: Arming) {
        self.page.write(register::ARM_LINE, arming.0);
    }

    /// What was refused since this was called last.
    pub fn take_errors(self) -> Errors {
        Errors::from_bits(self.page.read(register::ERROR))
    }

    pub fn length(self) -> Length {
        let word = self.page.read(register::LENGTH);
        Length {
            queue: field(word, register::LENGTH_QUEUE) as u16,
            context: field(word, register::LENGTH_CONTEXT) as u16,
        }
    }

    /// Priority of the task dequeued last; [`Priority::LOWEST`] after a dequeue without one.
    pub fn running(self) -> Priority {
        Priority::new((self.page.read(register::RUNNING) & 0xf) as u8).unwrap_or(Priority::LOWEST)
    }

    /// Wake-ups interrupt from now on if they are more urgent than this.
    pub fn set_running(self, priority: Priority) {
        self.page.write(register::RUNNING, priority.number().into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::tests::Memory;

    const TASK: TaskId = TaskId::new(0x4_0040).unwrap();

    #[test]
    fn registers_are_where_the_map_says() {
        let memory = Memory::new(4096);
        let queue = LocalQueue { page: memory.window() };
        assert_eq!(queue.dequeue(), None);
        queue.enqueue(TASK);
        assert_eq!(memory.word(0), TASK.bits());
        memory.set(0x08, TASK.kept().bits());
        assert_eq!(queue.dequeue(), Some(TASK.kept()));
        memory.set(0x10, 5);
        assert_eq!(queue.take_errors(), Errors::FULL | Errors::NO_SEND);
        queue.send(255);
        assert_eq!(memory.word(0x900), 255);
        queue.send_to(255, 3);
        assert_eq!(memory.word(0x900), 0x3_00ff);
        memory.set(0x908, 0x0007_0003);
        assert_eq!(queue.length(), Length { queue: 3, context: 7 });
        queue.set_running(Priority::new(9).unwrap());
        assert_eq!((memory.word(0x910), queue.running().number()), (9, 9));
        queue.arm(Arming::new(0x123, TASK.preempting()).unwrap());
        assert_eq!(memory.word(0x918), 0x1230_0000_0004_0041);
        queue.arm_line(Arming::none(10).unwrap());
        assert_eq!(memory.word(0x920), 0x00a0_0000_0000_0000);
    }

    #[test]
    fn an_arming_holds_what_it_can() {
        assert_eq!(Arming::new(4096, TASK), None);
        assert_eq!(Arming::none(4096), None);
        let upper_half = TaskId::new(0xffff_ffc0_0000_0040).unwrap();
        assert_eq!(Arming::new(1, upper_half), Some(Arming(0x001f_ffc0_0000_0040)));
        assert_eq!(Arming::new(1, TaskId::new(0x4000_0000_0000_0000).unwrap()), None);
    }
}
