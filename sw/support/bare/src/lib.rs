//! Runtime of M-mode programs that have the machine to themselves: start, end, panic, and guests.
//!
//! Hart 0 runs the program, all others sleep until [`harts::start`]. The program is a function
//! given to [`program!`]; what it returns goes to the finisher, 0 is success.

#![no_std]

pub mod barrier;
pub mod encode;
pub mod guest;
pub mod harts;
pub mod machine;
pub mod random;
pub mod request;

use core::{arch::global_asm, panic::PanicInfo};
use hal::{finisher, println, soc::irq};

pub use hal;

/// Makes a `fn() -> u16` the program.
#[macro_export]
macro_rules! program {
    ($main:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn bare_program() -> u16 {
            $main()
        }
    };
}

const STACK_BYTES: usize = 16384;

#[repr(C, align(16))]
struct Stack([u8; STACK_BYTES]);
static mut STACK: Stack = Stack([0; STACK_BYTES]);

unsafe extern "C" {
    safe fn bare_program() -> u16;
}

global_asm!(
    ".section .text.entry, \"ax\"",
    ".globl _start",
    "_start:",
    "csrw mie, zero",
    "csrw mstatus, zero",
    "csrr t0, mhartid",
    "bnez t0, 2f",
    "la sp, {stack} + {size}",
    "la t0, _bss",
    "la t1, _bss_end",
    "1: sd zero, 0(t0)",
    "addi t0, t0, 8",
    "bltu t0, t1, 1b",
    "tail {main}",
    "2: csrwi mie, {software_interrupt}",
    "3: wfi",
    "csrr t1, mip",
    "andi t1, t1, {software_interrupt}",
    "beqz t1, 3b",
    "csrw mie, zero",
    "mv a0, t0",
    "la sp, {other_stacks}",
    "slli t0, t0, {size_log2}",
    "add sp, sp, t0",
    "tail {other_main}",
    stack = sym STACK,
    size = const STACK_BYTES,
    main = sym main,
    software_interrupt = const 1 << irq::MSI,
    size_log2 = const STACK_BYTES.ilog2(),
    other_stacks = sym harts::STACKS,
    other_main = sym harts::main,
);

extern "C" fn main() -> ! {
    hal::context::Machine::install();
    finisher::finish(bare_program())
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("{info}");
    finisher::finish(u16::MAX)
}
