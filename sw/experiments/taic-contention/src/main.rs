//! Harts that use the TAIC at once: enqueues and dequeues of all harts in a cycle.
//!
//! M-mode, no firmware, so that it runs on any number of harts. Each hart has a local queue of its
//! own, in a context of its own (`contexts=different`) or all in one (`same`). All begin within some
//! cycles. What is printed is the number of enqueues and dequeues of all harts, divided by the cycles
//! from the first instruction of the first hart until the last one has the answer to its last load;
//! behind stores alone that is a read of what was refused, which is not counted as an operation.
//! `taic.ops_per_cycle`, for 1, 2 and 4 harts, as far as they are there:
//!
//! | `pattern` | instructions of each hart |
//! | --- | --- |
//! | `enqueues` | 64 stores (`same`: 16); the queue was empty |
//! | `dequeues` | as many loads; there were as many tasks |
//! | `bursts` | 8 stores, 8 loads, again and again |
//! | `turns` | a store, a load, again and again |

#![no_std]
#![no_main]

mod probes;

use bare::{
    barrier,
    hal::{
        println,
        soc::{TAIC_BASE, UINTC_BASE},
    },
    harts,
};
use core::{
    ptr,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};
use metric::Rate;
use probes::{Probe, Span, probe_bursts, probe_dequeues, probe_enqueues, probe_turns};
use taic::{QueueIndex, Taic};
use uintc::Uintc;

bare::program!(main);

/// What is queued. It is nobody's.
const TASK: u64 = 0x4_0000;

/// A way of using a queue, within what a context may have. It leaves the queue as it was with what comes before and after it, which
/// is not counted.
struct Pattern {
    before: Option<Probe>,
    probe: Probe,
    after: Option<Probe>,
    /// Operations of a round; rounds without a pause, by [`Contexts`]; and how often.
    operations: u64,
    rounds: [u64; 2],
    repetitions: u64,
}

static BURSTS: Pattern = long(probe_bursts);
static TURNS: Pattern = long(probe_turns);
static ENQUEUES: Pattern = short(None, probe_enqueues, Some(probe_dequeues));
static DEQUEUES: Pattern = short(Some(probe_enqueues), probe_dequeues, None);

const fn long(probe: Probe) -> Pattern {
    Pattern { before: None, probe, after: None, operations: 64, rounds: [120; 2], repetitions: 1 }
}

const fn short(before: Option<Probe>, probe: Probe, after: Option<Probe>) -> Pattern {
    Pattern { before, probe, after, operations: 16, rounds: [4, 1], repetitions: 40 }
}

/// How many harts take part, which queues they use, in what way, and what that is called.
struct Case {
    harts: usize,
    contexts: Contexts,
    pattern: &'static Pattern,
    parameters: &'static str,
}

impl Case {
    fn rounds(&self) -> u64 {
        self.pattern.rounds[self.contexts as usize]
    }
}

#[derive(Clone, Copy)]
enum Contexts {
    Different = 0,
    Same = 1,
}

macro_rules! cases {
    ($($harts:literal $contexts:ident $called:literal),*) => {
        static CASES: &[Case] = &[$(
            case($harts, Contexts::$contexts, &ENQUEUES, concat!($called, " pattern=enqueues")),
            case($harts, Contexts::$contexts, &DEQUEUES, concat!($called, " pattern=dequeues")),
            case($harts, Contexts::$contexts, &BURSTS, concat!($called, " pattern=bursts")),
            case($harts, Contexts::$contexts, &TURNS, concat!($called, " pattern=turns")),
        )*];
    };
}

const fn case(
    harts: usize,
    contexts: Contexts,
    pattern: &'static Pattern,
    parameters: &'static str,
) -> Case {
    Case { harts, contexts, pattern, parameters }
}

cases! {
    1 Different "harts=1 contexts=different",
    2 Different "harts=2 contexts=different",
    2 Same "harts=2 contexts=same",
    4 Different "harts=4 contexts=different",
    4 Same "harts=4 contexts=same"
}

static HARTS: AtomicUsize = AtomicUsize::new(1);

/// Addresses of the pages of each hart, by [`Contexts`].
static PAGES: [[AtomicUsize; 2]; harts::MAX] =
    [const { [const { AtomicUsize::new(0) }; 2] }; harts::MAX];

/// When each hart has begun and ended.
static SPANS: [[AtomicUsize; 2]; harts::MAX] =
    [const { [const { AtomicUsize::new(0) }; 2] }; harts::MAX];

fn main() -> u16 {
    // SAFETY: M-mode, without translation.
    let (taic, uintc) =
        unsafe { (Taic::at(TAIC_BASE), Uintc::new(ptr::with_exposed_provenance_mut(UINTC_BASE))) };
    let taic = taic.expect("the TAIC has an ID register");
    let count = uintc.identity().map_or(1, |it| usize::from(it.harts)).min(harts::MAX);
    for (hart, pages) in PAGES.iter().enumerate().take(count) {
        for (page, process) in pages.iter().zip([1 + hart as u64, 100]) {
            let queue = taic.allocate(1, process).expect("a queue is free");
            page.store(address(taic, queue), Relaxed);
        }
    }
    HARTS.store(count, Relaxed);
    harts::start(count, |hart| {
        run(hart);
        loop {
            core::hint::spin_loop();
        }
    });
    run(0);
    0
}

fn address(taic: Taic, queue: QueueIndex) -> usize {
    TAIC_BASE + taic.page(queue).expect("it is allocated")
}

/// What every hart does: its part in each case, while the others wait.
fn run(hart: usize) {
    let harts = HARTS.load(Relaxed);
    for case in CASES.iter().filter(|case| case.harts <= harts) {
        let page = PAGES[hart][case.contexts as usize].load(Relaxed);
        let takes_part = hart < case.harts;
        let rounds = case.rounds();
        let mut cycles = 0;
        // Once more, first, for the caches.
        for repetition in 0..=case.pattern.repetitions {
            let probe = |probe: Option<Probe>, cycle| match probe {
                Some(probe) if takes_part => probe(page, TASK, rounds, cycle),
                _ => Span { begin: 0, end: 0 },
            };
            probe(case.pattern.before, 0);
            let start = barrier::meet(harts);
            let span = probe(Some(case.pattern.probe), start);
            SPANS[hart]
                .iter()
                .zip([span.begin, span.end])
                .for_each(|(at, it)| at.store(it, Relaxed));
            barrier::meet(harts);
            if repetition > 0 {
                cycles += cycles_of_all(case);
            }
            probe(case.pattern.after, 0);
        }
        if hart == 0 {
            report(case, cycles as u64);
        }
    }
}

/// From the begin of the first hart to the end of the last.
fn cycles_of_all(case: &Case) -> usize {
    let of = |index: usize| SPANS[..case.harts].iter().map(move |span| span[index].load(Relaxed));
    of(1).max().unwrap_or_default() - of(0).min().unwrap_or_default()
}

fn report(case: &Case, cycles: u64) {
    let Case { parameters, pattern, .. } = *case;
    let operations = pattern.operations * case.rounds() * pattern.repetitions * case.harts as u64;
    println!("{}", Rate { name: "taic.ops_per_cycle", parameters, operations, cycles });
}
