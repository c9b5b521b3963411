//! The registers of TAIC. Every process is confined to the pages of its own queues: the kernel forbids the
//! registrations by name before the first context begins.

use crate::{hart::Hart, user_interrupt};
use abi::boot::PHYSICAL_WINDOW;
use kernel_core::{HARTS, TaskDevice};
use taic::{Arming, Capabilities, Channel, Context, LocalQueue, QueueIndex, Taic, TaskId};

/// The operating system of all contexts of this kernel.
const OS: u64 = 1;

/// The TAIC of the machine, with its physical address.
pub struct TaskQueues(Option<(Taic, usize)>);

impl TaskQueues {
    pub const NONE: Self = Self(None);

    /// Takes the TAIC at a physical address. Returns what it has.
    pub fn set_up(&mut self, physical: Option<usize>) -> Option<Capabilities> {
        let physical = physical?;
        // SAFETY: the window has the registers at this address always, and users can map none but
        // pages of their own queues.
        let taic = unsafe { Taic::at(physical + PHYSICAL_WINDOW) }?;
        taic.set_strict(true);
        self.0 = Some((taic, physical));
        Some(taic.capabilities())
    }

    /// Does something with the device, if there is one that can do it.
    fn with<T>(&self, work: impl FnOnce(Taic) -> Result<T, taic::Error>) -> Option<T> {
        self.0.and_then(|(taic, _)| work(taic).ok())
    }

    fn page(&self, queue: QueueIndex) -> Option<LocalQueue> {
        self.with(|taic| taic.own_page(queue))
    }
}

impl TaskDevice for Hart {
    fn allocate_queue(&mut self, owner: usize) -> Option<QueueIndex> {
        self.tasks.with(|taic| taic.allocate(OS, owner as u64))
    }

    fn free_queue(&mut self, queue: QueueIndex) {
        self.tasks.with(|taic| {
            taic.free(queue);
            Ok(())
        });
    }

    fn queue_page(&self, queue: QueueIndex) -> Option<usize> {
        self.tasks.0.and_then(|(taic, physical)| Some(physical + taic.page(queue).ok()?))
    }

    fn set_priorities(&mut self, context: u8, on: bool) {
        self.tasks.with(|taic| {
            let before = taic.context(context)?;
            taic.set_context(context, Context { priorities: on, ..before })
        });
    }

    fn install_queue(&mut self, hart: usize, queue: Option<QueueIndex>) {
        let id = self.ids[hart % HARTS] as u16;
        self.tasks.with(|taic| taic.install(id, queue));
    }

    fn set_channel(&mut self, number: u16, channel: Option<Channel>) -> bool {
        self.tasks.with(|taic| taic.set_channel(number, channel)).is_some()
    }

    fn arm_channel(&mut self, queue: QueueIndex, number: u16, task: Option<TaskId>) {
        let arming = match task {
            Some(task) => Arming::new(number, task),
            None => Arming::none(number),
        };
        if let (Some(page), Some(arming)) = (self.tasks.page(queue), arming) {
            page.arm(arming);
        }
    }

    fn set_grants(&mut self, line: usize, contexts: u64) {
        self.tasks.with(|taic| taic.set_grants(line, contexts));
    }

    fn disarm_line(&mut self, queue: QueueIndex, line: usize) {
        if let (Some(page), Some(arming)) = (self.tasks.page(queue), Arming::none(line as u16)) {
            page.arm_line(arming);
        }
    }

    fn take_undelivered(&mut self) -> u64 {
        let contexts = self.tasks.with(|taic| Ok(taic.undelivered())).unwrap_or(0);
        if contexts != 0 {
            self.tasks.with(|taic| {
                taic.clear_undelivered(contexts);
                Ok(())
            });
        }
        contexts
    }

    fn interrupt_user(&mut self) {
        user_interrupt::raise();
    }
}
