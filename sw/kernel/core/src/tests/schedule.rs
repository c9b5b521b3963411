//! The scheduler, against a sorted list.

use super::host::Bench;
use crate::{Tcb, entry::Entry, kernel::TIME_SLICE};
use abi::{Label, MessageInfo, Syscall, slot};
use proptest::prelude::*;
use std::vec::Vec;

const THREADS: usize = 5;

#[derive(Clone, Debug)]
enum Step {
    Resume(usize),
    Suspend(usize),
    Priority(usize, usize),
    Yield,
    Ticks(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..THREADS).prop_map(Step::Resume),
        1 => (0..THREADS).prop_map(Step::Suspend),
        2 => (0..THREADS, 0usize..4).prop_map(|(thread, priority)| Step::Priority(thread, priority)),
        2 => Just(Step::Yield),
        2 => (1..2 * TIME_SLICE).prop_map(Step::Ticks),
    ]
}

/// The root task has the greatest priority. It does a step, then waits while the others run.
struct Both {
    bench: Bench,
    threads: Vec<Tcb>,
    priorities: [usize; THREADS],
    running: [bool; THREADS],
    notification: usize,
}

impl Both {
    fn new() -> Self {
        let mut bench = Bench::new();
        let (first, untyped) = (bench.free, bench.untyped);
        let notification = first + THREADS;
        let made = bench.retype(untyped, abi::ObjectType::Notification, 0, notification, 1);
        assert_eq!(made.0, 0);
        let threads = (0..THREADS).map(|index| bench.thread(first + index, 1)).collect();
        Self { bench, threads, priorities: [1; THREADS], running: [false; THREADS], notification }
    }

    fn step(&mut self, step: Step) {
        let first = self.bench.free;
        let invoke = |both: &mut Self, thread: usize, label: Label, words: &[usize]| {
            let answer = both.bench.invoke(first + thread, label, words, &[slot::TCB]);
            assert_eq!(answer.0, 0);
        };
        match step {
            Step::Resume(thread) => {
                invoke(self, thread, Label::TcbResume, &[]);
                self.running[thread] = true;
            }
            Step::Suspend(thread) => {
                invoke(self, thread, Label::TcbSuspend, &[]);
                self.running[thread] = false;
            }
            Step::Priority(thread, priority) => {
                invoke(self, thread, Label::TcbSetPriority, &[priority]);
                self.priorities[thread] = priority;
            }
            Step::Yield => self.while_root_waits(|both| {
                both.bench.syscall(Syscall::Yield, 0, MessageInfo(0), &[], &[]);
            }),
            Step::Ticks(count) => self.while_root_waits(|both| {
                for _ in 0..count {
                    both.bench.enter(Entry::Tick);
                    both.check_choice();
                }
            }),
        }
    }

    fn while_root_waits(&mut self, what: impl FnOnce(&mut Self)) {
        let notification = self.notification;
        self.bench.syscall(Syscall::Recv, notification, MessageInfo(0), &[], &[]);
        self.check_choice();
        if self.running.contains(&true) {
            what(self);
            self.check_choice();
            self.check_turns();
        }
        let object = crate::object::Notification(self.bench.cap(notification).pointer());
        self.bench.kernel.signal(object, 1);
        self.bench.kernel.leave();
        assert_eq!(self.bench.kernel.current(), self.bench.root);
    }

    fn most(&self) -> Option<usize> {
        (0..THREADS).filter(|thread| self.running[*thread]).map(|t| self.priorities[t]).max()
    }

    /// The thread that runs is one of the most important.
    fn check_choice(&self) {
        let current = self.bench.kernel.current();
        match self.threads.iter().position(|thread| *thread == current) {
            None => assert!(self.most().is_none() && self.bench.kernel.is_idle()),
            Some(thread) => {
                assert!(self.running[thread]);
                assert_eq!(Some(self.priorities[thread]), self.most());
            }
        }
    }

    /// Each of the most important ones gets its turn when all give way.
    fn check_turns(&mut self) {
        let most = self.most();
        let equal = (0..THREADS)
            .filter(|thread| self.running[*thread] && Some(self.priorities[*thread]) == most);
        let expected: Vec<Tcb> = equal.map(|thread| self.threads[thread]).collect();
        let mut seen = Vec::new();
        for _ in 0..expected.len() {
            seen.push(self.bench.kernel.current());
            self.bench.syscall(Syscall::Yield, 0, MessageInfo(0), &[], &[]);
        }
        let key = |thread: &Tcb| thread.0;
        seen.sort_by_key(key);
        let mut expected = expected;
        expected.sort_by_key(key);
        assert_eq!(seen, expected);
    }
}

proptest! {
    #[test]
    fn the_most_important_runs_and_equals_take_turns(steps in prop::collection::vec(step(), 1..60)) {
        let mut both = Both::new();
        for step in steps {
            both.step(step);
            assert_eq!(both.bench.kernel.current(), both.bench.root);
        }
    }
}
