//! What a scheduler gains: the same loop with a ready queue in the TAIC and in memory.
//!
//! A task is the address of a function, as small as a task can be, so that what is measured is the
//! queue. In memory the queue of one hart is a FIFO; of two harts each has a deque from which both
//! take the oldest, as fairness demands.

use crate::{
    Collected, PEER, SAMPLES, WARM_UP,
    collect::collect,
    device::{common, own},
    shared::{Backing, Step, shared},
};
use core::num::NonZeroU64;
use hal::{csr, soc::csr as number};
use queue::{Fifo, Steal};
use taic::{LocalQueue, TaskId};

/// A ready queue, as a scheduler's loop sees it.
trait Ready {
    fn enqueue(&self, task: NonZeroU64);
    fn dequeue(&self) -> Option<NonZeroU64>;
}

impl Ready for LocalQueue {
    #[inline(always)]
    fn enqueue(&self, task: NonZeroU64) {
        LocalQueue::enqueue(*self, TaskId::from(task));
    }

    #[inline(always)]
    fn dequeue(&self) -> Option<NonZeroU64> {
        LocalQueue::dequeue(*self).map(NonZeroU64::from)
    }
}

impl Ready for Fifo<64> {
    #[inline(always)]
    fn enqueue(&self, task: NonZeroU64) {
        Fifo::enqueue(self, task).expect("there is room");
    }

    #[inline(always)]
    fn dequeue(&self) -> Option<NonZeroU64> {
        Fifo::dequeue(self)
    }
}

/// The deques of two harts, from one of them.
#[derive(Clone, Copy)]
struct Deques {
    hart: usize,
}

impl Ready for Deques {
    #[inline(always)]
    fn enqueue(&self, task: NonZeroU64) {
        shared().deques[self.hart].push(task).expect("there is room");
    }

    #[inline(always)]
    fn dequeue(&self) -> Option<NonZeroU64> {
        for hart in [self.hart, 1 - self.hart] {
            loop {
                match shared().deques[hart].steal() {
                    Steal::Task(task) => return Some(task),
                    Steal::Empty => break,
                    Steal::Lost => (),
                }
            }
        }
        None
    }
}

/// What a task is: its function, which tells whether it wants to run again.
#[repr(C, align(64))]
struct Task {
    step: fn() -> bool,
}

static ONCE: Task = Task { step: || false };
static AGAIN: Task = Task { step: || true };
/// Work of some cycles.
static WORKING: Task = Task {
    step: || {
        (0..10).for_each(|turn| _ = core::hint::black_box(turn));
        false
    },
};

impl Task {
    fn word(&'static self) -> NonZeroU64 {
        NonZeroU64::new(self as *const Self as u64).expect("a reference is not 0")
    }
}

/// Runs one task; a task that wants to run again goes behind all others.
#[inline(always)]
fn run_one(ready: &impl Ready) -> bool {
    let Some(word) = ready.dequeue() else { return false };
    // SAFETY: the queues of this program hold tasks alone while this is used; both processes have
    // the same program.
    let task = unsafe { &*core::ptr::with_exposed_provenance::<Task>(word.get() as usize & !63) };
    if (task.step)() {
        ready.enqueue(word);
    }
    true
}

fn cycle() -> i64 {
    csr::read::<{ number::CYCLE }>() as i64
}

/// Tasks that are ready while others are measured, and steps of a sample.
const TASKS: i64 = 8;
const STEPS: i64 = 16;

/// One hart.
pub fn measure(collected: &mut Collected) {
    measure_one(collected, &own(), "queue=taic harts=1");
    measure_one(collected, &Fifo::<64>::new(), "queue=software harts=1");
}

fn measure_one(collected: &mut Collected, ready: &impl Ready, parameters: &'static str) {
    collect(collected, "sched.spawn", parameters, || {
        let start = cycle();
        for _ in 0..STEPS {
            ready.enqueue(ONCE.word());
            run_one(ready);
        }
        (cycle() - start) / STEPS
    });
    (0..TASKS).for_each(|_| ready.enqueue(AGAIN.word()));
    collect(collected, "sched.yield", parameters, || {
        let start = cycle();
        (0..STEPS).for_each(|_| _ = run_one(ready));
        (cycle() - start) / STEPS
    });
    while ready.dequeue().is_some() {}
}

/// Tasks of a sample that are another hart's, or for both.
const SHARED_TASKS: u64 = 32;

const ROUNDS: u64 = (WARM_UP + SAMPLES) as u64;

/// Two harts.
pub fn measure_cross(collected: &mut Collected) {
    for (backing, parameters) in
        [(Backing::Taic, "queue=taic harts=2"), (Backing::Software, "queue=software harts=2")]
    {
        shared().begin(PEER, Step::Schedule(backing));
        match backing {
            Backing::Taic => measure_two(collected, &common(), parameters),
            Backing::Software => measure_two(collected, &Deques { hart: 0 }, parameters),
        }
        shared().finish(PEER);
    }
}

fn measure_two(collected: &mut Collected, ready: &impl Ready, parameters: &'static str) {
    let mut round = 0;
    collect(collected, "sched.steal", parameters, || {
        round += 1;
        shared().ready.wait_for(round);
        let start = cycle();
        (0..SHARED_TASKS).for_each(|_| assert!(run_one(ready), "a task is lost"));
        let cycles = cycle() - start;
        shared().result.set(round);
        cycles / SHARED_TASKS as i64
    });
    let (mut own, mut handed_out) = (0, 0);
    shared().ready.wait_for(ROUNDS + 1);
    collect(collected, "sched.fanout", parameters, || {
        handed_out += SHARED_TASKS;
        let start = cycle();
        (0..SHARED_TASKS).for_each(|_| ready.enqueue(WORKING.word()));
        while run_one(ready) {
            own += 1;
        }
        while own + shared().done.get() < handed_out {}
        (cycle() - start) / SHARED_TASKS as i64
    });
    shared().result.set(0);
}

/// On the peer.
pub fn serve(backing: Backing) {
    match backing {
        Backing::Taic => serve_two(&common()),
        Backing::Software => serve_two(&Deques { hart: PEER }),
    }
}

fn serve_two(ready: &impl Ready) {
    for round in 1..=ROUNDS {
        (0..SHARED_TASKS).for_each(|_| ready.enqueue(ONCE.word()));
        shared().ready.set(round);
        shared().result.wait_for(round);
    }
    let mut done = 0;
    shared().done.set(0);
    shared().ready.set(ROUNDS + 1);
    while shared().result.get() != 0 {
        if run_one(ready) {
            done += 1;
            shared().done.set(done);
        }
    }
}
