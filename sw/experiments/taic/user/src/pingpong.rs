//! Two coroutines that wake each other in turn, on one hart and on two.

use crate::{
    Collected, PEER, SAMPLES, WARM_UP,
    collect::collect,
    device::{arming, disarming, own},
    schedule::{STEPS, cycle, spawn},
    schedulers::{Scheduler, linked, software, taic},
    shared::{Backing, Step, shared},
};
use core::{cell::Cell, future::poll_fn, num::NonZeroU64, task::Poll};
use rt::OwnThread;
use taic_shared::{TO_FIRST, TO_PEER};
use task::{ReadyQueue, TaskId, before_device};

const NAME: &str = "sched.pingpong";

/// An executor's first task: the player, of an executor that has no other.
const FIRST: TaskId = TaskId::new(TaskId::ALIGNMENT as u64).expect("aligned, and not 0");
/// The same as a word of a queue in memory.
const PLAYER: NonZeroU64 = NonZeroU64::new(FIRST.bits()).expect("a task is not 0");

/// Rounds of all samples.
const ROUNDS: i64 = (WARM_UP + SAMPLES) as i64 * STEPS;

/// One hart.
pub fn measure(collected: &mut Collected) {
    measure_one(collected, taic(), "queue=taic harts=1");
    measure_one(collected, software(), "queue=software harts=1");
}

fn measure_one<Q: ReadyQueue>(
    collected: &mut Collected,
    scheduler: &'static Scheduler<Q>,
    parameters: &'static str,
) {
    static SECOND: OwnThread<Cell<Option<TaskId>>> = OwnThread(Cell::new(None));
    let wakes_second = poll_fn(move |_| {
        if let Some(second) = SECOND.get() {
            scheduler.wake(second);
        }
        Poll::Pending
    });
    SECOND.set(None);
    let first = spawn(scheduler, wakes_second);
    let wakes_first = poll_fn(move |_| {
        scheduler.wake(first);
        Poll::Pending
    });
    let second = spawn(scheduler, wakes_first);
    // Each is polled once before they know each other, and the first is woken then.
    assert_eq!(scheduler.run_some(2), 2);
    SECOND.set(Some(second));
    collect(collected, NAME, parameters, || {
        let start = cycle();
        scheduler.run_some(2 * STEPS as usize);
        (cycle() - start) / STEPS
    });
    assert_eq!(scheduler.dequeue(), Some(first), "the last wake-up");
}

/// Rounds that the coroutine of this hart has still to play.
static LEFT: OwnThread<Cell<i64>> = OwnThread(Cell::new(0));

/// A coroutine that wakes that of the other hart.
fn player<Q: ReadyQueue>(
    scheduler: &'static Scheduler<Q>,
    wake_other: impl Fn() + 'static,
) -> TaskId {
    let plays = poll_fn(move |_| {
        let left = LEFT.get();
        if left > 0 {
            wake_other();
            LEFT.set(left - 1);
        }
        Poll::Pending
    });
    let player = spawn(scheduler, plays);
    // It is polled once before it is woken.
    LEFT.set(0);
    scheduler.run_until_idle();
    player
}

/// On both harts, each with an executor that polls.
fn play<Q: ReadyQueue>(scheduler: &'static Scheduler<Q>, rounds: i64) {
    LEFT.set(LEFT.get() + rounds);
    scheduler.run(|_| {
        while LEFT.get() > 0 {
            if let Some(task) = scheduler.dequeue() {
                return Some(task);
            }
        }
        None
    });
}

fn send(channel: u16) {
    before_device();
    own().send(channel);
}

/// Two harts.
pub fn measure_cross(collected: &mut Collected) {
    let player_of_taic = player(taic(), || send(TO_PEER));
    own().arm(arming(TO_FIRST, player_of_taic.kept()));
    measure_two(collected, Backing::Taic, taic(), "queue=taic harts=2");
    own().arm(disarming(TO_FIRST));

    let link = &shared().links[0];
    let player_of_link = player(linked(0), || link.enqueue(PLAYER).expect("there is room"));
    assert_eq!(player_of_link, FIRST, "both harts know the other's player");
    measure_two(collected, Backing::Software, linked(0), "queue=software harts=2");
}

fn measure_two<Q: ReadyQueue>(
    collected: &mut Collected,
    backing: Backing,
    scheduler: &'static Scheduler<Q>,
    parameters: &'static str,
) {
    shared().begin(PEER, Step::Pingpong(backing));
    collect(collected, NAME, parameters, || {
        let start = cycle();
        play(scheduler, STEPS);
        (cycle() - start) / STEPS
    });
    shared().finish(PEER);
    assert!(scheduler.dequeue().is_some(), "the last wake-up");
}

/// On the peer: begins.
pub fn serve(backing: Backing) {
    match backing {
        Backing::Taic => {
            let player = player(taic(), || send(TO_FIRST));
            own().arm(arming(TO_PEER, player.kept()));
            own().send(TO_FIRST);
            play(taic(), ROUNDS);
            own().arm(disarming(TO_PEER));
        }
        Backing::Software => {
            let link = &shared().links[PEER];
            let player = player(linked(PEER), || link.enqueue(PLAYER).expect("there is room"));
            assert_eq!(player, FIRST, "both harts know the other's player");
            link.enqueue(PLAYER).expect("there is room");
            play(linked(PEER), ROUNDS);
        }
    }
}
