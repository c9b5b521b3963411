//! The queues that several harts use, in every order of execution that `loom` knows.

use deque::{Deque, Steal};
use loom::{model, sync::Arc, thread};
use mpsc::Mpsc;
use spmc::Spmc;
use spsc::Spsc;
use std::{num::NonZeroU64, sync::atomic::Ordering};

mod atomics {
    pub use loom::{
        hint::spin_loop,
        sync::atomic::{AtomicU64, AtomicUsize, fence},
    };
}

#[path = "../src/memory/deque.rs"]
mod deque;
#[path = "../src/memory/mpsc.rs"]
mod mpsc;
#[path = "../src/memory/places.rs"]
mod places;
#[path = "../src/memory/spmc.rs"]
mod spmc;
#[path = "../src/memory/spsc.rs"]
mod spsc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Full;

#[derive(Debug)]
struct Line<T>(T);

fn task(number: u64) -> NonZeroU64 {
    NonZeroU64::new(number).unwrap()
}

#[test]
fn a_consumer_gets_each_task_once_with_what_was_written_before() {
    model(|| {
        let queue = Arc::new(Mpsc::<2>::new());
        let written = Arc::new([const { 0 }; 2].map(atomics::AtomicU64::new));
        for producer in 0..2 {
            let (queue, written) = (queue.clone(), written.clone());
            thread::spawn(move || {
                written[producer].store(7, Ordering::Relaxed);
                queue.enqueue(task(producer as u64 + 1));
            });
        }
        let mut taken = [0; 2];
        while taken.iter().sum::<u64>() < 2 {
            let Some(task) = queue.dequeue() else {
                thread::yield_now();
                continue;
            };
            let producer = task.get() as usize - 1;
            taken[producer] += 1;
            assert_eq!(written[producer].load(Ordering::Relaxed), 7);
        }
        assert_eq!((taken, queue.dequeue()), ([1, 1], None));
    });
}

#[test]
fn owner_and_thief_get_each_task_once() {
    model(|| {
        let queue = Arc::new(Deque::<2>::new());
        let thief = {
            let queue = queue.clone();
            thread::spawn(move || {
                let stolen = [queue.steal(), queue.steal()];
                stolen.map(|it| if let Steal::Task(task) = it { task.get() } else { 0 })
            })
        };
        let mut taken = vec![];
        queue.push(task(1)).unwrap();
        queue.push(task(2)).unwrap();
        taken.extend(queue.pop());
        taken.extend(queue.pop());
        let mut all: Vec<_> = taken.into_iter().map(NonZeroU64::get).collect();
        all.extend(thief.join().unwrap().iter().filter(|task| **task != 0));
        all.extend(queue.pop().map(NonZeroU64::get));
        all.sort_unstable();
        assert_eq!(all, [1, 2]);
    });
}

#[test]
fn one_gets_the_tasks_of_another_in_their_order() {
    model(|| {
        let queue = Arc::new(Spsc::<2>::new());
        let written = Arc::new([const { 0 }; 3].map(atomics::AtomicU64::new));
        {
            let (queue, written) = (queue.clone(), written.clone());
            thread::spawn(move || {
                for number in 1..=3 {
                    written[number as usize - 1].store(7, Ordering::Relaxed);
                    while queue.enqueue(task(number)).is_err() {
                        thread::yield_now();
                    }
                }
            });
        }
        for number in 1..=3 {
            let taken = loop {
                if let Some(task) = queue.dequeue() {
                    break task;
                }
                thread::yield_now();
            };
            assert_eq!(taken, task(number));
            assert_eq!(written[number as usize - 1].load(Ordering::Relaxed), 7);
        }
        assert_eq!(queue.dequeue(), None);
    });
}

// With room for all tasks: that a place is filled again by a store, after the exchange by a thief
// that came late, is beyond `loom`, which does not know that nothing comes between the two halves of
// an exchange. `tests/threads.rs` goes round.
#[test]
fn owner_and_thief_take_each_task_once() {
    model(|| {
        let queue = Arc::new(Spmc::<4>::new());
        let written = Arc::new([const { 0 }; 2].map(atomics::AtomicU64::new));
        let thief = {
            let (queue, written) = (queue.clone(), written.clone());
            thread::spawn(move || {
                [queue.steal(), queue.steal()].map(|stolen| {
                    let number = stolen.map_or(0, NonZeroU64::get);
                    if number != 0 {
                        let needed = &written[number as usize - 1];
                        assert_eq!(needed.load(Ordering::Relaxed), 7);
                    }
                    number
                })
            })
        };
        for number in 1..=2 {
            written[number as usize - 1].store(7, Ordering::Relaxed);
            queue.enqueue(task(number)).unwrap();
        }
        let mut all: Vec<_> = queue.dequeue().into_iter().map(NonZeroU64::get).collect();
        all.extend(thief.join().unwrap().iter().filter(|number| **number != 0));
        all.extend([queue.dequeue(), queue.dequeue()].iter().flatten().map(|task| task.get()));
        all.sort_unstable();
        assert_eq!(all, [1, 2]);
    });
}
