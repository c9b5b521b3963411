//! The queues between threads of the host.

use std::{
    num::NonZeroU64,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};
use task::memory::{Deque, Full, Mpsc, Spmc, Spsc, Steal};

#[test]
fn tasks_of_each_producer_leave_once_and_in_order() {
    const PRODUCERS: usize = 3;
    const TASKS: u64 = 3_000;
    // Each producer has four tasks in the queue at most.
    let queue = Mpsc::<16>::new();
    let seen = [const { AtomicU64::new(0) }; PRODUCERS];
    thread::scope(|scope| {
        for (producer, seen) in seen.iter().enumerate() {
            let queue = &queue;
            scope.spawn(move || {
                for task in 1..=TASKS {
                    while task > seen.load(Ordering::Acquire) + 4 {
                        thread::yield_now();
                    }
                    queue.enqueue(NonZeroU64::new((producer as u64) << 32 | task).unwrap());
                }
            });
        }
        let mut wrong = 0;
        for _ in 0..PRODUCERS as u64 * TASKS {
            let task = loop {
                match queue.dequeue() {
                    Some(task) => break task.get(),
                    None => thread::yield_now(),
                }
            };
            let last = seen[(task >> 32) as usize].fetch_add(1, Ordering::Release) + 1;
            wrong += usize::from(task & 0xffff_ffff != last);
        }
        assert_eq!(wrong, 0);
    });
    assert_eq!(queue.dequeue(), None);
}

#[test]
fn what_was_written_before_is_seen_after() {
    const ROUNDS: u64 = 3_000;
    let (queue, data, seen) = (Mpsc::<4>::new(), AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1..=ROUNDS {
                while round > seen.load(Ordering::Relaxed) + 4 {
                    thread::yield_now();
                }
                data.store(round, Ordering::Relaxed);
                queue.enqueue(NonZeroU64::new(round).unwrap());
            }
        });
        let mut unseen = 0;
        while seen.load(Ordering::Relaxed) < ROUNDS {
            match queue.dequeue() {
                Some(round) => {
                    unseen += u64::from(data.load(Ordering::Relaxed) < round.get());
                    seen.store(round.get(), Ordering::Relaxed);
                }
                None => thread::yield_now(),
            }
        }
        assert_eq!(unseen, 0);
    });
}

fn task(number: u64) -> NonZeroU64 {
    NonZeroU64::new(number).unwrap()
}

#[test]
fn the_owner_takes_the_newest_and_a_thief_the_oldest() {
    let queue = Deque::<4>::new();
    assert_eq!((queue.pop(), queue.steal()), (None, Steal::Empty));
    for number in 1..=4 {
        assert_eq!(queue.push(task(number)), Ok(()));
    }
    assert_eq!(queue.push(task(5)), Err(Full));
    assert_eq!((queue.pop(), queue.steal()), (Some(task(4)), Steal::Task(task(1))));
    assert_eq!((queue.pop(), queue.steal()), (Some(task(3)), Steal::Task(task(2))));
    assert_eq!((queue.pop(), queue.steal()), (None, Steal::Empty));
    assert_eq!(queue.push(task(6)), Ok(()));
    assert_eq!(queue.pop(), Some(task(6)));
}

#[test]
fn each_task_is_taken_once() {
    const TASKS: u64 = 10_000;
    let (queue, done) = (Deque::<16>::new(), AtomicBool::new(false));
    let taken: Vec<_> = (0..=TASKS).map(|_| AtomicU64::new(0)).collect();
    let take = |task: NonZeroU64| taken[task.get() as usize].fetch_add(1, Ordering::Relaxed);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let last = done.load(Ordering::Acquire);
                    match queue.steal() {
                        Steal::Task(task) => drop(take(task)),
                        Steal::Empty if last => break,
                        _ => thread::yield_now(),
                    }
                }
            });
        }
        for number in 1..=TASKS {
            while queue.push(task(number)).is_err() {
                queue.pop().map(take);
            }
            if number % 3 == 0 {
                queue.pop().map(take);
            }
        }
        while let Some(task) = queue.pop() {
            take(task);
        }
        done.store(true, Ordering::Release);
    });
    assert!(taken[1..].iter().all(|count| count.load(Ordering::Relaxed) == 1));
}

#[test]
fn owner_and_thief_take_the_oldest() {
    let queue = Spmc::<4>::new();
    assert_eq!((queue.dequeue(), queue.steal()), (None, None));
    for number in 1..=4 {
        assert_eq!(queue.enqueue(task(number)), Ok(()));
    }
    assert_eq!(queue.enqueue(task(5)), Err(Full));
    assert_eq!((queue.dequeue(), queue.steal()), (Some(task(1)), Some(task(2))));
    // Room of its own dequeue, then of the theft.
    assert_eq!((queue.enqueue(task(5)), queue.enqueue(task(6))), (Ok(()), Ok(())));
    assert_eq!(queue.enqueue(task(7)), Err(Full));
    for number in [3, 4, 5] {
        assert_eq!(queue.steal(), Some(task(number)));
    }
    assert_eq!((queue.dequeue(), queue.steal(), queue.dequeue()), (Some(task(6)), None, None));
}

#[test]
fn a_full_queue_of_one_producer_refuses() {
    let queue = Spsc::<2>::new();
    for number in 1..10 {
        assert_eq!((queue.enqueue(task(number)), queue.dequeue()), (Ok(()), Some(task(number))));
    }
    assert_eq!((queue.enqueue(task(1)), queue.enqueue(task(2))), (Ok(()), Ok(())));
    assert_eq!(queue.enqueue(task(3)), Err(Full));
    assert_eq!((queue.dequeue(), queue.enqueue(task(3))), (Some(task(1)), Ok(())));
    assert_eq!(
        [queue.dequeue(), queue.dequeue(), queue.dequeue()],
        [Some(task(2)), Some(task(3)), None]
    );
}

#[test]
fn each_task_of_few_places_is_taken_once() {
    const TASKS: u64 = 10_000;
    let (queue, done) = (Spmc::<4>::new(), AtomicBool::new(false));
    let taken: Vec<_> = (0..=TASKS).map(|_| AtomicU64::new(0)).collect();
    let take = |task: NonZeroU64| taken[task.get() as usize].fetch_add(1, Ordering::Relaxed);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    match queue.steal() {
                        Some(task) => drop(take(task)),
                        None => thread::yield_now(),
                    }
                }
            });
        }
        for number in 1..=TASKS {
            while queue.enqueue(task(number)).is_err() {
                queue.dequeue().map(take);
            }
            if number % 3 == 0 {
                queue.dequeue().map(take);
            }
        }
        while let Some(task) = queue.dequeue() {
            take(task);
        }
        done.store(true, Ordering::Release);
    });
    assert!(taken[1..].iter().all(|count| count.load(Ordering::Relaxed) == 1));
}
