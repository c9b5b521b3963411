//! Harts that use the TAIC at once: enqueues and dequeues of all harts in a cycle.
//!
//! M-mode, no firmware, so that it runs on any number of harts. Each hart has a local queue of its
//! own, in a context of its own (`contexts=different`) or all in one (`same`). `pattern=bursts`:
//! eight enqueues, then eight dequeues; `turns`: one each in turn. Printed are the metrics
//! `taic.ops_per_cycle` for 1, 2 and 4 harts, as far as they are there.

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
use probes::{probe_bursts, probe_turns};
use taic::{QueueIndex, Taic};
use uintc::Uintc;

bare::program!(main);

/// Rounds of 8 enqueues and 8 dequeues of each hart.
const ROUNDS: u64 = 500;
const WARM_UP: u64 = 20;
const OPERATIONS: u64 = 16;

/// What is queued. It is nobody's.
const TASK: u64 = 0x4_0000;

/// A measured loop.
type Probe = extern "C" fn(page: usize, task: u64, rounds: u64, cycle: i64) -> i64;

/// How many harts take part, which queues they use, in what way, and what that is called.
struct Case {
    harts: usize,
    contexts: Contexts,
    probe: Probe,
    parameters: &'static str,
}

#[derive(Clone, Copy)]
enum Contexts {
    Different = 0,
    Same = 1,
}

const fn case(harts: usize, contexts: Contexts, probe: Probe, parameters: &'static str) -> Case {
    Case { harts, contexts, probe, parameters }
}

use Contexts::{Different, Same};

static CASES: [Case; 10] = [
    case(1, Different, probe_bursts, "harts=1 contexts=different pattern=bursts"),
    case(1, Different, probe_turns, "harts=1 contexts=different pattern=turns"),
    case(2, Different, probe_bursts, "harts=2 contexts=different pattern=bursts"),
    case(2, Different, probe_turns, "harts=2 contexts=different pattern=turns"),
    case(2, Same, probe_bursts, "harts=2 contexts=same pattern=bursts"),
    case(2, Same, probe_turns, "harts=2 contexts=same pattern=turns"),
    case(4, Different, probe_bursts, "harts=4 contexts=different pattern=bursts"),
    case(4, Different, probe_turns, "harts=4 contexts=different pattern=turns"),
    case(4, Same, probe_bursts, "harts=4 contexts=same pattern=bursts"),
    case(4, Same, probe_turns, "harts=4 contexts=same pattern=turns"),
];

static HARTS: AtomicUsize = AtomicUsize::new(1);

/// Addresses of the pages of each hart, by [`Contexts`].
static PAGES: [[AtomicUsize; 2]; harts::MAX] =
    [const { [const { AtomicUsize::new(0) }; 2] }; harts::MAX];

/// The cycle in which each hart has ended.
static ENDED: [AtomicUsize; harts::MAX] = [const { AtomicUsize::new(0) }; harts::MAX];

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
        if hart < case.harts {
            (case.probe)(page, TASK, WARM_UP, 0);
        }
        let start = barrier::meet(harts);
        if hart < case.harts {
            let end = (case.probe)(page, TASK, ROUNDS, start as i64);
            ENDED[hart].store(end as usize, Relaxed);
        }
        barrier::meet(harts);
        if hart == 0 {
            report(case, start);
        }
    }
}

fn report(case: &Case, start: usize) {
    let ended = ENDED[..case.harts].iter().map(|cycle| cycle.load(Relaxed));
    let cycles = (ended.max().unwrap_or(start) - start) as u64;
    let operations = OPERATIONS * ROUNDS * case.harts as u64;
    let Case { parameters, .. } = *case;
    println!("{}", Rate { name: "taic.ops_per_cycle", parameters, operations, cycles });
}
