//! Litmus tests of the memory model. M-mode, no firmware; `rel4 conformance litmus` runs them and
//! knows which outcomes are allowed.
//!
//! A test is a few instructions for each of several harts, and observed values that make up the
//! outcome. It runs in batches of many instances on random pairs of harts. Each instance has
//! variables of its own. A line on the UART is the request: `list`, or `HARTS ITERATIONS SEED
//! [TEST]`. Without a line the program runs every test with few iterations. It prints
//!
//! - `test NAME THREADS [OBSERVED ...]`, where `1:a2` is a register of thread 1 and `x` a variable,
//!   and for each thread `code NAME THREAD [WORD ...]`;
//! - `litmus NAME HARTS ITERATIONS CYCLES [OUTCOME=COUNT ...]`. An outcome is the observed values,
//!   a digit each. `wild` contains a value that no thread writes.

#![no_std]
#![no_main]

mod batch;
mod race;
mod tests;

use bare::{
    barrier,
    hal::{print, println, soc},
    harts,
    request::Request,
};
use batch::{Histogram, INSTANCES};
use core::{
    array,
    sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed},
};
use tests::{Observed, TESTS, Test};

bare::program!(main);

// The request. Hart 0 writes it before the others start.
static HARTS: AtomicUsize = AtomicUsize::new(1);
static ITERATIONS: AtomicUsize = AtomicUsize::new(0);
static SEED: AtomicUsize = AtomicUsize::new(0);
static FIRST: AtomicUsize = AtomicUsize::new(0);
static LAST: AtomicUsize = AtomicUsize::new(TESTS.len());

/// What all harts counted for the current test.
static TOTAL: [AtomicU32; batch::COUNTERS] = [const { AtomicU32::new(0) }; batch::COUNTERS];

fn main() -> u16 {
    let request = Request::read();
    if request.word(0) == Some("list") {
        TESTS.iter().for_each(describe);
        return 0;
    }
    if let Some(name) = request.word(3) {
        let Some(index) = TESTS.iter().position(|test| test.name == name) else {
            println!("no test {name}");
            return 1;
        };
        FIRST.store(index, Relaxed);
        LAST.store(index + 1, Relaxed);
    }
    HARTS.store(request.number(0, soc::HARTS), Relaxed);
    ITERATIONS.store(request.number(1, 2000), Relaxed);
    SEED.store(request.number(2, 1), Relaxed);
    harts::start(HARTS.load(Relaxed), run);
    run(0);
    0
}

/// The work of every hart: its part of the requested tests.
fn run(hart: usize) {
    let harts = HARTS.load(Relaxed);
    for test in &TESTS[FIRST.load(Relaxed)..LAST.load(Relaxed)] {
        let instances = INSTANCES * batch::groups(test, harts);
        if instances == 0 {
            continue;
        }
        let batches = ITERATIONS.load(Relaxed).div_ceil(instances);
        let before = barrier::cycle();
        let counted = batch::run(hart, harts, test, batches, SEED.load(Relaxed) as u64);
        for (total, count) in TOTAL.iter().zip(counted) {
            if count > 0 {
                total.fetch_add(count, Relaxed);
            }
        }
        barrier::meet(harts);
        if hart == 0 {
            let cycles = barrier::cycle() - before;
            report(
                test,
                harts,
                (batches * instances, cycles),
                &array::from_fn(|index| TOTAL[index].swap(0, Relaxed)),
            );
        }
    }
}

/// Prints what a test is.
fn describe(test: &Test) {
    print!("test {} {}", test.name, test.threads.len());
    for observed in test.observed {
        match observed {
            Observed::A2(thread) => print!(" {thread}:a2"),
            Observed::A3(thread) => print!(" {thread}:a3"),
            Observed::X => print!(" x"),
            Observed::Y => print!(" y"),
        }
    }
    println!();
    for thread in 0..test.threads.len() {
        print!("code {} {thread}", test.name);
        test.code(thread).for_each(|word| print!(" {word:08x}"));
        println!();
    }
}

/// Prints what came out of a test.
fn report(test: &Test, harts: usize, (iterations, cycles): (usize, usize), counted: &Histogram) {
    print!("litmus {} {harts} {iterations} {cycles}", test.name);
    for (outcome, count) in counted.iter().enumerate().filter(|(_, count)| **count > 0) {
        if outcome == batch::WILD {
            print!(" wild={count}");
            continue;
        }
        print!(" ");
        for place in (0..test.observed.len()).rev() {
            print!("{}", outcome >> (2 * place) & 3);
        }
        print!("={count}");
    }
    println!();
}
