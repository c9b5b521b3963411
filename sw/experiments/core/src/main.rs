//! Cycles of the hart's basic operations. M-mode, no firmware; the metrics of `rel4 bench core`.
//!
//! How to read the numbers. The pipeline is in order, and a read of `mcycle` gives the cycle in which
//! the reading instruction executes. What is between two reads costs their distance less that of
//! two reads with nothing between them.
//!
//! - *Latency* (`alu`, `mul`, `div`, `amo`, `lrsc`, `l1d_hit`, `mmio_read`): cycles from an
//!   instruction to a directly following one that needs its result; 1 is an ordinary ALU instruction.
//!   `mmio_write`: cycles that the store occupies the hart.
//! - *Bubbles* (`load_use`, `branch_taken`, `branch_mispredict`, and all trap entries and returns):
//!   cycles in which nothing executes between the two instructions concerned. For an entry these are
//!   the causing instruction (ECALL; the CSR write that makes the user interrupt pending) and the
//!   first of the handler; for a return, the return and the first instruction behind it.
//! - `timer_entry`: cycles from the clock edge on which `mtime` reaches `mtimecmp` to the first
//!   instruction of the handler, the device and its line included.
//! - *Beyond a hit* (`l1d_miss_l2_hit`, `l2_miss`, `tlb_miss`): latency of a load less that of an L1D
//!   hit.
//!
//! Everything measured has been run before, so that instructions, predictions and translations are
//! in their caches, unless their absence is what is measured.

#![no_std]
#![no_main]

mod blocks;
mod caches;
mod pipeline;
mod timer;
mod traps;

use bare::{hal::println, machine};
use metric::Samples;

bare::program!(main);

/// Samples of each metric.
const SAMPLES: usize = 1000;

/// Runs that are not counted before those that are.
const WARM_UP: usize = 64;

/// What all measurements collect into, one after the other.
type Collected = Samples<SAMPLES>;

fn main() -> u16 {
    let mut collected = Collected::new();
    machine::reset();
    pipeline::measure(&mut collected);
    caches::measure(&mut collected);
    traps::measure(&mut collected);
    timer::measure(&mut collected);
    println!("bench-core: done");
    0
}

/// Takes [`SAMPLES`] samples of what `sample` measures, after some that are not counted.
fn collect(collected: &mut Collected, mut sample: impl FnMut(usize) -> i64) {
    collected.clear();
    for index in 0..WARM_UP {
        sample(index);
    }
    for index in WARM_UP.. {
        if collected.is_full() {
            break;
        }
        collected.push(sample(index));
    }
}

/// The same of an event that costs something and does not happen each time: samples without cost are
/// left out.
fn collect_events(collected: &mut Collected, mut sample: impl FnMut(usize) -> i64) {
    const ATTEMPTS: usize = 10 * SAMPLES;
    collected.clear();
    let costs = (0..ATTEMPTS).map(&mut sample).skip(WARM_UP);
    for cost in costs.filter(|cost| *cost > 0) {
        if collected.is_full() {
            break;
        }
        collected.push(cost);
    }
}

/// Reports what was collected.
fn report(collected: &mut Collected, name: &'static str, parameters: &'static str) {
    println!("{}", collected.report(name, parameters));
}

/// The median of what was collected.
fn median(collected: &mut Collected) -> i64 {
    collected.report("", "").median.into()
}
