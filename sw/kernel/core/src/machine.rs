//! What the logic needs of the machine.

use taic::{Channel, QueueIndex, TaskId};

/// Words of memory that hold objects. Addresses are those of the kernel's window to memory, and
/// multiples of 8.
pub trait Memory {
    fn load(&self, address: usize) -> usize;
    fn store(&mut self, address: usize, value: usize);
}

/// The CSRs that a thread with user interrupts has for itself, in the order of [`user`].
pub type UserState = [usize; user::WORDS];

/// Places in [`UserState`].
pub mod user {
    pub const STATUS: usize = 0;
    pub const ENABLE: usize = 1;
    pub const VECTOR: usize = 2;
    pub const SCRATCH: usize = 3;
    pub const PC: usize = 4;
    pub const CAUSE: usize = 5;
    pub const VALUE: usize = 6;
    /// `USIP`, which software has set: an interrupt that was not taken.
    pub const PENDING: usize = 7;
    pub const WORDS: usize = 8;
}

/// The TAIC. None of it is called on a machine without one.
pub trait TaskDevice {
    /// Allocates a queue for an owner, for whom a context begins if it has none.
    fn allocate_queue(&mut self, owner: usize) -> Option<QueueIndex>;
    /// Frees a queue. The context ends with its last one.
    fn free_queue(&mut self, queue: QueueIndex);
    /// Physical address of the page of a queue; `None` if there is no such queue.
    fn queue_page(&self, queue: QueueIndex) -> Option<usize>;
    /// Whether tasks of a context have priorities.
    fn set_priorities(&mut self, context: u8, on: bool);
    /// Says whose worker runs on a hart. The queue is allocated.
    fn install_queue(&mut self, hart: usize, queue: Option<QueueIndex>);
    /// Sets who notifies whom through a channel, which is disarmed and forgets what is pending.
    /// Returns whether it was done: it is not while the channel's task is in a queue.
    fn set_channel(&mut self, number: u16, channel: Option<Channel>) -> bool;
    /// Arms a channel for its receiver, which has the queue, or disarms it.
    fn arm_channel(&mut self, queue: QueueIndex, number: u16, task: Option<TaskId>);
    /// Lets the line of a device notify these contexts, a bit each.
    fn set_grants(&mut self, line: usize, contexts: u64);
    /// Disarms a line for the context of a queue, which has the line.
    fn disarm_line(&mut self, queue: QueueIndex, line: usize);
    /// Takes the contexts, a bit each, with a task that could interrupt no hart.
    fn take_undelivered(&mut self) -> u64;
    /// Interrupts the thread of this hart, which takes user interrupts, when it goes on.
    fn interrupt_user(&mut self);
}

/// The hart and its devices.
pub trait Machine: Memory + TaskDevice {
    /// Loads a word that users can change at any time.
    fn load_shared(&self, address: usize) -> usize;
    /// Stores a word that users can read at any time.
    fn store_shared(&mut self, address: usize, value: usize);
    /// What this hart did to memory comes before what it does to it from now on.
    fn order(&self);
    /// Fills memory with zeros. Address and length are multiples of 8.
    fn clear(&mut self, address: usize, bytes: usize);
    /// The physical address of an address of the window.
    fn physical(&self, address: usize) -> usize;
    /// The address of the window for a physical address.
    fn window(&self, physical: usize) -> usize;

    /// Makes the address space with this root table and ASID that of the hart.
    fn set_address_space(&mut self, root: usize, asid: usize);
    /// Makes the kernel's own address space that of the hart.
    fn set_kernel_space(&mut self);
    /// Links the kernel's own addresses into the root table of a new address space.
    fn link_kernel(&mut self, root: usize);
    /// Forgets translations of `vaddr` with `asid`, on all harts.
    fn forget_page(&mut self, asid: usize, vaddr: usize);
    /// Forgets all translations with `asid`, on all harts.
    fn forget_space(&mut self, asid: usize);

    /// Whether an interrupt waits for the kernel to come to an end.
    fn interrupt_pending(&self) -> bool;
    /// Lets an interrupt of a device come, or not.
    fn enable_irq(&mut self, irq: usize, enabled: bool);
    /// Tells the interrupt controller that an interrupt was served.
    fn complete_irq(&mut self, irq: usize);
    /// Makes another hart of the kernel enter it, to schedule.
    fn kick(&mut self, hart: usize);
    /// Makes another hart, which runs a thread, go to the kernel's own address space. It waits for
    /// the kernel when this returns.
    fn leave_space(&mut self, hart: usize);
    /// Makes another hart leave its thread: it waits for the kernel when this returns, with the
    /// thread's registers in its TCB.
    fn stop(&mut self, hart: usize);

    /// The CSRs of the hart's thread.
    fn user_state(&self) -> UserState;
    /// The same of another hart, which was stopped.
    fn user_state_of(&mut self, hart: usize) -> UserState;
    /// Gives U-mode the CSRs of a thread, or takes them away; its receiver, or none; and its sender
    /// table, by its address, or none.
    fn set_user_state(
        &mut self,
        state: Option<&UserState>,
        receiver: Option<usize>,
        senders: Option<usize>,
    );
    /// Lets user interrupts that U-mode does not take interrupt the kernel on this hart, or not. Not
    /// while a thread takes them.
    fn listen(&mut self, on: bool);
    /// Sets which hart a receiver interrupts, and whether it does.
    fn place_receiver(&mut self, receiver: usize, hart: usize, active: bool);
    /// Takes the pending vectors of a receiver.
    fn take_vectors(&mut self, receiver: usize) -> usize;
    /// Interrupts another hart, and returns when it waits for the kernel: what its thread sent
    /// before has arrived, and what it sends afterwards sees the sender tables as they are now.
    fn finish_sends(&mut self, hart: usize);

    /// Prints a character, for debugging.
    fn put_char(&mut self, character: u8);
    /// Ends the machine, for debugging.
    fn halt(&mut self);
}
