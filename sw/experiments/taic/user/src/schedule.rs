//! What a scheduler gains: the same coroutines with a ready queue in the TAIC and in memory.
//!
//! Coroutines never end but those that are spawned; when they have been measured, what is left of
//! them in the ready queue is taken out, and they are not woken again.

use crate::{
    Collected, PEER, SAMPLES, WARM_UP,
    collect::collect,
    schedulers::{Scheduler, software, stealing, taic, taic_of_all},
    shared::{Backing, Load, Step, shared},
};
use core::{
    future::{pending, poll_fn},
    hint::black_box,
    task::Poll,
};
use executor::yield_now;
use hal::{csr, soc::csr as number};
use task::{ReadyQueue, TaskId};

pub fn cycle() -> i64 {
    csr::read::<{ number::CYCLE }>() as i64
}

/// Coroutines that are ready while others are measured, and steps of a sample.
const TASKS: usize = 8;
pub const STEPS: i64 = 16;

/// Spawns a coroutine for which there is room.
pub fn spawn<Q: ReadyQueue>(
    scheduler: &'static Scheduler<Q>,
    coroutine: impl Future<Output = ()> + 'static,
) -> TaskId {
    scheduler.spawn(coroutine).ok().expect("a slot is free")
}

/// A coroutine that spawns others, which run once and end, and lets them go first.
fn fill_to_spawn<Q: ReadyQueue>(scheduler: &'static Scheduler<Q>) {
    let spawning = async move {
        loop {
            for _ in 0..TASKS {
                spawn(scheduler, async {});
            }
            yield_now(scheduler).await;
        }
    };
    spawn(scheduler, spawning);
}

/// `STEPS` spawned coroutines, with the turns of that which spawns.
#[inline(always)]
fn run_spawned<Q: ReadyQueue>(scheduler: &'static Scheduler<Q>) {
    scheduler.run_some(STEPS as usize + STEPS as usize / TASKS);
}

/// Coroutines that go behind all others again and again.
fn fill_to_yield<Q: ReadyQueue>(scheduler: &'static Scheduler<Q>) {
    for _ in 0..TASKS {
        let yielding = async move {
            loop {
                yield_now(scheduler).await;
            }
        };
        spawn(scheduler, yielding);
    }
}

fn measure_spawn<Q: ReadyQueue>(
    collected: &mut Collected,
    scheduler: &'static Scheduler<Q>,
    parameters: &'static str,
) {
    fill_to_spawn(scheduler);
    collect(collected, "sched.spawn", parameters, || {
        let start = cycle();
        run_spawned(scheduler);
        (cycle() - start) / STEPS
    });
    drain(scheduler);
}

fn measure_yield<Q: ReadyQueue>(
    collected: &mut Collected,
    scheduler: &'static Scheduler<Q>,
    parameters: &'static str,
) {
    fill_to_yield(scheduler);
    collect(collected, "sched.yield", parameters, || {
        let start = cycle();
        scheduler.run_some(STEPS as usize);
        (cycle() - start) / STEPS
    });
    drain(scheduler);
}

fn drain<Q: ReadyQueue>(scheduler: &'static Scheduler<Q>) {
    while scheduler.dequeue().is_some() {}
}

/// One hart.
pub fn measure(collected: &mut Collected) {
    fn measure_one<Q: ReadyQueue>(
        collected: &mut Collected,
        scheduler: &'static Scheduler<Q>,
        parameters: &'static str,
    ) {
        measure_spawn(collected, scheduler, parameters);
        measure_yield(collected, scheduler, parameters);
    }
    measure_one(collected, taic(), "queue=taic harts=1");
    measure_one(collected, software(), "queue=software harts=1");
}

/// Calls of a sample that are another hart's, or for both.
const SHARED_CALLS: usize = 32;

const ROUNDS: u64 = (WARM_UP + SAMPLES) as u64;

/// Two harts.
pub fn measure_cross(collected: &mut Collected) {
    for load in Load::ALL {
        measure_two(collected, load, Backing::Taic, taic_of_all(), "queue=taic harts=2");
        measure_two(collected, load, Backing::Software, stealing(0), "queue=software harts=2");
    }
}

fn measure_two<Q: ReadyQueue>(
    collected: &mut Collected,
    load: Load,
    backing: Backing,
    scheduler: &'static Scheduler<Q>,
    parameters: &'static str,
) {
    let worker = prepare(scheduler, load);
    shared().begin(PEER, Step::Schedule(load, backing));
    shared().ready.wait_for(1);
    match load {
        Load::Spawn => measure_spawn(collected, scheduler, parameters),
        Load::Yield => measure_yield(collected, scheduler, parameters),
        Load::Steal => measure_steal(collected, scheduler, parameters),
        Load::Fanout => measure_fanout(collected, scheduler, worker, parameters),
    }
    shared().stop.set(1);
    shared().finish(PEER);
    drain(scheduler);
}

/// The coroutine that serves calls of either hart: the same on both, in the same slot, as both spawn
/// the same.
fn prepare<Q: ReadyQueue>(scheduler: &'static Scheduler<Q>, load: Load) -> TaskId {
    let worker = if load == Load::Fanout {
        let works = poll_fn(|_| {
            (0..10).for_each(|turn| _ = black_box(turn));
            Poll::Pending
        });
        spawn(scheduler, works)
    } else {
        spawn(scheduler, pending())
    };
    scheduler.run_until_idle();
    worker
}

fn measure_steal<Q: ReadyQueue>(
    collected: &mut Collected,
    scheduler: &'static Scheduler<Q>,
    parameters: &'static str,
) {
    let mut round = 1;
    collect(collected, "sched.steal", parameters, || {
        shared().ready.wait_for(round);
        let start = cycle();
        let stolen = scheduler.run_some(SHARED_CALLS);
        let cycles = cycle() - start;
        assert_eq!(stolen, SHARED_CALLS, "a call is lost");
        shared().result.set(round);
        round += 1;
        cycles / SHARED_CALLS as i64
    });
}

fn measure_fanout<Q: ReadyQueue>(
    collected: &mut Collected,
    scheduler: &'static Scheduler<Q>,
    worker: TaskId,
    parameters: &'static str,
) {
    let (mut own, mut handed_out) = (0, 0);
    collect(collected, "sched.fanout", parameters, || {
        handed_out += SHARED_CALLS;
        let start = cycle();
        (0..SHARED_CALLS).for_each(|_| scheduler.call(worker));
        own += scheduler.run_some(usize::MAX);
        while own + (shared().done.get() as usize) < handed_out {}
        (cycle() - start) / SHARED_CALLS as i64
    });
}

/// On the peer.
pub fn serve(load: Load, backing: Backing) {
    match backing {
        Backing::Taic => serve_two(load, taic_of_all()),
        Backing::Software => serve_two(load, stealing(PEER)),
    }
}

fn serve_two<Q: ReadyQueue>(load: Load, scheduler: &'static Scheduler<Q>) {
    let worker = prepare(scheduler, load);
    match load {
        Load::Spawn => {
            fill_to_spawn(scheduler);
            shared().ready.set(1);
            while shared().stop.get() == 0 {
                run_spawned(scheduler);
            }
        }
        Load::Yield => {
            fill_to_yield(scheduler);
            shared().ready.set(1);
            while shared().stop.get() == 0 {
                scheduler.run_some(STEPS as usize);
            }
        }
        Load::Steal => {
            for round in 1..=ROUNDS {
                (0..SHARED_CALLS).for_each(|_| scheduler.call(worker));
                shared().ready.set(round);
                shared().result.wait_for(round);
            }
        }
        Load::Fanout => serve_fanout(scheduler),
    }
}

fn serve_fanout<Q: ReadyQueue>(scheduler: &'static Scheduler<Q>) {
    let mut done = 0;
    shared().done.set(0);
    shared().ready.set(1);
    while shared().stop.get() == 0 {
        match scheduler.run_some(usize::MAX) {
            0 => (),
            ran => {
                done += ran as u64;
                shared().done.set(done);
            }
        }
    }
}
