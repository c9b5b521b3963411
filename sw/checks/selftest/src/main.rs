//! Directed tests of a hart, each naming the clause it checks. M-mode, no firmware.
//!
//! Clauses: "priv" is the RISC-V privileged specification 1.12, "unpriv" the unprivileged one
//! (20191213), "Sstc" that extension's; `N-`, `UINTC-` and `TAIC-` are clauses of the documents in
//! `docs/spec`. Tests of what the former leave to the implementation, and of N, need a hart with N:
//! on others they are skipped.
//!
//! Expected output, and finisher code 0 (else the number of failed tests):
//!
//! ```text
//! ok    csr.misa (priv 3.1.1)
//! ...
//! selftest: N passed, 0 failed, 0 skipped
//! ```

#![no_std]
#![no_main]

mod accesses;
mod address_spaces;
mod atomics;
mod check;
mod contexts;
mod counters;
mod csrs;
mod delegation;
mod exceptions;
mod external;
mod interrupts;
mod line;
mod memory;
mod pmp;
mod receivers;
mod returns;
mod send_refused;
mod space;
mod taic_channels;
mod taic_notifications;
mod taic_queues;
mod translation;
mod uipi;
mod user;
mod views;

use bare::{hal::println, machine};
use check::{Check, Needs, Test};

bare::program!(main);

/// `pmp::LOCKING` comes last: what it locks stays locked.
const GROUPS: [&[Test]; 22] = [
    csrs::TESTS,
    views::TESTS,
    counters::TESTS,
    exceptions::TESTS,
    accesses::TESTS,
    returns::TESTS,
    delegation::TESTS,
    interrupts::TESTS,
    user::TESTS,
    uipi::TESTS,
    send_refused::TESTS,
    line::TESTS,
    external::TESTS,
    taic_queues::TESTS,
    taic_notifications::TESTS,
    taic_channels::TESTS,
    memory::TESTS,
    atomics::TESTS,
    translation::TESTS,
    address_spaces::TESTS,
    pmp::TESTS,
    pmp::LOCKING,
];

fn main() -> u16 {
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for test in GROUPS.into_iter().flatten() {
        if test.needs == Needs::OurHart && !machine::has_user_interrupts() {
            println!("skip  {} ({})", test.name, test.clause);
            skipped += 1;
            continue;
        }
        machine::reset();
        let mut check = Check::new(test.name);
        (test.run)(&mut check);
        if check.passed() {
            println!("ok    {} ({})", test.name, test.clause);
            passed += 1;
        } else {
            println!("FAIL  {} ({})", test.name, test.clause);
            failed += 1;
        }
    }
    println!("selftest: {passed} passed, {failed} failed, {skipped} skipped");
    failed
}
