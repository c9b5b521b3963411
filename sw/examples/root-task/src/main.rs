//! The smallest root task of ReL4: prints what it was given, and ends the machine.
//!
//! Expected output, after that of firmware and loader:
//!
//! ```text
//! Hello from the root task of ReL4.
//! untyped objects for 128 MiB
//! ```

#![no_std]
#![no_main]

use sel4::{abi::boot_info::BootInfo, debug, println};

sel4::root_task!(main);

fn main(info: &'static BootInfo) -> ! {
    println!("Hello from the root task of ReL4.");
    let count = info.untyped.end - info.untyped.start;
    let memory = info.untyped_list.iter().take(count).filter(|untyped| untyped.is_device == 0);
    let bytes: usize = memory.map(|untyped| 1 << untyped.size_bits).sum();
    println!("untyped objects for {} MiB", bytes.next_multiple_of(1 << 23) >> 20);
    debug::halt()
}
