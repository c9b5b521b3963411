//! Two coroutines that wake each other in turn, on one hart and on two.

use crate::{
    Collected, PEER, SAMPLES, WARM_UP,
    collect::collect,
    device::{arming, disarming, own},
    schedule::{STEPS, cycle},
    scheduler::{Links, Ready, Task, fifo, run},
    shared::{Backing, Step, shared},
};
use queue::Fifo;
use taic::{LocalQueue, TaskId};
use taic_shared::{TO_FIRST, TO_PEER};

const NAME: &str = "sched.pingpong";

/// Rounds of all samples.
const ROUNDS: i64 = (WARM_UP + SAMPLES) as i64 * STEPS;

/// A coroutine that wakes another one by its address.
const fn waking<R: Ready>(other: &'static Task<R>) -> Task<R> {
    Task { step: wake_other, wakes: Some(other) }
}

fn wake_other<R: Ready>(ready: R, task: &'static Task<R>) {
    if let Some(other) = task.wakes {
        ready.enqueue(other.word());
    }
}

/// One hart.
pub fn measure(collected: &mut Collected) {
    static TAIC: [Task<LocalQueue>; 2] = [waking(&TAIC[1]), waking(&TAIC[0])];
    static SOFTWARE: [Task<&Fifo<64>>; 2] = [waking(&SOFTWARE[1]), waking(&SOFTWARE[0])];
    measure_one(collected, own(), &TAIC[0], "queue=taic harts=1");
    measure_one(collected, fifo(), &SOFTWARE[0], "queue=software harts=1");
}

fn measure_one<R: Ready>(
    collected: &mut Collected,
    ready: R,
    first: &'static Task<R>,
    parameters: &'static str,
) {
    ready.enqueue(first.word());
    collect(collected, NAME, parameters, || {
        let start = cycle();
        run(ready, 2 * STEPS as u64);
        (cycle() - start) / STEPS
    });
    assert_eq!(ready.dequeue(), Some(first.word()), "the last wake-up");
}

/// The coroutines of both harts. A channel knows whom it wakes.
static SENDING: [Task<LocalQueue>; 2] = [
    Task { step: |queue, _| queue.send(TO_PEER), wakes: None },
    Task { step: |queue, _| queue.send(TO_FIRST), wakes: None },
];
static LINKED: [Task<Links>; 2] = [waking(&LINKED[1]), waking(&LINKED[0])];

fn arm(channel: u16, task: &'static Task<LocalQueue>) {
    own().arm(arming(channel, TaskId::from(task.word()).kept()));
}

/// On both harts, each with an executor that polls.
fn play(ready: impl Ready, rounds: i64) {
    for _ in 0..rounds {
        while run(ready, 1) == 0 {}
    }
}

/// Two harts.
pub fn measure_cross(collected: &mut Collected) {
    arm(TO_FIRST, &SENDING[0]);
    measure_two(collected, Backing::Taic, own(), "queue=taic harts=2");
    own().arm(disarming(TO_FIRST));
    measure_two(collected, Backing::Software, Links::of(0), "queue=software harts=2");
}

fn measure_two(
    collected: &mut Collected,
    backing: Backing,
    ready: impl Ready,
    parameters: &'static str,
) {
    shared().begin(PEER, Step::Pingpong(backing));
    collect(collected, NAME, parameters, || {
        let start = cycle();
        play(ready, STEPS);
        (cycle() - start) / STEPS
    });
    shared().finish(PEER);
    assert!(ready.dequeue().is_some(), "the last wake-up");
}

/// On the peer: begins.
pub fn serve(backing: Backing) {
    match backing {
        Backing::Taic => {
            arm(TO_PEER, &SENDING[PEER]);
            own().send(TO_FIRST);
            play(own(), ROUNDS);
            own().arm(disarming(TO_PEER));
        }
        Backing::Software => {
            let ready = Links::of(PEER);
            ready.enqueue(LINKED[0].word());
            play(ready, ROUNDS);
        }
    }
}
