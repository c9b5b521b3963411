//! What a scheduler gains: the same loop with a ready queue in the TAIC and in memory.

use crate::{
    Collected, PEER, SAMPLES, WARM_UP,
    collect::collect,
    device::{common, own},
    scheduler::{Ready, Stealing, Task, fifo, run},
    shared::{Backing, Load, Step, shared},
};
use core::{arch::asm, hint::black_box};
use hal::{csr, soc::csr as number};

/// A task that ends.
fn once<R: Ready>() -> &'static Task<R> {
    const { &Task { step: |_, _| (), wakes: None } }
}

/// A task that wants to run again: it goes behind all others.
fn again<R: Ready>() -> &'static Task<R> {
    const { &Task { step: |ready, task| ready.enqueue(task.word()), wakes: None } }
}

/// A task that works for some cycles, and ends.
fn working<R: Ready>() -> &'static Task<R> {
    const { &Task { step: |_, _| (0..10).for_each(|turn| _ = black_box(turn)), wakes: None } }
}

pub fn cycle() -> i64 {
    csr::read::<{ number::CYCLE }>() as i64
}

/// Tasks that are ready while others are measured, and steps of a sample.
const TASKS: i64 = 8;
pub const STEPS: i64 = 32;

/// New tasks, which run and end: `STEPS` of them.
#[inline(always)]
fn spawn<R: Ready>(ready: R) {
    let mut left = STEPS;
    loop {
        ready.enqueue(once::<R>().word());
        run(ready, 1);
        // Not unrolled; and no jump right behind the task's return, with which that would share an
        // entry of the branch target buffer if both are of two bytes.
        left -= 1;
        // SAFETY: does nothing, with the count in a register.
        unsafe { asm!("/* {0} */", inout(reg) left, options(nomem, nostack, preserves_flags)) };
        if left == 0 {
            return;
        }
    }
}

fn measure_spawn(collected: &mut Collected, ready: impl Ready, parameters: &'static str) {
    collect(collected, "sched.spawn", parameters, || {
        let start = cycle();
        spawn(ready);
        (cycle() - start) / STEPS
    });
}

fn measure_yield(collected: &mut Collected, ready: impl Ready, parameters: &'static str) {
    fill(ready);
    collect(collected, "sched.yield", parameters, || {
        let start = cycle();
        run(ready, STEPS as u64);
        (cycle() - start) / STEPS
    });
}

fn fill<R: Ready>(ready: R) {
    (0..TASKS).for_each(|_| ready.enqueue(again::<R>().word()));
}

fn drain(ready: impl Ready) {
    while ready.dequeue().is_some() {}
}

/// One hart.
pub fn measure(collected: &mut Collected) {
    fn measure_one(collected: &mut Collected, ready: impl Ready, parameters: &'static str) {
        measure_spawn(collected, ready, parameters);
        measure_yield(collected, ready, parameters);
        drain(ready);
    }
    measure_one(collected, own(), "queue=taic harts=1");
    measure_one(collected, fifo(), "queue=software harts=1");
}

/// Tasks of a sample that are another hart's, or for both.
const SHARED_TASKS: u64 = 32;

const ROUNDS: u64 = (WARM_UP + SAMPLES) as u64;

/// Two harts.
pub fn measure_cross(collected: &mut Collected) {
    for load in Load::ALL {
        let stealing = Stealing::of(0);
        measure_two(collected, load, Backing::Taic, common(), "queue=taic harts=2");
        measure_two(collected, load, Backing::Software, stealing, "queue=software harts=2");
    }
}

fn measure_two(
    collected: &mut Collected,
    load: Load,
    backing: Backing,
    ready: impl Ready,
    parameters: &'static str,
) {
    shared().begin(PEER, Step::Schedule(load, backing));
    match load {
        Load::Spawn => {
            shared().ready.wait_for(1);
            measure_spawn(collected, ready, parameters);
        }
        Load::Yield => {
            shared().ready.wait_for(1);
            measure_yield(collected, ready, parameters);
        }
        Load::Steal => measure_steal(collected, ready, parameters),
        Load::Fanout => measure_fanout(collected, ready, parameters),
    }
    shared().stop.set(1);
    shared().finish(PEER);
    drain(ready);
}

fn measure_steal(collected: &mut Collected, ready: impl Ready, parameters: &'static str) {
    let mut round = 0;
    collect(collected, "sched.steal", parameters, || {
        round += 1;
        shared().ready.wait_for(round);
        let start = cycle();
        let stolen = run(ready, SHARED_TASKS);
        let cycles = cycle() - start;
        assert_eq!(stolen, SHARED_TASKS, "a task is lost");
        shared().result.set(round);
        cycles / SHARED_TASKS as i64
    });
}

fn measure_fanout<R: Ready>(collected: &mut Collected, ready: R, parameters: &'static str) {
    let (mut own, mut handed_out) = (0, 0);
    shared().ready.wait_for(1);
    collect(collected, "sched.fanout", parameters, || {
        handed_out += SHARED_TASKS;
        let start = cycle();
        (0..SHARED_TASKS).for_each(|_| ready.enqueue(working::<R>().word()));
        own += run(ready, u64::MAX);
        while own + shared().done.get() < handed_out {}
        (cycle() - start) / SHARED_TASKS as i64
    });
}

/// On the peer.
pub fn serve(load: Load, backing: Backing) {
    match backing {
        Backing::Taic => serve_two(load, common()),
        Backing::Software => serve_two(load, Stealing::of(PEER)),
    }
}

fn serve_two<R: Ready>(load: Load, ready: R) {
    match load {
        Load::Spawn => {
            shared().ready.set(1);
            while shared().stop.get() == 0 {
                spawn(ready);
            }
        }
        Load::Yield => {
            fill(ready);
            shared().ready.set(1);
            while shared().stop.get() == 0 {
                run(ready, STEPS as u64);
            }
        }
        Load::Steal => {
            for round in 1..=ROUNDS {
                (0..SHARED_TASKS).for_each(|_| ready.enqueue(once::<R>().word()));
                shared().ready.set(round);
                shared().result.wait_for(round);
            }
        }
        Load::Fanout => {
            let mut done = 0;
            shared().done.set(0);
            shared().ready.set(1);
            while shared().stop.get() == 0 {
                match run(ready, u64::MAX) {
                    0 => (),
                    ran => {
                        done += ran;
                        shared().done.set(done);
                    }
                }
            }
        }
    }
}
