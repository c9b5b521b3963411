//! The first thread: its objects, its boot information, and the untyped memory that it gets.

mod memory;
mod root_task;
mod untyped;

pub use memory::{Memories, Region};

use crate::{
    Kernel, Tcb,
    kernel::{Action, DomainTime, HARTS},
    machine::Machine,
    object::State,
};

/// What the loader gave, and what the kernel found.
pub struct Boot<'a> {
    /// Physical begin and end of the root task's image, multiples of a page.
    pub image: Region,
    /// Virtual address of its begin.
    pub image_virtual: usize,
    /// Virtual address of its entry.
    pub entry: usize,
    /// Physical place of the device tree; empty if there is none.
    pub device_tree: Region,
    /// Physical memory that is free, without all of the above and the kernel.
    pub memory: Memories,
    /// Physical addresses that are no memory, and not the kernel's.
    pub devices: &'a [Region],
    /// Harts of the kernel.
    pub harts: usize,
    /// Address of a page for the slots of the interrupts.
    pub irq_slots: usize,
    /// Receivers of user interrupts that the machine has.
    pub receivers: usize,
    /// Address of [`abi::user_interrupt::SENDER_TABLES`] pages that are 0, for sender tables.
    pub sender_tables: usize,
    /// What the TAIC of the machine has; `None` without one.
    pub task_device: Option<taic::Capabilities>,
    /// The idle thread of each hart, in memory that is 0.
    pub idle: [Tcb; HARTS],
}

/// Why the root task cannot start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BootError {
    /// The memory is too small for the root task's objects.
    NoMemory,
    /// The root task's CNode is too small.
    NoSlots,
    /// The root task's image lies above the user's addresses.
    BadImage,
}

impl<M: Machine> Kernel<M> {
    /// Makes the root task the current thread of hart 0, and idle threads those of the others.
    pub fn boot(&mut self, boot: Boot) -> Result<(), BootError> {
        self.harts = boot.harts;
        self.irq_slots = boot.irq_slots;
        self.user_interrupts.set_up(boot.receivers, boot.sender_tables);
        self.tasks.set_up(boot.task_device);
        self.domain_schedule[0] = DomainTime { domain: 0, ticks: usize::MAX >> 8 };
        self.domain_ticks = self.domain_schedule[0].ticks;
        for (hart, idle) in boot.idle.into_iter().enumerate() {
            idle.set_state(self, State::Idle);
            idle.set_affinity(self, hart);
            self.nodes[hart].idle = idle.0;
            self.nodes[hart].current = idle.0;
            self.nodes[hart].plain = hart;
        }
        let thread = self.make_root_task(boot)?;
        #[cfg(any(test, feature = "checks"))]
        self.marks.root_cnode.set(thread.cspace().cap(self).pointer());
        self.node_mut().action = Action::SwitchTo(thread);
        self.leave();
        Ok(())
    }
}
