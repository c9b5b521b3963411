//! The short ways of calls and replies, against the long ones: two kernels do the same, one of them
//! without short ways, and hold the same words afterwards.

use super::host::Bench;
use crate::{
    Tcb,
    entry::{self, Entry},
    object::reg,
};
use abi::{Label, MessageInfo, ObjectType, Rights, Syscall, slot};
use proptest::prelude::*;

const THREADS: usize = 4;

#[derive(Clone, Debug)]
enum Step {
    /// The current thread makes a system call through one of the capabilities.
    Call {
        call: Syscall,
        cap: usize,
        length: usize,
    },
    /// The root task, at any time, changes a priority, signals, or ends an address space.
    Priority {
        thread: usize,
        priority: usize,
    },
    /// A thread that waits starts again, so that not all wait for each other.
    Restart(usize),
    Signal,
    Tick,
    Fault,
}

fn step() -> impl Strategy<Value = Step> {
    let calls = prop::sample::select(
        &[
            Syscall::Call,
            Syscall::ReplyRecv,
            Syscall::Call,
            Syscall::ReplyRecv,
            Syscall::Recv,
            Syscall::Recv,
            Syscall::Send,
            Syscall::NbSend,
            Syscall::NbRecv,
            Syscall::Reply,
            Syscall::Yield,
        ][..],
    );
    prop_oneof![
        12 => (calls, 0usize..CAPS, 0usize..6)
            .prop_map(|(call, cap, length)| Step::Call { call, cap, length }),
        1 => (0..THREADS, 1usize..6)
            .prop_map(|(thread, priority)| Step::Priority { thread, priority }),
        4 => (0..THREADS).prop_map(Step::Restart),
        2 => Just(Step::Signal),
        1 => Just(Step::Tick),
        1 => Just(Step::Fault),
    ]
}

/// A kernel with threads that wait, an endpoint with several capabilities, a bound notification and
/// another one, which all of them reach with several rights.
struct World {
    bench: Bench,
    short: bool,
    first: usize,
    threads: [Tcb; THREADS],
    notification: usize,
}

/// Rights of the capabilities of the endpoint.
const RIGHTS: [Rights; 4] = [Rights::ALL, Rights(0b1011), Rights(0b0011), Rights(0b1110)];
/// Rights of the capabilities of each notification.
const SIGNALS: [Rights; 3] = [Rights(0b0011), Rights(0b0001), Rights(0b0010)];
/// Capabilities that calls are made through: those of the endpoint, those of two notifications.
const CAPS: usize = RIGHTS.len() + 2 * SIGNALS.len();

impl World {
    fn new(short: bool) -> Self {
        let mut bench = Bench::new();
        let (first, untyped) = (bench.free, bench.untyped);
        assert_eq!(bench.retype(untyped, ObjectType::Endpoint, 0, first, 1).0, 0);
        for (index, rights) in RIGHTS.iter().enumerate() {
            let words = [first + 1 + index, 64, first, 64, rights.0, 1 + index];
            assert_eq!(bench.invoke(slot::CNODE, Label::CNodeMint, &words, &[slot::CNODE]).0, 0);
        }
        let notification = first + 1 + CAPS;
        let made = bench.retype(untyped, ObjectType::Notification, 0, notification, 2);
        assert_eq!(made.0, 0);
        for index in 0..2 * SIGNALS.len() {
            let (from, rights) = (notification + index % 2, SIGNALS[index / 2].0);
            let words = [first + 1 + RIGHTS.len() + index, 64, from, 64, rights, 1 << index];
            assert_eq!(bench.invoke(slot::CNODE, Label::CNodeMint, &words, &[slot::CNODE]).0, 0);
        }
        let first_thread = notification + 2;
        let threads = core::array::from_fn(|index| bench.thread(first_thread + index, 1 + index));
        let bound = bench.invoke(
            first_thread + THREADS - 1,
            Label::TcbBindNotification,
            &[],
            &[notification],
        );
        assert_eq!(bound.0, 0);
        for index in 0..THREADS {
            // Faults go to the endpoint too.
            let words = [first + 1, 0, 0];
            let caps = [slot::CNODE, slot::VSPACE];
            let set = bench.invoke(first_thread + index, Label::TcbSetSpace, &words, &caps);
            assert_eq!(set.0, 0);
            assert_eq!(bench.invoke(first_thread + index, Label::TcbResume, &[], &[]).0, 0);
        }
        let mut world = Self { bench, short, first, threads, notification };
        // The root task is out of the way.
        world.bench.syscall(
            Syscall::Call,
            slot::TCB,
            MessageInfo::new(Label::TcbSuspend as usize, 0, 0, 0),
            &[],
            &[],
        );
        world
    }

    fn step(&mut self, step: &Step) {
        let current = self.bench.kernel.current();
        let idle = self.bench.kernel.is_idle();
        match step {
            _ if idle && !matches!(step, Step::Signal | Step::Tick | Step::Restart(_)) => {}
            Step::Call { call, cap, length } => {
                let kernel = &mut self.bench.kernel;
                kernel.set_place(0x1000, 0x1004);
                current.set_register(kernel, reg::CAP, self.first + 1 + cap);
                let info = MessageInfo::new(9, 3, 0, *length);
                current.set_register(kernel, reg::INFO, info.0);
                for word in 0..4 {
                    current.set_register(kernel, reg::MESSAGE + word, 100 * word + length);
                }
                let short = entry::Call {
                    hart: kernel.hart,
                    thread: current,
                    cap: self.first + 1 + cap,
                    info,
                };
                let done = match call {
                    _ if !self.short => false,
                    Syscall::Call => kernel.enter_call(short).is_some(),
                    Syscall::ReplyRecv => kernel.enter_reply_receive(short).is_some(),
                    _ => kernel.enter_short(short, *call as isize),
                };
                if !done {
                    kernel.enter(Entry::Syscall(*call as isize));
                }
            }
            Step::Priority { thread, priority } => {
                self.bench.kernel.set_priority(self.threads[*thread], *priority);
                self.bench.kernel.leave();
            }
            Step::Restart(thread) => {
                self.bench.kernel.restart(self.threads[*thread]);
                self.bench.kernel.leave();
            }
            Step::Signal => {
                let cap = self.bench.cap(self.notification);
                let notification = crate::object::Notification(cap.pointer());
                self.bench.kernel.signal(notification, 64);
                self.bench.kernel.leave();
            }
            Step::Tick => self.bench.kernel.enter(Entry::Tick),
            Step::Fault => {
                self.bench.kernel.set_place(0x2000, 0x2000);
                self.bench.kernel.enter(Entry::Exception { cause: 2, code: 0 });
            }
        }
        self.bench.kernel.check().expect("invariants");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn the_short_way_does_what_the_long_one_does(steps in prop::collection::vec(step(), 1..200)) {
        let (mut short, mut long) = (World::new(true), World::new(false));
        for step in steps {
            short.step(&step);
            long.step(&step);
            prop_assert_eq!(short.bench.kernel.current(), long.bench.kernel.current());
            let different = short.bench.kernel.machine.difference(&long.bench.kernel.machine, &[
                // Links of a thread that is in no queue mean nothing.
                8 * 52, 8 * 53, 8 * 54, 8 * 55,
            ]);
            prop_assert_eq!(different, None);
        }
    }
}
