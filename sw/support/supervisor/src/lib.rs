//! Runtime of S-mode programs that the firmware starts: entry, console, end, panic, other harts.
//!
//! A program is a `fn(hart, device_tree) -> !` given to [`program!`].

#![no_std]

pub mod console;
pub mod harts;

use core::{
    arch::{asm, global_asm},
    panic::PanicInfo,
};
use hal::soc::csr as number;
use sbi_rt::{NoReason, Shutdown, SystemFailure};

pub use hal;
pub use sbi_rt;

/// Makes a function the program.
#[macro_export]
macro_rules! program {
    ($main:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn supervisor_program(hart: usize, device_tree: usize) -> ! {
            $main(hart, device_tree)
        }
    };
}

const STACK_BYTES: usize = 16384;

#[repr(C, align(16))]
struct Stack([u8; STACK_BYTES]);
static mut STACK: Stack = Stack([0; STACK_BYTES]);

global_asm!(
    ".section .text.entry, \"ax\"",
    ".globl _start",
    "_start:",
    "la sp, {stack} + {size}",
    "la t0, _bss",
    "la t1, _bss_end",
    "1: sd zero, 0(t0)",
    "addi t0, t0, 8",
    "bltu t0, t1, 1b",
    "tail supervisor_program",
    stack = sym STACK,
    size = const STACK_BYTES,
);

/// Ends the machine: with success if `code` is 0.
pub fn exit(code: usize) -> ! {
    let result = match code {
        0 => sbi_rt::system_reset(Shutdown, NoReason),
        _ => sbi_rt::system_reset(Shutdown, SystemFailure),
    };
    unreachable!("the firmware did not end the machine: {result:?}")
}

/// Whether the hart has user-level interrupts: whether `sideleg` exists. Changes `stvec`.
pub fn has_user_interrupts() -> bool {
    let found: usize;
    // SAFETY: a trap only skips to the end. The caller sets `stvec` again.
    unsafe {
        asm!(
            "la {t}, 1f",
            "csrw stvec, {t}",
            "li {found}, 0",
            "csrr {t}, {sideleg}",
            "li {found}, 1",
            ".balign 4",
            "1:",
            t = out(reg) _,
            found = out(reg) found,
            sideleg = const number::SIDELEG,
        );
    }
    found == 1
}

/// Loads from an address that may fault; `None` if it does. Changes `stvec`.
pub fn try_load(address: usize) -> Option<usize> {
    let (value, faulted): (usize, usize);
    // SAFETY: a trap only skips to the end. The caller sets `stvec` again.
    unsafe {
        asm!(
            "la {faulted}, 1f",
            "csrw stvec, {faulted}",
            "li {faulted}, 1",
            "ld {value}, 0({address})",
            "li {faulted}, 0",
            ".balign 4",
            "1:",
            address = in(reg) address,
            value = inout(reg) 0usize => value,
            faulted = out(reg) faulted,
        );
    }
    (faulted == 0).then_some(value)
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("{info}");
    exit(1)
}
