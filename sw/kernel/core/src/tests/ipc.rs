//! Messages, replies, faults.

use super::host::Bench;
use crate::{Tcb, entry::Entry, object::State, object::reg};
use abi::{Label, MessageInfo, ObjectType, Rights, Syscall, fault, slot};

/// A bench with an endpoint, a badged capability of it, and a thread of lower priority.
struct Pair {
    bench: Bench,
    endpoint: usize,
    badged: usize,
    thread: Tcb,
    thread_slot: usize,
}

const BADGE: usize = 77;

impl Pair {
    fn new() -> Self {
        let mut bench = Bench::new();
        let (endpoint, badged, thread_slot) = (bench.free, bench.free + 1, bench.free + 2);
        let untyped = bench.untyped;
        assert_eq!(bench.retype(untyped, ObjectType::Endpoint, 0, endpoint, 1).0, 0);
        let words = [badged, 64, endpoint, 64, Rights::ALL.0, BADGE];
        assert_eq!(bench.invoke(slot::CNODE, Label::CNodeMint, &words, &[slot::CNODE]).0, 0);
        let thread = bench.thread(thread_slot, 100);
        Self { bench, endpoint, badged, thread, thread_slot }
    }

    /// The root task waits for a message; the thread runs.
    fn let_run(&mut self) {
        let thread_slot = self.thread_slot;
        assert_eq!(self.bench.invoke(thread_slot, Label::TcbResume, &[], &[]).0, 0);
        let endpoint = self.endpoint;
        self.bench.syscall(Syscall::Recv, endpoint, MessageInfo(0), &[], &[]);
        assert_eq!(self.bench.kernel.current(), self.thread);
    }

    fn register(&self, thread: Tcb, register: usize) -> usize {
        thread.register(&self.bench.kernel, register)
    }
}

#[test]
fn a_call_comes_with_its_badge_and_goes_back() {
    let mut pair = Pair::new();
    pair.let_run();
    let badged = pair.badged;
    pair.bench.syscall(Syscall::Call, badged, MessageInfo::new(5, 0, 0, 3), &[10, 11, 12], &[]);
    let root = pair.bench.root;
    assert_eq!(pair.bench.kernel.current(), root);
    assert_eq!(pair.register(root, reg::BADGE), BADGE);
    assert_eq!(pair.bench.answer(root), (5, std::vec![10, 11, 12]));
    assert_eq!(pair.thread.state(&pair.bench.kernel), State::BlockedOnReply);
    let endpoint = pair.endpoint;
    pair.bench.syscall(Syscall::ReplyRecv, endpoint, MessageInfo::new(6, 0, 0, 1), &[20], &[]);
    assert_eq!(pair.bench.kernel.current(), pair.thread);
    assert_eq!(pair.bench.answer(pair.thread), (6, std::vec![20]));
    assert!(pair.bench.root.caller().is_empty(&pair.bench.kernel));
}

#[test]
fn deleting_an_endpoint_lets_its_threads_try_again() {
    let mut pair = Pair::new();
    pair.let_run();
    // The thread deletes all capabilities of the endpoint that the root task waits at.
    for index in [pair.badged, pair.endpoint] {
        let info = MessageInfo::new(Label::CNodeDelete as usize, 0, 0, 2);
        pair.bench.syscall(Syscall::Call, slot::CNODE, info, &[index, 64], &[]);
    }
    let root = pair.bench.root;
    assert_eq!(pair.bench.kernel.current(), root);
    assert_eq!(pair.register(root, reg::NEXT_IP), pair.register(root, reg::FAULT_IP));
}

#[test]
fn a_fault_is_a_call_to_its_handler() {
    let mut pair = Pair::new();
    let (thread_slot, badged) = (pair.thread_slot, pair.badged);
    let words = [badged, 0, 0];
    let caps = [slot::CNODE, slot::VSPACE];
    assert_eq!(pair.bench.invoke(thread_slot, Label::TcbSetSpace, &words, &caps).0, 0);
    pair.let_run();
    pair.bench.kernel.set_place(0x1234, 0x1234);
    pair.bench.enter(Entry::MemoryFault { address: 0x5678, fetch: false, cause: 5 });
    let root = pair.bench.root;
    assert_eq!(pair.bench.kernel.current(), root);
    assert_eq!(pair.bench.answer(root), (fault::VM, std::vec![0x1234, 0x5678, 0, 5]));
    pair.bench.syscall(Syscall::Reply, 0, MessageInfo(0), &[], &[]);
    assert_eq!(pair.thread.state(&pair.bench.kernel), State::Restart);
}

#[test]
fn a_message_carries_a_capability_or_its_badge() {
    let mut pair = Pair::new();
    // The root task sends; its buffer is also where the thread, which shares it, wants the copy.
    let free = pair.bench.free + 8;
    let frame_words = [pair.bench.root.ipc_buffer(&pair.bench.kernel)];
    let thread_slot = pair.thread_slot;
    let set =
        pair.bench.invoke(thread_slot, Label::TcbSetIpcBuffer, &frame_words, &[slot::IPC_BUFFER]);
    assert_eq!(set.0, 0);
    let buffer = pair.bench.kernel.ipc_buffer(pair.thread, true).unwrap();
    for (place, word) in [(125, slot::CNODE), (126, free), (127, 64)] {
        use crate::Memory;
        pair.bench.kernel.store(buffer + 8 * place, word);
    }
    pair.let_run();
    let endpoint = pair.endpoint;
    // The thread sends the endpoint itself, and the untyped object's capability after it.
    let caps = [pair.badged, slot::TCB];
    pair.bench.syscall(Syscall::Send, endpoint, MessageInfo::new(1, 0, 2, 0), &[], &caps);
    let root = pair.bench.root;
    let info = MessageInfo(pair.register(root, reg::INFO));
    assert_eq!((info.extra_caps(), info.caps_unwrapped()), (2, 1));
    assert_eq!(pair.bench.cap(free), pair.bench.cap(slot::TCB));
}

#[test]
fn a_thread_that_suspends_its_receiver_finds_nobody() {
    let mut pair = Pair::new();
    pair.let_run();
    let info = MessageInfo::new(Label::TcbSuspend as usize, 0, 0, 0);
    pair.bench.syscall(Syscall::Call, slot::TCB, info, &[], &[]);
    let endpoint = pair.endpoint;
    pair.bench.syscall(Syscall::NbSend, endpoint, MessageInfo(0), &[], &[]);
    assert_eq!(pair.bench.kernel.current(), pair.thread);
    assert_eq!(pair.bench.root.state(&pair.bench.kernel), State::Inactive);
}

#[test]
fn a_thread_is_deleted_while_others_wait_for_its_reply() {
    let mut pair = Pair::new();
    pair.let_run();
    let badged = pair.badged;
    pair.bench.syscall(Syscall::Call, badged, MessageInfo(0), &[], &[]);
    let thread_slot = pair.thread_slot;
    let deleted = pair.bench.invoke(slot::CNODE, Label::CNodeDelete, &[thread_slot, 64], &[]);
    assert_eq!(deleted.0, 0);
    assert!(pair.bench.root.caller().is_empty(&pair.bench.kernel));
}
