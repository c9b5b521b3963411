//! All harts at once.

use crate::{
    PEER,
    device::task,
    probes::probe_bursts,
    shared::{COMMON, Contexts, OWN, Step, shared},
};
use hal::{csr, soc::csr as number};
use metric::Rate;

/// Bursts of 8 enqueues and 8 dequeues of each hart.
const BURSTS: u64 = 500;
const WARM_UP: u64 = 20;
const OPERATIONS: u64 = 16;

/// Cycles until all harts surely wait for the start.
const HEADWAY: i64 = 4000;

/// Measures and reports it for 1, 2 and 4 harts, as far as they are there.
pub fn measure(harts: usize) {
    for (harts, contexts, parameters) in [
        (1, Contexts::Different, "harts=1 contexts=different"),
        (2, Contexts::Different, "harts=2 contexts=different"),
        (2, Contexts::Same, "harts=2 contexts=same"),
        (4, Contexts::Different, "harts=4 contexts=different"),
        (4, Contexts::Same, "harts=4 contexts=same"),
    ]
    .into_iter()
    .filter(|(needed, ..)| *needed <= harts)
    {
        probe_bursts(page(contexts), task().bits(), WARM_UP, 0);
        let start = csr::read::<{ number::CYCLE }>() as i64 + HEADWAY;
        shared().start.set(start as u64);
        for hart in PEER..harts {
            shared().begin(hart, Step::Throughput(contexts));
        }
        let mut end = run(contexts);
        for hart in PEER..harts {
            shared().finish(hart);
            end = end.max(shared().ended[hart].get() as i64);
        }
        let operations = OPERATIONS * BURSTS * harts as u64;
        let cycles = end.abs_diff(start);
        user::println!("{}", Rate { name: "taic.ops_per_cycle", parameters, operations, cycles });
    }
}

/// On a peer.
pub fn serve(hart: usize, contexts: Contexts) {
    shared().ended[hart].set(run(contexts) as u64);
}

fn run(contexts: Contexts) -> i64 {
    let start = shared().start.get() as i64;
    probe_bursts(page(contexts), task().bits(), BURSTS, start)
}

fn page(contexts: Contexts) -> usize {
    match contexts {
        Contexts::Different => OWN,
        Contexts::Same => COMMON,
    }
}
