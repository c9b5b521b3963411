//! Contention: for a while all harts want the same thing. M-mode, no firmware; `rel4 conformance
//! contention` runs the program and judges its output.
//!
//! The harts count together in each of the ways in `ways.rs`, first without pauses, then with
//! random ones. A hart counts and notes the cycles of its longest attempt. A line on the UART is
//! the request: `HARTS CYCLES SEED`. For each way the program prints
//!
//! - `contention WAY PAUSE HARTS CYCLES COUNTER [COUNTED:LONGEST:MEAN ...]`, the last for each
//!   hart. COUNTER must be the sum of what they counted.

#![no_std]
#![no_main]

mod ways;

use bare::{
    barrier,
    hal::{print, println, soc},
    harts,
    random::Random,
    request::Request,
};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use ways::{WAYS, Way};

bare::program!(main);

// The request. Hart 0 writes it before the others start.
static HARTS: AtomicUsize = AtomicUsize::new(1);
static CYCLES: AtomicUsize = AtomicUsize::new(0);
static SEED: AtomicUsize = AtomicUsize::new(0);

/// What a hart achieved.
#[repr(align(64))]
struct Record {
    counted: AtomicUsize,
    longest: AtomicUsize,
    waited: AtomicUsize,
}

static RECORDS: [Record; harts::MAX] = [const {
    Record {
        counted: AtomicUsize::new(0),
        longest: AtomicUsize::new(0),
        waited: AtomicUsize::new(0),
    }
}; harts::MAX];

/// Greatest pause between two attempts, in turns of a loop.
const PAUSES: [usize; 2] = [0, 32];

fn main() -> u16 {
    let request = Request::read();
    HARTS.store(request.number(0, soc::HARTS), Relaxed);
    CYCLES.store(request.number(1, 10_000), Relaxed);
    SEED.store(request.number(2, 1), Relaxed);
    harts::start(HARTS.load(Relaxed), run);
    run(0);
    0
}

/// The work of every hart.
fn run(hart: usize) {
    let harts = HARTS.load(Relaxed);
    for way in WAYS {
        for pause in PAUSES {
            count(hart, way, pause);
            barrier::meet(harts);
            if hart == 0 {
                report(way, pause);
            }
            barrier::meet(harts);
        }
    }
}

/// Counts until the time is over.
fn count(hart: usize, way: &Way, pause: usize) {
    let mut random = Random::new(SEED.load(Relaxed) as u64 ^ (hart as u64 + 1) << 32);
    let (mut counted, mut longest, mut waited) = (0, 0, 0);
    let start = barrier::meet(HARTS.load(Relaxed));
    let end = start + CYCLES.load(Relaxed);
    while barrier::cycle() < start {}
    loop {
        let before = barrier::cycle();
        if before >= end {
            break;
        }
        (way.count)(hart);
        let cycles = barrier::cycle() - before;
        counted += 1;
        waited += cycles;
        longest = longest.max(cycles);
        if pause > 0 {
            (0..random.below(pause)).for_each(|_| core::hint::spin_loop());
        }
    }
    let record = &RECORDS[hart];
    record.counted.store(counted, Relaxed);
    record.longest.store(longest, Relaxed);
    record.waited.store(waited, Relaxed);
}

fn report(way: &Way, pause: usize) {
    let harts = HARTS.load(Relaxed);
    let counter = ways::take_counter();
    print!("contention {} {pause} {harts} {} {counter}", way.name, CYCLES.load(Relaxed));
    for record in &RECORDS[..harts] {
        let counted = record.counted.load(Relaxed);
        let mean = record.waited.load(Relaxed) / counted.max(1);
        print!(" {counted}:{}:{mean}", record.longest.load(Relaxed));
    }
    println!();
}
