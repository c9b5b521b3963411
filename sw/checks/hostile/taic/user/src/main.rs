//! Attacker and victim of `taic-hostile`.
//!
//! On each page of a local queue that it has, the attacker tries
//! - loads and stores of all sizes, atomics and jumps at every offset, with several values,
//! - SEND of all channels, with and without a choice of queue, and of random words,
//! - ARM of all channels and ARM_LINE of all lines, with several tasks,
//! - the published registrations with all contexts, whether they are permitted or not,
//! - to queue more tasks than it may.
//!
//! It also loads and stores all over the device by its physical addresses. The kernel skips what
//! traps and tells the cause. The victim counts its rounds and its interrupts.

#![no_std]
#![no_main]

mod accesses;
mod random;
mod registers;
mod victim;

use rt::{Call, QUEUES, attempt::Surprises, call};

rt::program!(main);

const VICTIM: usize = 1;
const PAGE: usize = 4096;

/// Upper half of all tasks of others. The attacker uses no such word and must not see one.
const SECRET: u64 = 0x5ec2;

/// `argument`: pages of local queues in its low byte; bit 8: compatible registration is permitted.
fn main(role: usize, argument: usize) -> ! {
    if role == VICTIM {
        victim::run();
    }
    let mut surprises = Surprises::default();
    let (pages, compatible) = (argument & 0xff, argument >> 8 & 1 == 1);
    accesses::attack_device(&mut surprises);
    for page in (0..pages).map(|index| QUEUES + index * PAGE) {
        accesses::attack_page(&mut surprises, page, compatible);
        registers::attack(&mut surprises, page, compatible);
    }
    call(Call::Reach, [surprises.count(), 0]);
    unreachable!("the kernel has ended the attack")
}

/// Whether a word is a task of somebody else.
fn is_secret(word: u64) -> bool {
    word >> 32 == SECRET
}
