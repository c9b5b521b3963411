//! The same with queues in memory.

use crate::{
    Collected, PEER, SAMPLES, WARM_UP,
    collect::collect,
    coroutine,
    device::task,
    shared::{Step, shared},
};
use core::num::NonZeroU64;
use hal::{csr, soc::csr as number};
use rt::measure::Phase;
use task::memory::{Deque, Fifo, Mpsc, Steal};

const ROUNDS: u64 = (WARM_UP + SAMPLES) as u64;

fn word() -> NonZeroU64 {
    NonZeroU64::new(task().bits()).expect("a task is not 0")
}

/// Cycles of what `operation` does, and its result. The caller takes the same for nothing off.
#[inline(always)]
fn time<T>(operation: impl FnOnce() -> T) -> (i64, T) {
    let start = csr::read::<{ number::CYCLE }>();
    let result = operation();
    let end = csr::read::<{ number::CYCLE }>();
    ((end - start) as i64, result)
}

/// The least of several distances of two reads. A single one may contain a stall of the fetch unit,
/// depending on where the linker puts it.
fn nothing() -> i64 {
    (0..8).map(|_| time(|| ()).0).min().unwrap_or_default()
}

/// One hart.
pub fn measure(collected: &mut Collected) {
    const NAME: &str = "taic.software_queue";
    let nothing = nothing();
    let fifo = Fifo::<64>::new();
    collect(collected, NAME, "kind=fifo operation=enqueue", || {
        let (cycles, done) = time(|| fifo.enqueue(word()));
        assert_eq!((done, fifo.dequeue()), (Ok(()), Some(word())));
        cycles - nothing
    });
    collect(collected, NAME, "kind=fifo operation=dequeue", || {
        fifo.enqueue(word()).expect("there is room");
        let (cycles, task) = time(|| fifo.dequeue());
        assert_eq!(task, Some(word()));
        cycles - nothing
    });
    collect(collected, NAME, "kind=fifo operation=dequeue_empty", || {
        time(|| fifo.dequeue()).0 - nothing
    });

    let spsc = &shared().links[0];
    collect(collected, NAME, "kind=spsc operation=enqueue", || {
        let (cycles, done) = time(|| spsc.enqueue(word()));
        assert_eq!((done, spsc.dequeue()), (Ok(()), Some(word())));
        cycles - nothing
    });
    collect(collected, NAME, "kind=spsc operation=dequeue", || {
        spsc.enqueue(word()).expect("there is room");
        let (cycles, task) = time(|| spsc.dequeue());
        assert_eq!(task, Some(word()));
        cycles - nothing
    });
    collect(collected, NAME, "kind=spsc operation=dequeue_empty", || {
        time(|| spsc.dequeue()).0 - nothing
    });

    let spmc = &shared().stealing[0];
    collect(collected, NAME, "kind=spmc operation=enqueue", || {
        let (cycles, done) = time(|| spmc.enqueue(word()));
        assert_eq!((done, spmc.dequeue()), (Ok(()), Some(word())));
        cycles - nothing
    });
    collect(collected, NAME, "kind=spmc operation=dequeue", || {
        spmc.enqueue(word()).expect("there is room");
        let (cycles, task) = time(|| spmc.dequeue());
        assert_eq!(task, Some(word()));
        cycles - nothing
    });
    collect(collected, NAME, "kind=spmc operation=dequeue_empty", || {
        time(|| spmc.dequeue()).0 - nothing
    });

    let mpsc: &Mpsc<64> = &shared().mpsc;
    collect(collected, NAME, "kind=mpsc operation=enqueue", || {
        let (cycles, ()) = time(|| mpsc.enqueue(word()));
        assert_eq!(mpsc.dequeue(), Some(word()));
        cycles - nothing
    });
    collect(collected, NAME, "kind=mpsc operation=dequeue", || {
        mpsc.enqueue(word());
        let (cycles, task) = time(|| mpsc.dequeue());
        assert_eq!(task, Some(word()));
        cycles - nothing
    });
    collect(collected, NAME, "kind=mpsc operation=dequeue_empty", || {
        time(|| mpsc.dequeue()).0 - nothing
    });

    let deque: &Deque<64> = &shared().deque;
    collect(collected, NAME, "kind=deque operation=enqueue", || {
        let (cycles, done) = time(|| deque.push(word()));
        assert_eq!((done, deque.pop()), (Ok(()), Some(word())));
        cycles - nothing
    });
    collect(collected, NAME, "kind=deque operation=dequeue", || {
        (0..2).for_each(|_| deque.push(word()).expect("there is room"));
        let (cycles, task) = time(|| deque.pop());
        assert_eq!((task, deque.pop()), (Some(word()), Some(word())));
        cycles - nothing
    });
    collect(collected, NAME, "kind=deque operation=dequeue_last", || {
        deque.push(word()).expect("there is room");
        let (cycles, task) = time(|| deque.pop());
        assert_eq!(task, Some(word()));
        cycles - nothing
    });
    collect(collected, NAME, "kind=deque operation=dequeue_empty", || {
        time(|| deque.pop()).0 - nothing
    });
}

/// Two harts.
pub fn measure_cross(collected: &mut Collected, offset: i64) {
    const NAME: &str = "taic.software_queue";
    let nothing = nothing();
    let mut phase = Phase::default();
    let mut sender = Collected::new();
    shared().begin(PEER, Step::Mpsc);
    for round in 1..=ROUNDS {
        shared().ready.wait_for(round);
        let coroutine = NonZeroU64::new(shared().result.get()).expect("a task is not 0");
        phase.delay(10, 32);
        let count = shared().arrival.count();
        let start = csr::read::<{ number::CYCLE }>();
        shared().mpsc.enqueue(coroutine);
        let end = csr::read::<{ number::CYCLE }>();
        while shared().arrival.count() == count {}
        if round > WARM_UP as u64 {
            sender.push((end - start) as i64 - nothing);
            collected.push(shared().arrival.coroutine() - offset - (start as i64 + nothing));
        }
    }
    shared().finish(PEER);
    rt::println!("{}", sender.report(NAME, "kind=mpsc operation=enqueue where=cross"));
    rt::println!("{}", collected.report(NAME, "kind=mpsc operation=to_coroutine where=cross"));
    collected.clear();

    shared().begin(PEER, Step::Theft);
    for round in 1..=ROUNDS {
        shared().ready.wait_for(round);
        phase.delay(10, 32);
        let (cycles, stolen) = time(|| shared().deque.steal());
        assert_eq!(stolen, Steal::Task(word()));
        shared().ready.set(0);
        if round > WARM_UP as u64 {
            collected.push(cycles - nothing);
        }
    }
    shared().finish(PEER);
    rt::println!("{}", collected.report(NAME, "kind=deque operation=steal where=cross"));
    collected.clear();
}

/// On the peer: an executor that polls.
pub fn serve_mpsc() {
    shared().result.set(coroutine::task().bits());
    for round in 1..=ROUNDS {
        shared().ready.set(round);
        let task = loop {
            if let Some(task) = shared().mpsc.dequeue() {
                break task;
            }
        };
        coroutine::coroutine_run(task.get());
    }
}

/// On the peer: the owner.
pub fn serve_theft() {
    for round in 1..=ROUNDS {
        shared().deque.push(word()).expect("there is room");
        shared().ready.set(round);
        shared().ready.wait_for(0);
    }
    assert_eq!(shared().deque.pop(), None);
}
