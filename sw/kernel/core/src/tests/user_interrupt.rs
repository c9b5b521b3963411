//! User interrupts: random registrations, sends, waits and deletions, against a model that knows which
//! capability each sender entry was made from, and who has which vectors.

use super::{host::Bench, taic::Device, uintc::RECEIVERS};
use crate::{Memory, Tcb, entry::Entry, object::State, object::reg};
use abi::{Error, Label, MessageInfo, ObjectType, Rights, Syscall, slot, user_interrupt};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Threads that can be receivers, of lower priority than the root task, which sends.
const THREADS: usize = RECEIVERS + 1;
/// Places for capabilities with badges.
const CAPS: usize = 6;

#[derive(Clone, Debug)]
enum Step {
    /// The notification of a thread is bound and its receiver registered.
    Register(usize),
    Unbind(usize),
    /// A capability with a badge is made, if its place is empty.
    Mint {
        cap: usize,
        thread: usize,
        badge: usize,
    },
    Copy {
        cap: usize,
        to: usize,
    },
    Move {
        cap: usize,
        to: usize,
    },
    Delete(usize),
    Revoke(usize),
    RegisterSender(usize),
    /// UIPI SEND of an index that may be none.
    Send(usize),
    Poll(usize),
    /// A thread that does nothing waits, as the root task does, until the root task is woken.
    Wait(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let (thread, cap) = (0..THREADS, 0..CAPS);
    prop_oneof![
        3 => thread.clone().prop_map(Step::Register),
        1 => thread.clone().prop_map(Step::Unbind),
        3 => (cap.clone(), thread.clone(), prop::sample::select(&[1usize, 5, 63, 64][..]))
            .prop_map(|(cap, thread, badge)| Step::Mint { cap, thread, badge }),
        2 => (cap.clone(), cap.clone()).prop_map(|(cap, to)| Step::Copy { cap, to }),
        2 => (cap.clone(), cap.clone()).prop_map(|(cap, to)| Step::Move { cap, to }),
        1 => cap.clone().prop_map(Step::Delete),
        1 => cap.clone().prop_map(Step::Revoke),
        5 => cap.prop_map(Step::RegisterSender),
        6 => (0usize..8).prop_map(Step::Send),
        2 => thread.clone().prop_map(Step::Poll),
        3 => thread.prop_map(Step::Wait),
    ]
}

/// A capability of the model: of whose notification, with which badge, and from which place it was
/// copied.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Held {
    thread: usize,
    badge: usize,
    /// The capability and its copies, of which this is one.
    family: usize,
    /// Whether it was minted, so that copies descend from it.
    minted: bool,
}

struct World {
    bench: Bench,
    /// Slot of the first notification, of the first thread, of the first capability with a badge.
    notifications: usize,
    threads: usize,
    caps: usize,
    held: [Option<Held>; CAPS],
    registered: [bool; THREADS],
    /// What was sent to a thread and not taken.
    pending: [usize; THREADS],
    asleep: [bool; THREADS],
    /// Sender entries: from which place, to whom, which vector.
    senders: BTreeMap<usize, (usize, usize, usize)>,
    families: usize,
}

impl World {
    fn new() -> Self {
        let mut bench = Bench::new();
        let notifications = bench.free;
        let (threads, caps) = (notifications + THREADS, notifications + 2 * THREADS);
        let untyped = bench.untyped;
        let made = bench.retype(untyped, ObjectType::Notification, 0, notifications, THREADS);
        assert_eq!(made.0, 0);
        for thread in 0..THREADS {
            bench.thread(threads + thread, 100);
        }
        Self {
            bench,
            notifications,
            threads,
            caps,
            held: [None; CAPS],
            registered: [false; THREADS],
            pending: [0; THREADS],
            asleep: [false; THREADS],
            senders: BTreeMap::new(),
            families: 0,
        }
    }

    fn cnode(&mut self, label: Label, words: &[usize]) -> usize {
        let caps: &[usize] = if words.len() > 2 { &[slot::CNODE] } else { &[] };
        self.bench.invoke(slot::CNODE, label, words, caps).0
    }

    fn tcb(&self, thread: usize) -> Tcb {
        Tcb(self.bench.cap(self.threads + thread).pointer())
    }

    fn apply(&mut self, step: &Step) {
        match *step {
            Step::Register(thread) => self.register(thread),
            Step::Unbind(thread) if !self.asleep[thread] => {
                let answer = self.bench.invoke(
                    self.threads + thread,
                    Label::TcbUnbindNotification,
                    &[],
                    &[],
                );
                let bound = self.registered[thread];
                assert_eq!(answer.0 == 0, bound);
                self.registered[thread] = false;
                self.pending[thread] = 0;
                self.senders.retain(|_, (_, to, _)| *to != thread);
            }
            Step::Mint { cap, thread, badge } if self.held[cap].is_none() => {
                let words =
                    [self.caps + cap, 64, self.notifications + thread, 64, Rights::ALL.0, badge];
                assert_eq!(self.cnode(Label::CNodeMint, &words), 0);
                self.families += 1;
                let held = Held { thread, badge, family: self.families, minted: true };
                self.held[cap] = Some(held);
            }
            Step::Copy { cap, to } => {
                if let (Some(held), None) = (self.held[cap], self.held[to]) {
                    let words = [self.caps + to, 64, self.caps + cap, 64, Rights::ALL.0];
                    assert_eq!(self.cnode(Label::CNodeCopy, &words), 0);
                    self.held[to] = Some(Held { minted: false, ..held });
                }
            }
            Step::Move { cap, to } => {
                if let (Some(held), None) = (self.held[cap], self.held[to]) {
                    let words = [self.caps + to, 64, self.caps + cap, 64];
                    assert_eq!(self.cnode(Label::CNodeMove, &words), 0);
                    (self.held[to], self.held[cap]) = (Some(held), None);
                    for (from, _, _) in self.senders.values_mut() {
                        *from = if *from == cap { to } else { *from };
                    }
                }
            }
            Step::Delete(cap) => {
                assert_eq!(self.cnode(Label::CNodeDelete, &[self.caps + cap, 64]), 0);
                self.lose(cap);
            }
            Step::Revoke(cap) => self.revoke(cap),
            Step::RegisterSender(cap) => self.register_sender(cap),
            Step::Send(index) => self.send(index),
            Step::Poll(thread) => self.poll(thread),
            Step::Wait(thread) => self.wait(thread),
            Step::Mint { .. } | Step::Unbind(_) => {}
        }
    }

    fn lose(&mut self, cap: usize) {
        self.held[cap] = None;
        self.senders.retain(|_, (from, _, _)| *from != cap);
    }

    /// A minted capability has its copies for descendants; a copy has none.
    fn revoke(&mut self, cap: usize) {
        let Some(held) = self.held[cap].filter(|held| held.minted) else { return };
        assert_eq!(self.cnode(Label::CNodeRevoke, &[self.caps + cap, 64]), 0);
        for other in (0..CAPS).filter(|other| *other != cap) {
            if self.held[other].is_some_and(|other| other.family == held.family) {
                self.lose(other);
            }
        }
    }

    fn register(&mut self, thread: usize) {
        let (tcb, notification) = (self.threads + thread, self.notifications + thread);
        if !self.registered[thread] {
            let bound = self.bench.invoke(tcb, Label::TcbBindNotification, &[], &[notification]);
            assert_eq!(bound.0, 0);
        }
        let label = Label::UintrRegisterReceiver;
        let (error, _) = self.bench.invoke(notification, label, &[], &[tcb]);
        if self.registered[thread] {
            assert_eq!(error, Error::DeleteFirst as usize);
        } else if self.registered.iter().filter(|registered| **registered).count() == RECEIVERS {
            assert_eq!(error, Error::NotEnoughMemory as usize);
            let unbound = self.bench.invoke(tcb, Label::TcbUnbindNotification, &[], &[]);
            assert_eq!(unbound.0, 0);
        } else {
            assert_eq!(error, 0);
            self.registered[thread] = true;
        }
    }

    fn register_sender(&mut self, cap: usize) {
        let Some(held) = self.held[cap] else { return };
        let label = Label::UintrRegisterSender;
        let (error, words) = self.bench.invoke(self.caps + cap, label, &[], &[]);
        if held.badge >= user_interrupt::VECTORS {
            assert_eq!(error, Error::RangeError as usize);
        } else if !self.registered[held.thread] {
            assert_eq!(error, Error::IllegalOperation as usize);
        } else {
            assert_eq!(error, 0);
            let made = (cap, held.thread, held.badge);
            let before = self.senders.insert(words[0], made);
            assert!(before.is_none() || before == Some(made), "{before:?} was in the place");
        }
    }

    /// The root task sends, if it may send at all; then the kernel gets its interrupts.
    fn send(&mut self, index: usize) {
        let model = self.senders.get(&index).copied();
        if let Some(table) = self.bench.kernel.machine.user.senders {
            let entry = self.bench.kernel.load(table + 8 * index);
            let reached = self.bench.kernel.machine.user.send(entry);
            assert_eq!(reached.is_some(), model.is_some(), "index {index}");
            assert_eq!(reached.map(|(_, vector)| vector), model.map(|(_, _, vector)| vector));
        } else {
            assert_eq!(model, None);
        }
        if let Some((_, thread, vector)) = model {
            self.pending[thread] |= 1 << vector;
        }
        let user = &self.bench.kernel.machine.user;
        if user.line() {
            assert!(user.listening && user.receiver.is_none(), "an interrupt for nobody");
            self.bench.enter(Entry::UserInterrupt);
        }
        for thread in 0..THREADS {
            if self.asleep[thread] && self.pending[thread] != 0 {
                self.woken(thread);
            }
        }
    }

    /// A thread that slept has its bits.
    fn woken(&mut self, thread: usize) {
        let tcb = self.tcb(thread);
        assert_eq!(tcb.state(&self.bench.kernel), State::Running);
        assert_eq!(tcb.register(&self.bench.kernel, reg::BADGE), self.pending[thread]);
        let stopped = self.bench.invoke(self.threads + thread, Label::TcbSuspend, &[], &[]);
        assert_eq!(stopped.0, 0);
        self.asleep[thread] = false;
        self.pending[thread] = 0;
    }

    /// A thread runs for one system call on its notification, while the root task waits.
    fn call_of(&mut self, thread: usize, call: Syscall) -> bool {
        if self.asleep[thread] || !self.registered[thread] {
            return false;
        }
        let resumed = self.bench.invoke(self.threads + thread, Label::TcbResume, &[], &[]);
        assert_eq!(resumed.0, 0);
        // The root task leaves its hart by a priority below that of the thread.
        self.bench.invoke(slot::TCB, Label::TcbSetPriority, &[50], &[slot::TCB]);
        assert_eq!(self.bench.kernel.current(), self.tcb(thread));
        self.check_running(thread);
        let notification = self.notifications + thread;
        self.bench.syscall(call, notification, MessageInfo(0), &[], &[]);
        true
    }

    fn check_running(&self, thread: usize) {
        let user = &self.bench.kernel.machine.user;
        let receiver = user.receiver.expect("it has its receiver");
        assert!(user.entries[receiver].active && user.entries[receiver].hart == 0);
        assert_eq!(user.entries[receiver].pending, self.pending[thread]);
        assert!(!user.listening);
    }

    fn poll(&mut self, thread: usize) {
        if !self.call_of(thread, Syscall::NbRecv) {
            return;
        }
        let tcb = self.tcb(thread);
        assert_eq!(tcb.register(&self.bench.kernel, reg::BADGE), self.pending[thread]);
        self.pending[thread] = 0;
        self.back_to_root(thread);
    }

    /// The thread suspends itself, and the root task goes on.
    fn back_to_root(&mut self, thread: usize) {
        let info = MessageInfo::new(Label::TcbSuspend as usize, 0, 0, 0);
        self.bench.syscall(Syscall::Call, self.threads + thread, info, &[], &[]);
        self.root_runs();
    }

    fn root_runs(&mut self) {
        assert_eq!(self.bench.kernel.current(), self.bench.root);
        let high = self.bench.invoke(slot::TCB, Label::TcbSetPriority, &[255], &[slot::TCB]);
        assert_eq!(high.0, 0);
    }

    fn wait(&mut self, thread: usize) {
        if !self.call_of(thread, Syscall::Recv) {
            return;
        }
        let tcb = self.tcb(thread);
        if self.pending[thread] != 0 {
            assert_eq!(tcb.register(&self.bench.kernel, reg::BADGE), self.pending[thread]);
            self.pending[thread] = 0;
            self.back_to_root(thread);
        } else {
            assert_eq!(tcb.state(&self.bench.kernel), State::BlockedOnNotification);
            self.asleep[thread] = true;
            self.root_runs();
        }
    }

    /// What UINTC has for each thread is what was sent and not taken.
    fn check(&self) {
        let kernel = &self.bench.kernel;
        for thread in 0..THREADS {
            let receiver = self.tcb(thread).receiver(kernel);
            assert_eq!(receiver != 0, self.registered[thread]);
            if receiver != 0 {
                let entry = kernel.machine.user.entries[receiver - 1];
                assert_eq!(entry.pending, self.pending[thread], "thread {thread}");
            }
        }
    }
}

proptest! {
    #[test]
    fn vectors_reach_who_they_were_meant_for(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new();
        for step in &steps {
            world.apply(step);
            world.check();
        }
    }
}

#[test]
fn without_uintc_nothing_can_be_registered() {
    let mut bench = Bench::on(0, Device::NONE);
    let (untyped, on) = (bench.untyped, bench.free);
    assert_eq!(bench.retype(untyped, ObjectType::Notification, 0, on, 1).0, 0);
    assert_eq!(bench.invoke(slot::TCB, Label::TcbBindNotification, &[], &[on]).0, 0);
    let illegal = Error::IllegalOperation as usize;
    assert_eq!(bench.invoke(on, Label::UintrRegisterReceiver, &[], &[slot::TCB]).0, illegal);
    assert_eq!(bench.invoke(on, Label::UintrRegisterSender, &[], &[]).0, illegal);
}

#[test]
fn sender_tables_are_used_up() {
    let mut bench = Bench::new();
    let (untyped, on) = (bench.untyped, bench.free);
    assert_eq!(bench.retype(untyped, ObjectType::Notification, 0, on, 1).0, 0);
    assert_eq!(bench.invoke(slot::TCB, Label::TcbBindNotification, &[], &[on]).0, 0);
    assert_eq!(bench.invoke(on, Label::UintrRegisterReceiver, &[], &[slot::TCB]).0, 0);
    for table in 0..user_interrupt::SENDER_TABLES {
        let thread = bench.thread(on + 1 + table, 1);
        give_table(&mut bench, thread, table + 1);
        bench.kernel.user_interrupts.senders[table] = thread.0;
    }
    let none = (Error::NotEnoughMemory as usize, std::vec![0]);
    assert_eq!(bench.invoke(on, Label::UintrRegisterSender, &[], &[]), none);
    let thread = Tcb(bench.kernel.user_interrupts.senders[3]);
    give_table(&mut bench, thread, 0);
    bench.kernel.user_interrupts.senders[3] = 0;
    assert_eq!(bench.invoke(on, Label::UintrRegisterSender, &[], &[]), (0, std::vec![0]));
}

/// A thread has a sender table, by its number from 1 on, or none.
fn give_table(bench: &mut Bench, thread: Tcb, table: usize) {
    thread.set_sender_table(&mut bench.kernel, table);
    thread.note_user_interrupts(&mut bench.kernel);
}
