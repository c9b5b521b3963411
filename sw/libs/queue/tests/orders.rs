//! The queues that several harts use, in every order of execution that `loom` knows.

use deque::{Deque, Steal};
use loom::{model, sync::Arc, thread};
use mpsc::Mpsc;
use std::{num::NonZeroU64, sync::atomic::Ordering};

mod atomics {
    pub use loom::{
        hint::spin_loop,
        sync::atomic::{AtomicU64, AtomicUsize, fence},
    };
}

#[path = "../src/deque.rs"]
mod deque;
#[path = "../src/mpsc.rs"]
mod mpsc;

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
