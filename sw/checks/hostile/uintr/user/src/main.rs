//! Attacker and victim of `uintr-hostile`.
//!
//! The attacker tries
//! - every word of UIPI's opcode that differs in operation, form or `rs2`; SEND of every index to
//!   4095 and of wild ones,
//! - every CSR number: to read it, to write it, to set and to clear its bits,
//! - every address of UINTC by loads and stores of all sizes, atomics and jumps; samples of the
//!   addresses of other devices and of the kernel's memory.
//!
//! Without rights all of UIPI and all CSRs of user interrupts are illegal. With a table there is UIPI,
//! as a receiver there are the CSRs, too. The kernel skips what traps and tells the cause. The victim counts its rounds and its
//! interrupts.

#![no_std]
#![no_main]

mod csrs;
mod instructions;
mod memory;
mod victim;

use rt::{Call, attempt::Surprises, call};

rt::program!(main);

const VICTIM: usize = 1;

fn main(role: usize, argument: usize) -> ! {
    if role == VICTIM {
        victim::run();
    }
    let mut surprises = Surprises::default();
    let executed = instructions::attack(&mut surprises, argument != 0, argument == 2);
    csrs::attack(&mut surprises, argument == 2);
    // The windows do not depend on rights: once is enough.
    if argument == 0 {
        memory::attack(&mut surprises);
    }
    call(Call::Reach, [surprises.count(), executed]);
    unreachable!("the kernel has ended the attack")
}
