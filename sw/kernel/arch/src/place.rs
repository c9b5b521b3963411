//! Memory of the kernel's image that its logic uses by address: page table, idle threads, slots.

use core::{cell::UnsafeCell, ops::Range};
use kernel_core::{HARTS, Tcb};
use sv39::Flags;

/// Entries of a root table; the user's come first.
pub const ENTRIES: usize = 512;
pub const USER_ENTRIES: usize = 256;
/// The entry of the kernel's image: the last but one.
const IMAGE_ENTRY: usize = 510;

const GIGA_SHIFT: u32 = 30;

const fn leaf(physical: usize) -> usize {
    let flags = Flags::READY.0 | Flags::RWX.0 | Flags::GLOBAL.0;
    sv39::Entry::new(physical, Flags(flags)).0
}

#[repr(C, align(4096))]
struct Table([usize; ENTRIES]);

/// The kernel's own addresses: all physical memory from the window on, and its image.
static ROOT: Table = Table({
    let mut entries = [0; ENTRIES];
    let mut index = USER_ENTRIES;
    while index < IMAGE_ENTRY {
        entries[index] = leaf((index - USER_ENTRIES) << GIGA_SHIFT);
        index += 1;
    }
    entries[IMAGE_ENTRY] = leaf(abi::boot::KERNEL_PHYSICAL >> GIGA_SHIFT << GIGA_SHIFT);
    entries
});

#[repr(C, align(4096))]
struct Words<const N: usize>(UnsafeCell<[usize; N]>);

// SAFETY: Rust code never makes a reference to the words. They are reached by their address, by whoever
// has the kernel's lock.
unsafe impl<const N: usize> Sync for Words<N> {}

impl<const N: usize> Words<N> {
    const fn new() -> Self {
        Self(UnsafeCell::new([0; N]))
    }

    fn address(&self) -> usize {
        self.0.get().expose_provenance()
    }
}

const TCB_WORDS: usize = 128;
static IDLE: Words<{ TCB_WORDS * HARTS }> = Words::new();
static SENDER_TABLES: Words<{ ENTRIES * abi::user_interrupt::SENDER_TABLES }> = Words::new();
static IRQ_SLOTS: Words<{ 4 * kernel_core::IRQS }> = Words::new();

unsafe extern "C" {
    static _kernel_start: u8;
    static _kernel_end: u8;
}

fn physical_of_image(address: usize) -> usize {
    address - abi::boot::KERNEL_VIRTUAL + abi::boot::KERNEL_PHYSICAL
}

/// Physical address of the kernel's root table.
pub fn root_table() -> usize {
    physical_of_image(&raw const ROOT as usize)
}

/// An entry of the kernel's root table.
pub fn root_entry(index: usize) -> usize {
    ROOT.0[index]
}

/// The idle thread of each hart.
pub fn idle_threads() -> [Tcb; HARTS] {
    let base = window_of(IDLE.address());
    core::array::from_fn(|hart| Tcb(base + 8 * TCB_WORDS * hart))
}

/// Where the slots of the interrupts lie.
pub fn irq_slots() -> usize {
    window_of(IRQ_SLOTS.address())
}

/// Where the sender tables lie: a page each.
pub fn sender_tables() -> usize {
    window_of(SENDER_TABLES.address())
}

/// The window's address for an address of the image: capabilities know no other.
fn window_of(address: usize) -> usize {
    physical_of_image(address) + abi::boot::PHYSICAL_WINDOW
}

/// Physical place of the kernel's image.
pub fn kernel_image() -> Range<usize> {
    let (start, end) = (&raw const _kernel_start as usize, &raw const _kernel_end as usize);
    physical_of_image(start)..physical_of_image(end)
}

/// The device tree, which nobody writes.
pub fn device_tree(physical: Range<usize>) -> Option<&'static [u8]> {
    let start =
        core::ptr::with_exposed_provenance::<u8>(physical.start + abi::boot::PHYSICAL_WINDOW);
    // SAFETY: the loader gave this memory, which the kernel gives to no user.
    Some(unsafe { core::slice::from_raw_parts(start, physical.len()) })
}
