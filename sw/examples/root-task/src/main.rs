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

use abi::{Syscall, boot_info::BootInfo};
use core::{
    arch::{asm, global_asm},
    fmt::{self, Write},
};

const STACK_BYTES: usize = 4096;

#[repr(C, align(16))]
struct Stack([u8; STACK_BYTES]);
static mut STACK: Stack = Stack([0; STACK_BYTES]);

global_asm!(
    ".section .text.entry, \"ax\"",
    ".globl _start",
    "_start:",
    "la sp, {stack} + {size}",
    "tail {main}",
    stack = sym STACK,
    size = const STACK_BYTES,
    main = sym main,
);

/// A system call with one argument.
fn call(number: Syscall, argument: usize) {
    // SAFETY: the calls used here change registers only.
    unsafe {
        asm!("ecall", inlateout("a0") argument => _, inlateout("a1") 0 => _,
            in("a7") number as isize, options(nostack));
    }
}

struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| call(Syscall::DebugPutChar, usize::from(byte)));
        Ok(())
    }
}

extern "C" fn main(info: &BootInfo) -> ! {
    let _ = writeln!(Console, "Hello from the root task of ReL4.");
    let count = info.untyped.end - info.untyped.start;
    let memory = info.untyped_list.iter().take(count).filter(|untyped| untyped.is_device == 0);
    let bytes: usize = memory.map(|untyped| 1 << untyped.size_bits).sum();
    let _ = writeln!(Console, "untyped objects for {} MiB", bytes.next_multiple_of(1 << 23) >> 20);
    end()
}

fn end() -> ! {
    loop {
        call(Syscall::DebugHalt, 0);
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    let _ = writeln!(Console, "the root task panics");
    end()
}
