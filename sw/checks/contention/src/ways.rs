//! Ways for several harts to add 1 to one counter.

use bare::harts::MAX;
use core::{
    arch::asm,
    hint::spin_loop,
    sync::atomic::{
        AtomicUsize,
        Ordering::{AcqRel, Acquire, Relaxed, Release},
    },
};

/// Something in a cache line of its own.
#[repr(align(64))]
struct Line(AtomicUsize);

impl Line {
    const fn new(value: usize) -> Self {
        Self(AtomicUsize::new(value))
    }
}

static COUNTER: Line = Line::new(0);

/// A way to count: adds 1 as the given hart.
pub struct Way {
    pub name: &'static str,
    pub count: fn(usize),
}

/// All of them.
pub const WAYS: &[Way] = &[
    Way { name: "amo", count: amo },
    Way { name: "lrsc", count: lrsc },
    Way { name: "lrsc-against-amo", count: lrsc_against_amo },
    Way { name: "test-and-set", count: test_and_set },
    Way { name: "ticket", count: ticket },
    Way { name: "mcs", count: mcs },
];

/// What was counted. Sets the counter to 0.
pub fn take_counter() -> usize {
    COUNTER.0.swap(0, AcqRel)
}

/// One AMO.
fn amo(_hart: usize) {
    COUNTER.0.fetch_add(1, Relaxed);
}

/// A constrained LR/SC loop.
fn lrsc(_hart: usize) {
    // SAFETY: the counter is atomic.
    unsafe {
        asm!(
            "1: lr.d {value}, ({counter})",
            "addi {value}, {value}, 1",
            "sc.d {failed}, {value}, ({counter})",
            "bnez {failed}, 1b",
            counter = in(reg) &raw const COUNTER,
            value = out(reg) _,
            failed = out(reg) _,
        );
    }
}

/// LR/SC on hart 0, AMOs on all others. An AMO never fails.
fn lrsc_against_amo(hart: usize) {
    if hart == 0 { lrsc(hart) } else { amo(hart) }
}

/// Adds 1 by a load and a store. Only the owner of the lock may do so.
fn locked() {
    COUNTER.0.store(COUNTER.0.load(Relaxed) + 1, Relaxed);
}

static LOCK: Line = Line::new(0);

/// A spin lock: a swap for each attempt.
fn test_and_set(_hart: usize) {
    while LOCK.0.swap(1, Acquire) != 0 {
        spin_loop();
    }
    locked();
    LOCK.0.store(0, Release);
}

static NEXT: Line = Line::new(0);
static SERVED: Line = Line::new(0);

/// A ticket lock: first come, first served.
fn ticket(_hart: usize) {
    let mine = NEXT.0.fetch_add(1, Relaxed);
    while SERVED.0.load(Acquire) != mine {
        spin_loop();
    }
    locked();
    SERVED.0.store(mine + 1, Release);
}

/// The end of a queue: nobody.
const NONE: usize = MAX;
static LAST: Line = Line::new(NONE);
static FOLLOWER: [Line; MAX] = [const { Line::new(NONE) }; MAX];
static WAITS: [Line; MAX] = [const { Line::new(0) }; MAX];

/// A queue of waiting harts. Each looks at a line of its own.
fn mcs(hart: usize) {
    FOLLOWER[hart].0.store(NONE, Relaxed);
    WAITS[hart].0.store(1, Relaxed);
    let before = LAST.0.swap(hart, AcqRel);
    if before != NONE {
        FOLLOWER[before].0.store(hart, Release);
        while WAITS[hart].0.load(Acquire) != 0 {
            spin_loop();
        }
    }
    locked();
    if LAST.0.compare_exchange(hart, NONE, Release, Relaxed).is_err() {
        let follower = loop {
            match FOLLOWER[hart].0.load(Acquire) {
                NONE => spin_loop(),
                hart => break hart,
            }
        };
        WAITS[follower].0.store(0, Release);
    }
}
