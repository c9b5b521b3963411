//! What the logic needs of the machine.

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
    pub const WORDS: usize = 7;
}

/// The hart and its devices.
pub trait Machine: Memory {
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
    /// Gives U-mode the CSRs and the receiver of a thread, or takes all of it away; and its sender
    /// table, by its address, or none.
    fn set_user_state(&mut self, receiver: Option<(usize, &UserState)>, senders: Option<usize>);
    /// Lets user interrupts that U-mode does not take interrupt the kernel on this hart, or not. Not
    /// while a thread has a receiver.
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
