//! The user programs of `uintr` in one: role 0 measures, role 1 is its peer on another hart, role 2
//! runs on both in turn, the others are busy.
//!
//! How to read the numbers. All are cycles. A read of `cycle` gives the cycle in which the reading
//! instruction executes. The distance of two reads with nothing between them is subtracted. First
//! the program compares `cycle` of both harts by the clock that both see.
//!
//! - `send`: cycles that SEND keeps its hart from the next instruction. An ALU instruction has 1.
//! - `send_to_utvec`: from the SEND to the first instruction at `utvec`. The receiver runs in
//!   U-mode on another hart (`where=cross`) or is the sender itself (`same`).
//! - `handler_entry`: from there to the first instruction of the handler, which has the pending
//!   vectors in a register. The entry saves that register (`save=leaf`), what a call may change
//!   (`rust`), or everything in the published frame (`full`).
//! - `round_trip`: from a SEND to oneself to the instruction that it interrupted. The handler
//!   counts.
//! - `pingpong`: from a SEND until the answer has interrupted the sender and the sender sees that
//!   its handler has counted. The peer answers in its handler. There is one message each way.
//! - `pingpong_kernel`: the same by signals: a system call, an interrupt between harts (SBI), a
//!   kernel that calls the handler, and a system call to return from it.
//! - `offline`: from the SEND to the first instruction of the (leaf) handler of a receiver that
//!   sleeps in a system call, while `competing` busy threads share its hart.
//! - `switch_in`: a receiver is sent to while it has no hart (it is not active); then the kernel
//!   switches to it. Counted to the first instruction at `utvec`: from the first instruction of the
//!   switch (`from=switch`; another receiver is switched out) or from the write that makes the
//!   receiver active (`write_low`), on the hart that it had before or on the other (`where=same`,
//!   `migrated`).

#![no_std]
#![no_main]

mod busy;
mod cross;
mod entries;
mod kernel;
mod offline;
mod pingpong;
mod probes;
mod same;
mod shared;
mod switch;

use metric::Samples;
use rt::{exit, measure::cycle_of_time_zero};
use shared::{Step, shared};
use uintr::{Kernel, SenderIndex, Vector};
use uintr_shared::{MEASURING, PEER, ROAMING};

rt::program!(main);

/// Samples of each metric, and the runs before them that are not counted.
pub const SAMPLES: usize = 1000;
pub const WARM_UP: usize = 64;

/// The samples of the current measurement.
pub type Collected = Samples<SAMPLES>;

/// The vector of all sends.
pub const VECTOR: Vector = Vector::new(7);

fn main(role: usize, _argument: usize) -> ! {
    match role {
        MEASURING => measure(),
        PEER => serve(),
        ROAMING => switch::roam(),
        _ => busy::run(),
    }
}

fn measure() -> ! {
    let mut collected = Collected::new();
    let mut bench = same::Bench::register();
    entries::check(&mut bench);
    same::measure(&mut bench, &mut collected);
    let offset = shared().cycle_offset();
    rt::println!("uintr: cycle of hart 1 less that of hart 0: {offset}");
    cross::measure(&mut collected, offset);
    pingpong::measure(&mut bench, &mut collected);
    kernel::measure(&mut collected);
    offline::measure(&mut collected, offset);
    switch::measure(&mut collected);
    shared().begin(Step::End);
    rt::println!("uintr: done");
    exit(0)
}

/// The peer: takes its part in each step.
fn serve() -> ! {
    let mut bench = cross::Peer::register();
    loop {
        match shared().next_step() {
            Step::Clock => shared().result.set(cycle_of_time_zero() as u64),
            Step::Cross => cross::serve(&mut bench),
            Step::PingPong(kind) => pingpong::serve(&mut bench, kind),
            Step::Kernel => kernel::serve(),
            Step::Offline(competing) => offline::serve(&mut bench, competing),
            Step::Switch(place) => switch::serve(&mut bench, place),
            Step::End => loop {
                core::hint::spin_loop();
            },
        }
        shared().end();
    }
}

/// Reports what was collected.
pub fn report(collected: &mut Collected, name: &'static str, parameters: &'static str) {
    rt::println!("{}", collected.report(name, parameters));
    collected.clear();
}

/// The kernel's part of registration.
pub struct System;

impl Kernel for System {
    type Error = ();
    type Peer = usize;

    fn register_receiver(&mut self) -> Result<(), ()> {
        match rt::call(rt::Call::RegisterReceiver, [0, 0]) {
            rt::REFUSED => Err(()),
            _ => Ok(()),
        }
    }

    fn register_sender(&mut self, peer: usize, vector: Vector) -> Result<SenderIndex, ()> {
        match rt::call(rt::Call::RegisterSender, [peer, vector.number().into()]) {
            rt::REFUSED => Err(()),
            index => Ok(SenderIndex(index)),
        }
    }
}
