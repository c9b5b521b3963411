//! The smallest kernel: goes to user mode under Sv39 and serves two system calls.
//!
//! Expected output (the last two lines only on a hart that has N):
//!
//! ```text
//! rel4 firmware: SBI 2.0, hart 0 of 1
//! Hello from S-mode, under Sv39.
//! Hello from U-mode: this line came through a system call.
//! In the user interrupt handler: cause 0.
//! Back in the interrupted code: one user interrupt, no kernel involved.
//! ```

#![no_std]
#![no_main]

mod console;
mod process;
mod syscall;

use core::{
    arch::{asm, global_asm},
    panic::PanicInfo,
};
use hal::{
    context::{Supervisor, reg},
    csr,
    soc::csr as number,
    soc::irq,
};
use sbi_rt::{NoReason, Shutdown, SystemFailure};

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
    "tail {main}",
    stack = sym STACK,
    size = const STACK_BYTES,
    main = sym main,
);

extern "C" fn main() -> ! {
    let user_interrupts = has_user_interrupts();
    Supervisor::install();
    let mut process = match process::load() {
        Ok(process) => process,
        Err(error) => panic!("user program: {error:?}"),
    };
    println!("Hello from S-mode, under Sv39.");
    if user_interrupts {
        // SAFETY: a user interrupt concerns U-mode alone.
        unsafe { csr::write::<{ number::SIDELEG }>(1 << irq::USI) };
    }
    process.registers[reg::A0] = user_interrupts.into();
    // SAFETY: chooses U-mode for the return from the trap to come.
    unsafe { csr::clear::<{ number::SSTATUS }>(csr::status::SPP) };
    loop {
        // SAFETY: the process has memory of its own only; `SPP` is U.
        unsafe { process.run::<Supervisor>() };
        syscall::serve(&mut process);
    }
}

/// Whether `sideleg` is there: a trap on the attempt to read it skips to the end.
fn has_user_interrupts() -> bool {
    let found: usize;
    // SAFETY: the trap vector is set to a place in this very code, and not used after it.
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

/// Ends the machine.
fn exit(code: usize) -> ! {
    let result = match code {
        0 => sbi_rt::system_reset(Shutdown, NoReason),
        _ => sbi_rt::system_reset(Shutdown, SystemFailure),
    };
    unreachable!("the firmware did not end the machine: {result:?}")
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("kernel: {info}");
    exit(1)
}
