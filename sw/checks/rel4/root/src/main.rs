//! Tests of ReL4 by a root task: for each invocation what it does, and each error that it gives.
//!
//! Prints a line for each test, then `rel4test: N passed, M failed`. With failures the machine ends
//! with code 1.

#![no_std]
#![no_main]

mod async_call;
mod check;
mod cnode;
mod fault;
mod helper;
mod hostile;
mod ipc;
mod irq;
mod kept;
mod notification;
mod process;
mod schedule;
mod task_context;
mod tcb;
mod untyped;
mod user_interrupt;
mod vspace;

use check::Test;
use root::Root;
use sel4::{abi::boot_info::BootInfo, println};

sel4::root_task!(main);

const ALL: &[(&str, &[Test])] = &[
    ("cnode", cnode::TESTS),
    ("untyped", untyped::TESTS),
    ("tcb", tcb::TESTS),
    ("vspace", vspace::TESTS),
    ("ipc", ipc::TESTS),
    ("notification", notification::TESTS),
    ("fault", fault::TESTS),
    ("schedule", schedule::TESTS),
    ("irq", irq::TESTS),
    ("kept", kept::TESTS),
    ("user_interrupt", user_interrupt::TESTS),
    ("async_call", async_call::TESTS),
    ("task_context", task_context::TESTS),
    ("process", process::TESTS),
    ("hostile", hostile::TESTS),
];

fn main(info: &'static BootInfo) -> ! {
    let mut root = Root::new(info);
    let (mut passed, mut failed) = (0, 0);
    for (group, tests) in ALL {
        for (name, test) in *tests {
            let outcome = test(&mut root).and_then(|()| helper::let_others_run(&mut root));
            match outcome {
                Ok(()) => {
                    passed += 1;
                    println!("pass {group}: {name}");
                }
                Err(wrong) => {
                    failed += 1;
                    println!("FAIL {group}: {name}: {wrong}");
                }
            }
        }
    }
    println!("rel4test: {passed} passed, {failed} failed");
    if failed > 0 {
        helper::end_with_failure(&mut root);
    }
    sel4::debug::halt()
}
