//! Cycles of the hart's basic operations. M-mode, no firmware; the metrics of `rel4 bench core`.
//!
//! How to read the numbers. The pipeline is in order, and a read of `mcycle` gives the cycle in
//! which the reading instruction executes. The cost of some code is the distance of two reads
//! around it, minus the distance of two reads with nothing between them.
//!
//! - *Latency* (`alu`, `mul`, `div`, `amo`, `lrsc`, `l1d_hit`, `mmio_read`): cycles from an
//!   instruction to the next one, if that needs its result. An ordinary ALU instruction has 1.
//!   `mmio_write`: cycles that the store occupies the hart.
//! - *Bubbles* (`load_use`, `branch_taken`, `branch_mispredict`, and all trap entries and returns):
//!   cycles between two instructions in which nothing executes. For an entry the two are the
//!   causing instruction (ECALL, or the CSR write that makes the user interrupt pending) and the
//!   first of the handler. For a return they are the return and the first instruction after it.
//! - `timer_entry`: cycles from the clock edge on which `mtime` reaches `mtimecmp` to the first
//!   instruction of the handler, the device and its line included.
//! - *Beyond a hit* (`l1d_miss_l2_hit`, `l2_miss`, `tlb_miss`): latency of a load minus that of an
//!   L1D hit.
//!
//! All measured code has run before, so instructions, predictions and translations are in their
//! caches, unless the measurement is about their absence.

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

/// Runs before the first sample.
const WARM_UP: usize = 64;

/// The samples of the current measurement.
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

/// Takes [`SAMPLES`] samples from `sample`, after some runs that are not counted.
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

/// The same for an event that does not happen each time: leaves out samples without cost.
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
