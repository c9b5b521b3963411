//! Batches: which hart runs which thread, on which memory, and with which outcomes.

use crate::{
    race::{Race, STRIDE, Seen, race},
    tests::{Observed, Test},
};
use bare::{
    barrier,
    hal::soc::{DRAM_BASE, DRAM_SIZE},
    harts::MAX,
    random::Random,
};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Instances of a test in one batch.
pub const INSTANCES: usize = 128;

/// Values that make up an outcome, two bits each.
const MAX_OBSERVED: usize = 4;
const OUTCOMES: usize = 1 << (2 * MAX_OBSERVED);
/// Index of the outcomes with a value that no thread writes.
pub const WILD: usize = OUTCOMES;

/// Counters for all outcomes.
pub const COUNTERS: usize = OUTCOMES + 1;

/// How often each outcome was seen.
pub type Histogram = [u32; COUNTERS];

/// Memory that nothing else uses: the upper half of DRAM.
const ARENA: usize = DRAM_BASE + DRAM_SIZE / 2;
/// Bytes for the variables of one group of threads.
const GROUP_BYTES: usize = 0x4_0000;
/// Places of x and y: in one line, in two lines, in two lines of the same set of both caches.
const DISTANCES: [usize; 3] = [8, 64, 0x8000];

/// Memory of one hart: results, lines to store to, and memory that no cache holds.
const OWN: usize = ARENA + DRAM_SIZE / 4;
const OWN_BYTES: usize = 0x40_0000;
const SCRATCH_OFFSET: usize = 0x8000;
const FRESH_OFFSET: usize = 0x1_0000;
const FRESH_BATCHES: usize = 256;

/// The choices for a batch. All harts make the same ones.
struct Plan {
    /// The hart of each thread of each group.
    players: [usize; MAX],
    distance: usize,
    delay: usize,
}

impl Plan {
    fn draw(random: &mut Random, harts: usize) -> Self {
        let mut players = [0, 1, 2, 3];
        for last in (1..harts).rev() {
            players.swap(last, random.below(last + 1));
        }
        Self {
            players,
            distance: DISTANCES[random.below(DISTANCES.len())],
            delay: [7, 15, 15, 31][random.below(4)],
        }
    }
}

/// Cycles from one instance to the next: as few as the slowest hart needs. With fewer it would fall
/// behind and never meet the others.
struct Pace(usize);

impl Pace {
    const TOLERATED: usize = 24;
    const LEAST: usize = 40;

    fn adapt(&mut self, late: usize) {
        self.0 = if late > Self::TOLERATED { self.0 + 8 } else { Self::LEAST.max(self.0 - 1) };
    }
}

/// How late the slowest hart was at the end of the batch; even and odd batches in turn.
static LATE: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

/// Runs `test` on `harts` harts in `batches` batches; this is hart `hart` of them. All harts must
/// use the same `seed`. Returns what this hart counted.
pub fn run(hart: usize, harts: usize, test: &Test, batches: usize, seed: u64) -> Histogram {
    let mut histogram = [0; COUNTERS];
    let mut common = Random::new(seed);
    let mut own = Random::new(seed ^ (hart as u64 + 1) << 32);
    let mut pace = Pace(80);
    let groups = groups(test, harts);
    for batch in 0..batches {
        let plan = Plan::draw(&mut common, harts);
        let start = barrier::meet(harts);
        if hart == 0 {
            LATE[(batch + 1) % 2].swap(0, Relaxed);
        }
        let late = &LATE[batch % 2];
        let role = plan.players.iter().position(|player| *player == hart).unwrap_or(MAX);
        if role < groups * test.threads.len() {
            let x = ARENA + role / test.threads.len() * GROUP_BYTES;
            let arguments = Race {
                x,
                y: x + plan.distance,
                count: INSTANCES,
                thread: test.threads[role % test.threads.len()],
                seen: seen(hart),
                start,
                period: pace.0,
                delay: plan.delay,
                seed: own.number(),
                scratch: own_memory(hart) + SCRATCH_OFFSET,
                fresh: own_memory(hart) + FRESH_OFFSET + batch % FRESH_BATCHES * INSTANCES * 64,
            };
            // SAFETY: only the threads of a group use its variables, and only this hart uses the
            // rest.
            unsafe { race(&arguments) };
            let end = start + INSTANCES * pace.0;
            late.fetch_max(barrier::cycle().saturating_sub(end), Relaxed);
        }
        barrier::meet(harts);
        pace.adapt(late.fetch_add(0, Relaxed));
        for group in 0..groups {
            let mine = hart * INSTANCES / harts..(hart + 1) * INSTANCES / harts;
            collect(test, group, &plan, mine, &mut histogram);
        }
    }
    histogram
}

/// Number of groups of threads that fit on `harts` harts.
pub fn groups(test: &Test, harts: usize) -> usize {
    harts / test.threads.len()
}

/// Counts the outcomes of some instances and makes their variables 0 again.
fn collect(
    test: &Test,
    group: usize,
    plan: &Plan,
    instances: core::ops::Range<usize>,
    histogram: &mut Histogram,
) {
    let x = ARENA + group * GROUP_BYTES;
    let y = x + plan.distance;
    let players = &plan.players[group * test.threads.len()..];
    // For each observed value: its address in the first instance, and the distance to the next.
    let mut values = [(0, 0); MAX_OBSERVED];
    for (value, observed) in values.iter_mut().zip(test.observed) {
        *value = match *observed {
            Observed::A2(thread) => (seen(players[thread]) as usize, size_of::<Seen>()),
            Observed::A3(thread) => (seen(players[thread]) as usize + 8, size_of::<Seen>()),
            Observed::X => (x, STRIDE),
            Observed::Y => (y, STRIDE),
        };
    }
    let values = &values[..test.observed.len()];
    for instance in instances {
        let (mut outcome, mut all) = (0, 0);
        for (first, stride) in values {
            // SAFETY: all threads have ended.
            let value = unsafe { ((first + instance * stride) as *const usize).read_volatile() };
            outcome = outcome << 2 | value & 3;
            all |= value;
        }
        for variable in [x, y] {
            // SAFETY: no other hart uses this instance.
            unsafe { ((variable + instance * STRIDE) as *mut usize).write_volatile(0) };
        }
        histogram[if all > 3 { WILD } else { outcome }] += 1;
    }
}

fn own_memory(hart: usize) -> usize {
    OWN + hart * OWN_BYTES
}

fn seen(hart: usize) -> *mut Seen {
    own_memory(hart) as *mut Seen
}
