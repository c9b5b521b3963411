//! The smallest kernel: goes to user mode under Sv39 and serves two system calls.
//!
//! Expected output (the last two lines only on a hart that has N):
//!
//! ```text
//! rel4 firmware: SBI 2.0, hart 0 of 2
//! Hello from S-mode, under Sv39.
//! Hello from U-mode: this line came through a system call.
//! In the user interrupt handler: cause 0.
//! Back in the interrupted code: one user interrupt, no kernel involved.
//! ```

#![no_std]
#![no_main]

mod process;
mod syscall;

use supervisor::{
    hal::{
        context::{Supervisor, reg},
        csr,
        soc::{csr as number, irq},
    },
    has_user_interrupts, println,
};

supervisor::program!(main);

fn main(_hart: usize, _device_tree: usize) -> ! {
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
