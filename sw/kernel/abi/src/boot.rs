//! How a loader enters the kernel: seL4's elfloader, or ours.
//!
//! Each hart arrives in S-mode at the kernel's ELF entry, which is a virtual address, with Sv39 on
//! and interrupts off. The loader has loaded the segments of the kernel's ELF file at their physical
//! addresses and cleared the rest of each. Its page table maps, with pages of 2 MiB, the kernel's
//! virtual addresses up to the next GiB boundary to where the kernel lies, and itself to itself.
//!
//! | register | content |
//! | --- | --- |
//! | `a0`, `a1` | physical begin and end of the root task's image |
//! | `a2` | physical minus virtual address of that image (wrapping) |
//! | `a3` | virtual entry of the root task |
//! | `a4`, `a5` | physical address and bytes of the device tree; 0 bytes if there is none |
//! | `a6` | hart ID |
//! | `a7` | number of this hart among the kernel's: 0 starts the root task |
//!
//! All harts give the same `a0` to `a5`. Behind the image of the root task, from the next page on,
//! is a page with the number of its program headers (4 bytes), the size of one (4 bytes), and the headers.
//! It does not belong to the image.
//!
//! The kernel starts the root task with `a0` = address of the boot information. The IPC buffer lies
//! on the page behind the image, the boot information on the next, further boot information behind.

/// Where kernel addresses begin at which all physical memory is mapped, from physical address 0.
pub const PHYSICAL_WINDOW: usize = 0xffff_ffc0_0000_0000;
/// Where the window ends; the kernel's own image lies above it.
pub const PHYSICAL_WINDOW_END: usize = 0xffff_ffff_8000_0000;
/// Physical address at which the kernel is linked.
pub const KERNEL_PHYSICAL: usize = 0x8020_0000;
/// Virtual address at which the kernel is linked.
pub const KERNEL_VIRTUAL: usize = PHYSICAL_WINDOW_END + (KERNEL_PHYSICAL & ((1 << 30) - 1));
