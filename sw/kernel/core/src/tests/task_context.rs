//! Contexts of TAIC: what each invocation does and refuses, and that nothing stale wakes anybody.

use super::{
    host::{Answer, Bench},
    taic::{self, CHANNELS, CONTEXTS, Device, LIMIT, LINES, QUEUES},
};
use crate::{entry::Entry, paging, user};
use ::taic::{QueueIndex, TaskId};
use abi::{Error, Label, ObjectType, Rights, slot, task_context::LEAST_LOADED};

const OK: usize = 0;
const VADDR: usize = 0x4000_0000;
const IRQ: usize = 3;
/// A task, and the same with the preempt bit.
const TASK: usize = 0x1000;
const URGENT: usize = TASK | 1;

/// A kernel, with places of the root task's CSpace for what the tests make.
struct World {
    bench: Bench,
    next: usize,
}

impl World {
    fn new() -> Self {
        let bench = Bench::new();
        Self { next: bench.free, bench }
    }

    fn make(&mut self, kind: ObjectType) -> usize {
        let (at, untyped) = (self.next, self.bench.untyped);
        self.next += 1;
        assert_eq!(self.bench.retype(untyped, kind, 0, at, 1).0, OK);
        at
    }

    /// A context with a queue.
    fn context(&mut self) -> usize {
        let context = self.make(ObjectType::TaskContext);
        self.does(context, Label::TaskAllocateQueue, &[], &[]);
        context
    }

    /// A context with a queue, and its notification.
    fn notified(&mut self) -> (usize, usize) {
        let (context, on) = (self.context(), self.make(ObjectType::Notification));
        self.does(context, Label::TaskSetNotification, &[LEAST_LOADED], &[on]);
        (context, on)
    }

    fn mint(&mut self, from: usize, rights: Rights, badge: usize) -> usize {
        let to = self.next;
        self.next += 1;
        let words = [to, 64, from, 64, rights.0, badge];
        self.does(slot::CNODE, Label::CNodeMint, &words, &[slot::CNODE]);
        to
    }

    fn invoke(&mut self, cap: usize, label: Label, words: &[usize], caps: &[usize]) -> Answer {
        self.bench.invoke(cap, label, words, caps)
    }

    /// Succeeds. Returns the words of the answer.
    fn does(&mut self, cap: usize, label: Label, words: &[usize], caps: &[usize]) -> Vec<usize> {
        let answer = self.invoke(cap, label, words, caps);
        assert_eq!(answer.0, OK, "{label:?} {words:?}: {answer:?}");
        answer.1
    }

    fn refused(&mut self, cap: usize, label: Label, words: &[usize], caps: &[usize], by: Error) {
        let answer = self.invoke(cap, label, words, caps);
        assert_eq!(Error::from_number(answer.0), Some(by), "{label:?} {words:?}: {answer:?}");
    }

    fn delete(&mut self, index: usize) {
        self.does(slot::CNODE, Label::CNodeDelete, &[index, 64], &[]);
    }

    fn revoke(&mut self, index: usize) {
        self.does(slot::CNODE, Label::CNodeRevoke, &[index, 64], &[]);
    }

    fn device(&mut self) -> &mut Device {
        &mut self.bench.kernel.machine.taic
    }
}

const fn queue(context: u8, queue: u8) -> QueueIndex {
    QueueIndex { context, queue }
}

fn task(bits: usize) -> Option<TaskId> {
    TaskId::from_bits(bits as u64)
}

#[test]
fn a_context_begins_with_its_first_queue_and_ends_with_its_last() {
    let mut world = World::new();
    let context = world.context();
    assert!(world.device().context(0).owner.is_some());
    assert_eq!(world.does(context, Label::TaskAllocateQueue, &[], &[]), [1]);
    world.refused(context, Label::TaskAllocateQueue, &[], &[], Error::NotEnoughMemory);
    world.does(context, Label::TaskFreeQueue, &[0], &[]);
    world.refused(context, Label::TaskFreeQueue, &[0], &[], Error::InvalidArgument);
    world.refused(context, Label::TaskFreeQueue, &[QUEUES], &[], Error::RangeError);
    world.does(context, Label::TaskFreeQueue, &[1], &[]);
    assert_eq!(world.device().context(0).owner, None);
    world.refused(context, Label::TaskSetPriorities, &[1], &[], Error::IllegalOperation);
    world.does(context, Label::TaskAllocateQueue, &[], &[]);
    world.does(context, Label::TaskSetPriorities, &[1], &[]);
    assert!(world.device().context(0).priorities);
    world.delete(context);
    assert_eq!(world.device().context(0).owner, None);
}

#[test]
fn contexts_are_used_up_and_come_back() {
    let mut world = World::new();
    let made: Vec<_> = (0..CONTEXTS).map(|_| world.context()).collect();
    let one_more = world.make(ObjectType::TaskContext);
    world.refused(one_more, Label::TaskAllocateQueue, &[], &[], Error::NotEnoughMemory);
    world.delete(made[1]);
    world.does(one_more, Label::TaskAllocateQueue, &[], &[]);
    assert!(world.device().context(1).owner.is_some());
}

#[test]
fn tasks_of_a_freed_queue_go_to_another_and_to_no_later_context() {
    let mut world = World::new();
    let context = world.context();
    world.does(context, Label::TaskAllocateQueue, &[], &[]);
    let added = task(TASK).is_some_and(|task| world.device().enqueue(queue(0, 0), task));
    assert!(added);
    world.does(context, Label::TaskFreeQueue, &[0], &[]);
    assert_eq!(world.device().dequeue(queue(0, 1)), task(TASK));
    while task(TASK).is_some_and(|task| world.device().enqueue(queue(0, 1), task)) {}
    assert_eq!(world.device().tasks(0), LIMIT);
    world.delete(context);
    world.context();
    assert_eq!(world.device().tasks(0), 0);
}

#[test]
fn the_page_of_a_queue_is_mapped_once_and_no_longer_than_the_queue() {
    let mut world = World::new();
    let context = world.context();
    let map = Label::TaskMapQueue;
    world.refused(context, map, &[1, VADDR], &[slot::VSPACE], Error::InvalidArgument);
    world.refused(context, map, &[0, VADDR], &[slot::CNODE], Error::InvalidCapability);
    world.refused(context, map, &[0, VADDR], &[], Error::TruncatedMessage);
    world.refused(context, map, &[0, usize::MAX & !4095], &[slot::VSPACE], Error::InvalidArgument);
    world.refused(context, map, &[0, VADDR + 8], &[slot::VSPACE], Error::AlignmentError);
    world.refused(context, map, &[0, VADDR], &[slot::VSPACE], Error::FailedLookup);
    for _ in 0..2 {
        let table = world.make(ObjectType::PageTable);
        let made = world.invoke(table, Label::PageTableMap, &[VADDR, 0], &[slot::VSPACE]);
        if made.0 != OK {
            break;
        }
    }
    world.does(context, map, &[0, VADDR], &[slot::VSPACE]);
    world.refused(context, map, &[0, VADDR + 4096], &[slot::VSPACE], Error::DeleteFirst);
    assert_eq!(mapped(&world), paging::Target::Frame(taic::page(queue(0, 0))));
    world.does(context, Label::TaskUnmapQueue, &[0], &[]);
    assert_eq!(mapped(&world), paging::Target::Nothing);
    world.does(context, map, &[0, VADDR], &[slot::VSPACE]);
    world.delete(context);
    assert_eq!(mapped(&world), paging::Target::Nothing);
}

fn mapped(world: &World) -> paging::Target {
    let root = world.bench.cap(slot::VSPACE).pointer();
    let machine = &world.bench.kernel.machine;
    paging::target(machine, paging::walk(machine, root, VADDR))
}

#[test]
fn a_channel_wakes_the_task_that_the_badge_names() {
    let mut world = World::new();
    let (sender, (receiver, on)) = (world.context(), world.notified());
    let badged = world.mint(on, Rights::ALL, TASK);
    assert_eq!(world.does(badged, Label::TaskConnect, &[], &[sender]), [0]);
    assert_eq!(world.does(badged, Label::TaskConnect, &[], &[sender]), [0]);
    assert!(world.device().send(0, 0));
    assert_eq!(world.device().dequeue(queue(1, 0)), task(TASK));
    assert!(!world.device().send(1, 0), "the channel is the sender's");
    assert_eq!(world.does(receiver, Label::TaskFindChannel, &[TASK, 0], &[]), [0]);
    world.refused(receiver, Label::TaskFindChannel, &[TASK, 1], &[], Error::InvalidArgument);
}

#[test]
fn a_connection_is_refused() {
    let mut world = World::new();
    let (sender, (_, on)) = (world.context(), world.notified());
    let connect = Label::TaskConnect;
    let other = world.make(ObjectType::Notification);
    world.refused(other, connect, &[], &[sender], Error::IllegalOperation);
    world.refused(on, connect, &[], &[], Error::TruncatedMessage);
    world.refused(on, connect, &[], &[other], Error::InvalidCapability);
    let reader = world.mint(on, Rights::READ, 0);
    world.refused(reader, connect, &[], &[sender], Error::InvalidCapability);
    let wide = world.mint(on, Rights::ALL, 1 << 60);
    world.refused(wide, connect, &[], &[sender], Error::RangeError);
    let empty = world.make(ObjectType::TaskContext);
    world.refused(on, connect, &[], &[empty], Error::IllegalOperation);
    for number in 0..CHANNELS {
        let badged = world.mint(on, Rights::ALL, TASK + 64 * number);
        assert_eq!(world.does(badged, connect, &[], &[sender]), [number]);
    }
    let badged = world.mint(on, Rights::ALL, TASK);
    world.refused(badged, connect, &[], &[sender], Error::NotEnoughMemory);
}

#[test]
fn a_notification_belongs_to_one_context() {
    let mut world = World::new();
    let (first, on) = world.notified();
    let (second, set) = (world.context(), Label::TaskSetNotification);
    world.refused(second, set, &[LEAST_LOADED], &[on], Error::DeleteFirst);
    let other = world.make(ObjectType::Notification);
    world.refused(first, set, &[LEAST_LOADED], &[other], Error::DeleteFirst);
    world.refused(second, set, &[1], &[other], Error::InvalidArgument);
    world.refused(second, set, &[0], &[first], Error::InvalidCapability);
    let writer = world.mint(other, Rights::WRITE, 0);
    world.refused(second, set, &[0], &[writer], Error::InvalidCapability);
    world.does(first, Label::TaskClearNotification, &[], &[]);
    world.does(second, set, &[LEAST_LOADED], &[on]);
}

/// What ends a channel.
#[derive(Clone, Copy, Debug)]
enum End {
    Revoke,
    Notification,
    Sender,
    Receiver,
}

#[test]
fn nothing_stale_is_sent_once_a_side_or_the_capability_ended() {
    for end in [End::Revoke, End::Notification, End::Sender, End::Receiver] {
        for queued in [false, true] {
            let mut world = World::new();
            let (sender, (receiver, on)) = (world.context(), world.notified());
            let badged = world.mint(on, Rights::ALL, TASK | 2);
            world.does(badged, Label::TaskConnect, &[], &[sender]);
            if queued {
                assert!(world.device().send(0, 0));
            }
            match end {
                End::Revoke => world.revoke(on),
                End::Notification => {
                    world.revoke(on);
                    world.delete(on);
                }
                End::Sender => world.delete(sender),
                End::Receiver => world.delete(receiver),
            }
            if matches!(end, End::Sender | End::Receiver) {
                world.context();
            }
            world.device().send(0, 0);
            let left = usize::from(queued && !matches!(end, End::Receiver));
            assert_eq!(world.device().tasks(1), left, "{end:?}");
            world.device().dequeue(queue(1, 0));
            world.device().send(0, 0);
            assert_eq!(world.device().tasks(1), 0, "{end:?}");
            world.bench.enter(Entry::Tick);
            assert_eq!(world.device().channels[0].0, None, "{end:?}");
        }
    }
}

#[test]
fn a_line_wakes_the_context_that_has_it_and_no_later_one() {
    let mut world = World::new();
    let (first, second, handler) = (world.context(), world.context(), world.next);
    world.next += 1;
    let words = [IRQ, handler, 64];
    world.does(slot::IRQ_CONTROL, Label::IrqIssueHandler, &words, &[slot::CNODE]);
    world.refused(first, Label::TaskGrantLine, &[], &[second], Error::InvalidCapability);
    assert_eq!(world.does(first, Label::TaskGrantLine, &[], &[handler]), [IRQ]);
    assert!(world.device().arm_line(queue(0, 0), IRQ, task(TASK | 2)));
    world.device().raise(IRQ);
    assert_eq!(world.device().dequeue(queue(0, 0)), task(TASK | 2));
    world.does(second, Label::TaskGrantLine, &[], &[handler]);
    world.device().raise(IRQ);
    assert_eq!(world.device().tasks(0), 0);
    assert_eq!(world.device().line(0, IRQ).armed, None);
    assert!(!world.device().arm_line(queue(0, 0), IRQ, task(TASK)));
    // It came while the line was the second one's, which had armed nothing.
    assert!(world.device().arm_line(queue(1, 0), IRQ, task(TASK | 2)));
    assert_eq!(world.device().dequeue(queue(1, 0)), task(TASK | 2));
    world.delete(handler);
    world.device().raise(IRQ);
    assert_eq!(world.device().tasks(1), 0);
    assert_eq!(world.device().line(1, IRQ).armed, None);
}

#[test]
fn a_line_that_taic_does_not_have_is_refused() {
    let mut world = World::new();
    let (context, handler) = (world.context(), world.next);
    world.next += 1;
    let words = [LINES, handler, 64];
    world.does(slot::IRQ_CONTROL, Label::IrqIssueHandler, &words, &[slot::CNODE]);
    world.refused(context, Label::TaskGrantLine, &[], &[handler], Error::RangeError);
}

#[test]
fn a_worker_s_queue_is_installed_while_it_runs() {
    let mut world = World::new();
    let context = world.context();
    world.does(context, Label::TaskBindWorker, &[0], &[slot::TCB]);
    assert_eq!(world.device().installed, Some(queue(0, 0)));
    world.refused(context, Label::TaskBindWorker, &[0], &[slot::TCB], Error::DeleteFirst);
    world.refused(context, Label::TaskBindWorker, &[0], &[context], Error::InvalidCapability);
    world.refused(context, Label::TaskBindWorker, &[1], &[slot::TCB], Error::InvalidArgument);
    world.does(context, Label::TaskUnbindWorker, &[0], &[]);
    assert_eq!(world.device().installed, None);
    world.does(context, Label::TaskBindWorker, &[0], &[slot::TCB]);
    world.delete(context);
    assert_eq!(world.device().installed, None);
}

#[test]
fn a_preempting_task_of_a_context_that_does_not_run_interrupts_the_next_worker() {
    let mut world = World::new();
    let (sender, (receiver, on)) = (world.context(), world.notified());
    let badged = world.mint(on, Rights::ALL, URGENT);
    world.does(badged, Label::TaskConnect, &[], &[sender]);
    assert!(world.device().send(0, 0));
    assert_eq!(world.device().undelivered, 1 << 1);
    world.bench.enter(Entry::Kick);
    assert_eq!(world.device().undelivered, 0);
    world.does(receiver, Label::TaskBindWorker, &[0], &[slot::TCB]);
    assert_eq!(world.bench.kernel.machine.user.state[user::PENDING], 1);
}

#[test]
fn without_taic_each_invocation_of_a_context_is_refused() {
    let bench = Bench::on(0, Device::NONE);
    let mut world = World { next: bench.free, bench };
    let (context, on) = (world.make(ObjectType::TaskContext), world.make(ObjectType::Notification));
    for label in [
        Label::TaskAllocateQueue,
        Label::TaskFreeQueue,
        Label::TaskMapQueue,
        Label::TaskUnmapQueue,
        Label::TaskBindWorker,
        Label::TaskUnbindWorker,
        Label::TaskSetNotification,
        Label::TaskClearNotification,
        Label::TaskFindChannel,
        Label::TaskGrantLine,
        Label::TaskSetPriorities,
    ] {
        world.refused(context, label, &[0, 0], &[on], Error::IllegalOperation);
    }
    world.refused(on, Label::TaskConnect, &[], &[context], Error::IllegalOperation);
    world.delete(context);
}
