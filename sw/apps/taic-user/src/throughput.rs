//! All harts at once.

use crate::{
    PEER,
    device::task,
    probes::{probe_bursts, probe_turns},
    shared::{COMMON, Contexts, OWN, Pattern, Step, shared},
};
use hal::{csr, soc::csr as number};
use metric::Rate;

/// Rounds of 8 enqueues and 8 dequeues of each hart.
const ROUNDS: u64 = 500;
const WARM_UP: u64 = 20;
const OPERATIONS: u64 = 16;

/// Cycles until all harts surely wait for the start.
const HEADWAY: i64 = 4000;

const CASES: [(usize, Contexts, Pattern, &str); 10] = [
    (1, Contexts::Different, Pattern::Bursts, "harts=1 contexts=different pattern=bursts"),
    (1, Contexts::Different, Pattern::Turns, "harts=1 contexts=different pattern=turns"),
    (2, Contexts::Different, Pattern::Bursts, "harts=2 contexts=different pattern=bursts"),
    (2, Contexts::Different, Pattern::Turns, "harts=2 contexts=different pattern=turns"),
    (2, Contexts::Same, Pattern::Bursts, "harts=2 contexts=same pattern=bursts"),
    (2, Contexts::Same, Pattern::Turns, "harts=2 contexts=same pattern=turns"),
    (4, Contexts::Different, Pattern::Bursts, "harts=4 contexts=different pattern=bursts"),
    (4, Contexts::Different, Pattern::Turns, "harts=4 contexts=different pattern=turns"),
    (4, Contexts::Same, Pattern::Bursts, "harts=4 contexts=same pattern=bursts"),
    (4, Contexts::Same, Pattern::Turns, "harts=4 contexts=same pattern=turns"),
];

/// Measures and reports it for 1, 2 and 4 harts, as far as they are there.
pub fn measure(harts: usize) {
    for (harts, contexts, pattern, parameters) in CASES.into_iter().filter(|it| it.0 <= harts) {
        rounds(contexts, pattern, WARM_UP, 0);
        let start = csr::read::<{ number::CYCLE }>() as i64 + HEADWAY;
        shared().start.set(start as u64);
        for hart in PEER..harts {
            shared().begin(hart, Step::Throughput(contexts, pattern));
        }
        let mut end = rounds(contexts, pattern, ROUNDS, start);
        for hart in PEER..harts {
            shared().finish(hart);
            end = end.max(shared().ended[hart].get() as i64);
        }
        let operations = OPERATIONS * ROUNDS * harts as u64;
        let cycles = end.abs_diff(start);
        user::println!("{}", Rate { name: "taic.ops_per_cycle", parameters, operations, cycles });
    }
}

/// On a peer.
pub fn serve(hart: usize, contexts: Contexts, pattern: Pattern) {
    let start = shared().start.get() as i64;
    shared().ended[hart].set(rounds(contexts, pattern, ROUNDS, start) as u64);
}

fn rounds(contexts: Contexts, pattern: Pattern, rounds: u64, start: i64) -> i64 {
    let page = match contexts {
        Contexts::Different => OWN,
        Contexts::Same => COMMON,
    };
    match pattern {
        Pattern::Bursts => probe_bursts(page, task().bits(), rounds, start),
        Pattern::Turns => probe_turns(page, task().bits(), rounds, start),
    }
}
