//! Asynchronous system calls: the root task and its rings.

use super::host::{Answer, Bench};
use crate::{Memory, Tcb, entry::Entry, object::State};
use abi::{
    Error, Label, MessageInfo, ObjectType, Syscall,
    async_call::{ANSWER_WORDS, REQUEST_WORDS, SLOTS, answer, request},
    slot,
};
use ring::layout::{FIRST, Layout, STEP};

const REQUESTS: Layout = Layout::new(REQUEST_WORDS, SLOTS);
const ANSWERS: Layout = Layout::new(ANSWER_WORDS, SLOTS);

/// The root task with rings: slots of the frame, the notification, and a spare frame.
struct Rings {
    bench: Bench,
    frame: usize,
    notification: usize,
    spare: usize,
    base: usize,
    sent: u64,
    taken: u64,
}

impl Rings {
    fn new() -> Self {
        let mut rings = Self::without();
        assert_eq!(rings.register(&[]).0, 0);
        rings
    }

    fn without() -> Self {
        let mut bench = Bench::new();
        let (frame, notification, spare) = (bench.free, bench.free + 1, bench.free + 2);
        bench.free += 16;
        for (index, kind) in [
            (frame, ObjectType::Page),
            (notification, ObjectType::Notification),
            (spare, ObjectType::Page),
        ] {
            assert_eq!(bench.retype(bench.untyped, kind, 0, index, 1).0, 0);
        }
        let base = bench.cap(frame).pointer();
        Self { bench, frame, notification, spare, base, sent: 0, taken: 0 }
    }

    fn register(&mut self, words: &[usize]) -> Answer {
        let (label, caps) = (Label::UintrRegisterAsyncSyscall, [self.frame]);
        self.bench.invoke(self.notification, label, words, &caps)
    }

    fn store(&mut self, offset: usize, word: usize) {
        self.bench.kernel.store(self.base + offset, word);
    }

    fn load(&self, offset: usize) -> usize {
        self.bench.kernel.load(self.base + offset)
    }

    fn send(&mut self, cap: usize, label: Label, words: &[usize], caps: &[usize]) {
        let number = FIRST + STEP * self.sent;
        let mut message = [0; REQUEST_WORDS];
        message[request::COOKIE] = 0x1000 + self.sent as usize;
        message[request::INFO] = MessageInfo::new(label as usize, 0, caps.len(), words.len()).0;
        message[request::CAP] = cap;
        message[request::CAPS..][..caps.len()].copy_from_slice(caps);
        message[request::WORDS..][..words.len()].copy_from_slice(words);
        for (index, word) in message.into_iter().enumerate() {
            self.store(REQUESTS.word(number, index), word);
        }
        self.store(REQUESTS.number(number), number as usize);
        self.sent += 1;
    }

    /// An answer that has come, with the number of its request.
    fn answer(&mut self) -> Option<(usize, Answer)> {
        let number = FIRST + STEP * self.taken;
        if self.load(REQUESTS.bytes() + ANSWERS.number(number)) as u64 != number {
            return None;
        }
        self.taken += 1;
        self.store(REQUESTS.bytes() + Layout::TAKEN, number as usize);
        let word = |index| self.load(REQUESTS.bytes() + ANSWERS.word(number, index));
        let info = MessageInfo(word(answer::INFO));
        let words = (0..info.length()).map(|index| word(answer::WORDS + index)).collect();
        Some((word(answer::COOKIE) - 0x1000, (info.label(), words)))
    }

    fn wake(&mut self) {
        let call = Syscall::WakeSyscallHandler;
        self.bench.syscall(call, 0, MessageInfo(0), &[], &[]);
    }

    fn tick(&mut self) {
        self.bench.enter(Entry::Tick);
    }

    fn bits(&mut self) -> usize {
        let cap = self.notification;
        self.bench.syscall(Syscall::NbRecv, cap, MessageInfo(0), &[], &[]);
        self.bench.root.register(&self.bench.kernel, crate::object::reg::BADGE)
    }
}

/// Requests on which nothing depends: what, of which slot, with which words and capabilities.
type Asked = (usize, Label, Vec<usize>, Vec<usize>);

fn some_requests(rings: &Rings) -> Vec<Asked> {
    let (spare, free) = (rings.spare, rings.bench.free);
    let place = |index: usize| vec![index, 64, spare, 64, 3, 0];
    vec![
        (spare, Label::PageGetAddress, vec![], vec![]),
        (slot::CNODE, Label::CNodeMint, place(free), vec![slot::CNODE]),
        (slot::CNODE, Label::CNodeMint, place(free), vec![slot::CNODE]),
        (slot::CNODE, Label::CNodeMint, vec![free + 1, 99, spare, 64, 3, 0], vec![slot::CNODE]),
        (slot::CNODE, Label::CNodeDelete, vec![free, 64], vec![]),
        (slot::CNODE, Label::CNodeDelete, vec![free], vec![]),
        (spare, Label::PageMap, vec![0x40_0000, 3, 0], vec![slot::VSPACE]),
        (spare, Label::PageMap, vec![0x40_0001, 3, 0], vec![slot::VSPACE]),
        (spare, Label::PageUnmap, vec![], vec![]),
        (slot::TCB, Label::TcbSetPriority, vec![300], vec![slot::TCB]),
        (slot::TCB, Label::TcbReadRegisters, vec![0, 4], vec![]),
        (free + 5, Label::TcbSuspend, vec![], vec![]),
    ]
}

#[test]
fn requests_are_answered_as_system_calls_are() {
    let (mut rings, mut other) = (Rings::new(), Rings::without());
    let asked = some_requests(&rings);
    for (cap, label, words, caps) in &asked {
        rings.send(*cap, *label, words, caps);
    }
    assert_eq!(rings.answer(), None);
    rings.wake();
    for (index, (cap, label, words, caps)) in asked.iter().enumerate() {
        let expected = other.bench.invoke(*cap, *label, words, caps);
        assert_eq!(rings.answer(), Some((index, expected)), "{label:?}");
    }
    assert_eq!(rings.answer(), None);
}

#[test]
fn a_capability_that_is_not_there_is_an_error_and_no_fault() {
    let mut rings = Rings::new();
    rings.send(usize::MAX, Label::PageUnmap, &[], &[]);
    rings.send(rings.spare, Label::PageMap, &[0x40_0000, 3, 0], &[usize::MAX]);
    rings.wake();
    for index in 0..2 {
        let (number, (label, _)) = rings.answer().expect("an answer");
        assert_eq!((number, label), (index, Error::FailedLookup as usize));
    }
    assert_eq!(rings.bench.root.state(&rings.bench.kernel), State::Running);
}

#[test]
fn messages_to_endpoints_are_refused() {
    let mut rings = Rings::new();
    let endpoint = rings.bench.free;
    let untyped = rings.bench.untyped;
    assert_eq!(rings.bench.retype(untyped, ObjectType::Endpoint, 0, endpoint, 1).0, 0);
    rings.send(endpoint, Label::Invalid, &[], &[]);
    rings.wake();
    assert_eq!(rings.answer(), Some((0, (Error::IllegalOperation as usize, vec![]))));
}

#[test]
fn the_notification_is_signalled_once_to_a_thread_that_sleeps() {
    let mut rings = Rings::new();
    let badged = rings.bench.free;
    let words = [badged, 64, rings.notification, 64, 3, 0x40];
    assert_eq!(rings.bench.invoke(slot::CNODE, Label::CNodeMint, &words, &[slot::CNODE]).0, 0);
    assert_eq!(rings.register(&[0]).0, 0);
    let (label, caps) = (Label::UintrRegisterAsyncSyscall, [rings.frame]);
    assert_eq!(rings.bench.invoke(badged, label, &[], &caps).0, 0);
    let spare = rings.spare;
    rings.send(spare, Label::PageGetAddress, &[], &[]);
    rings.wake();
    assert_eq!(rings.bits(), 0);
    rings.store(REQUESTS.bytes() + Layout::SLEEPING, 1);
    for _ in 0..2 {
        rings.send(spare, Label::PageGetAddress, &[], &[]);
    }
    rings.wake();
    assert_eq!(rings.load(REQUESTS.bytes() + Layout::SLEEPING), 0);
    assert_eq!(rings.bits(), 0x40);
    assert_eq!(rings.bits(), 0);
}

#[test]
fn the_kernel_says_that_it_sleeps_when_there_is_nothing_to_do() {
    let mut rings = Rings::new();
    rings.wake();
    assert_eq!(rings.load(Layout::SLEEPING), 1);
    assert!(rings.bench.kernel.woken.is_none());
}

#[test]
fn an_interrupt_stops_the_work_after_a_request_and_the_tick_goes_on_with_it() {
    let mut rings = Rings::new();
    for _ in 0..3 {
        rings.send(rings.spare, Label::PageGetAddress, &[], &[]);
    }
    rings.bench.kernel.machine.pending = true;
    rings.wake();
    assert_eq!(rings.answer().map(|answer| answer.0), Some(0));
    assert_eq!(rings.answer(), None);
    rings.bench.kernel.machine.pending = false;
    rings.tick();
    assert_eq!([rings.answer(), rings.answer()].map(|answer| answer.unwrap().0), [1, 2]);
}

#[test]
fn a_thread_gets_no_more_answers_than_there_is_room_for() {
    let mut rings = Rings::new();
    for round in 0..2 {
        for _ in 0..SLOTS {
            rings.send(rings.spare, Label::PageGetAddress, &[], &[]);
        }
        rings.wake();
        let answers = if round == 0 { 0 } else { SLOTS };
        for number in 0..answers {
            assert_eq!(rings.answer().map(|answer| answer.0), Some(number));
        }
    }
    // The second half had no room; now it has.
    assert_eq!(rings.load(Layout::SLEEPING), 1);
    assert_eq!(rings.answer(), None);
    rings.wake();
    assert_eq!(rings.answer().map(|answer| answer.0), Some(SLOTS));
}

#[test]
fn registration_is_refused_with_its_errors() {
    let mut rings = Rings::without();
    let label = Label::UintrRegisterAsyncSyscall;
    let (notification, frame) = (rings.notification, rings.frame);
    let refused = |rings: &mut Rings, words: &[usize], caps: &[usize]| {
        let answer = rings.bench.invoke(notification, label, words, caps);
        (Error::from_number(answer.0), answer.1)
    };
    assert_eq!(refused(&mut rings, &[], &[]).0, Some(Error::TruncatedMessage));
    let wrong = [(notification, 1), (slot::BOOT_INFO, 1)];
    let seen = refused(&mut rings, &[], &[wrong[0].0]);
    assert_eq!(seen, (Some(Error::InvalidCapability), vec![1]));
    let seen = refused(&mut rings, &[], &[frame, frame]);
    assert_eq!(seen, (Some(Error::InvalidCapability), vec![2]));
    for slots in [3, 32, 1 << 40] {
        assert_eq!(refused(&mut rings, &[slots], &[frame]).0, Some(Error::RangeError));
    }
    assert_eq!(refused(&mut rings, &[0], &[frame]).0, Some(Error::IllegalOperation));
    // Without the right to write to the frame, or to the notification.
    let free = rings.bench.free;
    for (source, copy) in [(frame, free), (notification, free + 1)] {
        let words = [copy, 64, source, 64, 2];
        let made = rings.bench.invoke(slot::CNODE, Label::CNodeCopy, &words, &[slot::CNODE]);
        assert_eq!(made.0, 0);
    }
    let seen = refused(&mut rings, &[], &[free]);
    assert_eq!(seen, (Some(Error::InvalidCapability), vec![1]));
    let seen = rings.bench.invoke(free + 1, label, &[], &[frame]);
    assert_eq!(seen, (Error::InvalidCapability as usize, vec![0]));
    assert_eq!(rings.register(&[]).0, 0);
    assert_eq!(refused(&mut rings, &[], &[frame]).0, Some(Error::DeleteFirst));
}

#[test]
fn revoking_frame_or_notification_ends_the_rings() {
    for of_frame in [true, false] {
        let mut rings = Rings::new();
        let spare = rings.spare;
        let slot = if of_frame { rings.frame } else { rings.notification };
        rings.send(spare, Label::PageGetAddress, &[], &[]);
        let words = [slot, 64];
        assert_eq!(rings.bench.invoke(slot::CNODE, Label::CNodeRevoke, &words, &[]).0, 0);
        rings.wake();
        assert_eq!(rings.answer(), None);
        assert_eq!(rings.register(&[]).0, 0);
        rings.wake();
        assert_eq!(rings.answer().map(|answer| answer.0), Some(0));
    }
}

#[test]
fn a_request_that_ends_the_rings_is_the_last() {
    let mut rings = Rings::new();
    let frame = rings.frame;
    rings.send(slot::CNODE, Label::CNodeRevoke, &[frame, 64], &[]);
    rings.send(rings.spare, Label::PageGetAddress, &[], &[]);
    rings.wake();
    assert_eq!(rings.answer(), None);
    assert!(rings.bench.kernel.woken.is_none());
}

#[test]
fn a_thread_that_ends_leaves_no_requests() {
    let mut rings = Rings::without();
    let index = rings.bench.free;
    let thread: Tcb = rings.bench.thread(index, 10);
    let (label, caps) = (Label::UintrRegisterAsyncSyscall, [rings.frame, index]);
    assert_eq!(rings.bench.invoke(rings.notification, label, &[], &caps).0, 0);
    let spare = rings.spare;
    rings.send(spare, Label::PageGetAddress, &[], &[]);
    // Its requests wait, as it is less important than the root task.
    assert_eq!(rings.bench.invoke(index, Label::TcbResume, &[], &[]).0, 0);
    assert_eq!(rings.bench.kernel.woken, Some(thread));
    assert_eq!(rings.answer(), None);
    let words = [index, 64];
    assert_eq!(rings.bench.invoke(slot::CNODE, Label::CNodeDelete, &words, &[]).0, 0);
    assert!(rings.bench.kernel.woken.is_none());
}

#[test]
fn requests_wait_while_a_more_important_thread_runs() {
    let mut rings = Rings::without();
    let index = rings.bench.free;
    rings.bench.thread(index, 10);
    let (label, caps) = (Label::UintrRegisterAsyncSyscall, [rings.frame, index]);
    assert_eq!(rings.bench.invoke(rings.notification, label, &[], &caps).0, 0);
    let spare = rings.spare;
    rings.send(spare, Label::PageGetAddress, &[], &[]);
    assert_eq!(rings.bench.invoke(index, Label::TcbResume, &[], &[]).0, 0);
    rings.tick();
    assert_eq!(rings.answer(), None);
    let words = [10];
    rings.bench.invoke(slot::TCB, Label::TcbSetPriority, &words, &[slot::TCB]);
    rings.tick();
    assert_eq!(rings.answer().map(|answer| answer.0), Some(0));
}

#[test]
fn hostile_numbers_in_the_rings_do_no_harm() {
    for word in [0, 1, FIRST as usize, usize::MAX, 1 << 63, FIRST as usize + 2] {
        let mut rings = Rings::new();
        rings.send(rings.spare, Label::PageGetAddress, &[], &[]);
        for offset in (0..4096).step_by(8) {
            rings.store(offset, word);
        }
        rings.wake();
        rings.tick();
        assert_eq!(rings.bench.root.state(&rings.bench.kernel), State::Running);
    }
}
