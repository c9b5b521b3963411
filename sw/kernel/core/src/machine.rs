//! What the logic needs of the machine.

/// Words of memory that hold objects. Addresses are those of the kernel's window to memory, and
/// multiples of 8.
pub trait Memory {
    fn load(&self, address: usize) -> usize;
    fn store(&mut self, address: usize, value: usize);
}

/// The hart and its devices.
pub trait Machine: Memory {
    /// Loads a word that users can change at any time.
    fn load_shared(&self, address: usize) -> usize;
    /// Stores a word that users can read at any time.
    fn store_shared(&mut self, address: usize, value: usize);
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

    /// Prints a character, for debugging.
    fn put_char(&mut self, character: u8);
    /// Ends the machine, for debugging.
    fn halt(&mut self);
}
