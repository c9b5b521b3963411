//! A kernel in the format of Linux's `Image`, which checks how it was booted.
//!
//! It starts with the 64 bytes of the header. `rel4 sim --kernel` puts it behind a firmware, with
//! the RAM disk and the command line that it expects. Expected output after the firmware's:
//!
//! ```text
//! ok    started as the hart that the tree has
//! ok    device tree
//! ok    command line
//! ok    initial RAM disk
//! ok    memory of the firmware is reserved
//! kerneltest: 0 failed
//! ```

#![no_std]
#![no_main]

use core::{arch::global_asm, slice};
use fdt::{Fdt, node::FdtNode};
use supervisor::{exit, hal::soc::DRAM_BASE, println};

supervisor::program!(main);

const COMMAND_LINE: &str = "console=ttyS0 quiet name=\"two words\"";
const DISK: &[u8] = b"the RAM disk of kerneltest\n";

unsafe extern "C" {
    static _bss_end: u8;
}

// The header: a jump over it, where to load it from the start of memory, its size in memory, flags,
// version 0.2, and both magic numbers.
global_asm!(
    ".section .text.header, \"ax\"",
    ".option push",
    ".option norvc",
    "image_header:",
    "j _start",
    "nop",
    ".option pop",
    ".dword 0x200000",
    ".dword _bss_end - image_header",
    ".dword 0",
    ".word 2",
    ".word 0",
    ".dword 0",
    ".ascii \"RISCV\\0\\0\\0\"",
    ".ascii \"RSC\\x05\"",
    ".word 0",
);

fn main(hart: usize, device_tree: usize) -> ! {
    // SAFETY: `a1`, as every kernel takes it; the parser checks what it finds there.
    let tree = unsafe { Fdt::from_ptr(core::ptr::with_exposed_provenance(device_tree)) };
    let Ok(tree) = tree else {
        println!("FAIL  no device tree at {device_tree:#x}");
        exit(1)
    };
    let tests: [(&str, bool); 5] = [
        ("started as the hart that the tree has", tree.cpus().any(|c| c.ids().first() == hart)),
        ("device tree", device_tree.is_multiple_of(8) && tree.total_size() > 1024),
        ("command line", tree.chosen().bootargs() == Some(COMMAND_LINE)),
        ("initial RAM disk", disk(&tree) == Some(DISK)),
        ("memory of the firmware is reserved", reserves(&tree, DRAM_BASE)),
    ];
    let mut failed = 0;
    for (name, passed) in tests {
        println!("{}  {name}", if passed { "ok  " } else { "FAIL" });
        failed += usize::from(!passed);
    }
    println!("kerneltest: {failed} failed");
    exit(failed)
}

/// The RAM disk, where the tree says that it is.
fn disk(tree: &Fdt) -> Option<&'static [u8]> {
    let chosen = tree.find_node("/chosen")?;
    let start = chosen.property("linux,initrd-start")?.as_usize()?;
    let end = chosen.property("linux,initrd-end")?.as_usize()?;
    let behind = &raw const _bss_end as usize;
    if start < behind || end <= start || end - start > 4096 {
        return None;
    }
    // SAFETY: memory behind this program, which nothing writes.
    Some(unsafe { slice::from_raw_parts(core::ptr::with_exposed_provenance(start), end - start) })
}

/// Whether memory from `address` on is reserved. OpenSBI adds ranges of its own.
fn reserves(tree: &Fdt, address: usize) -> bool {
    let starts = |node: FdtNode| Some(node.reg()?.next()?.starting_address as usize);
    tree.find_node("/reserved-memory").is_some_and(|reserved| {
        let mut ranges = reserved.children();
        ranges.any(|node| node.property("no-map").is_some() && starts(node) == Some(address))
    })
}
