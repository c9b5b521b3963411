//! The user program of `hello`: prints, and interrupts itself.
//!
//! Starts with `a0` = 1 if the hart has user-level interrupts. Its two system calls: `a7` = 0 writes
//! `a1` bytes at `a0`, `a7` = 1 exits with code `a0`.

#![no_std]
#![no_main]

mod interrupt;
mod syscall;

use core::panic::PanicInfo;

/// The kernel has prepared everything, `sp` included.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".text.entry")]
extern "C" fn _start(user_interrupts: usize) -> ! {
    println!("Hello from U-mode: this line came through a system call.");
    if user_interrupts == 0 {
        println!("This hart has no user-level interrupts.");
        syscall::exit(0);
    }
    let before = interrupt::taken();
    interrupt::raise_and_wait();
    match interrupt::taken() - before {
        1 => {
            println!("Back in the interrupted code: one user interrupt, no kernel involved.");
            syscall::exit(0)
        }
        count => {
            println!("Expected 1 user interrupt, took {count}.");
            syscall::exit(1)
        }
    }
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("user program: {info}");
    syscall::exit(1)
}
