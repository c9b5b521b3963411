//! Each kind of damage to the kernel's state is found by its check.

use super::host::{Bench, Host};
use crate::{
    Kernel, Slot, Tcb,
    kernel::IrqState,
    machine::Memory,
    object::{Notification, State},
};
use abi::{Label, MessageInfo, ObjectType, Syscall, slot};

/// A thread that waits for a notification, one that is ready, and one that is stopped.
struct World {
    bench: Bench,
    notification: usize,
    ready: Tcb,
    waiting: Tcb,
}

impl World {
    fn new() -> Self {
        let mut bench = Bench::new();
        let (notification, first) = (bench.free, bench.free + 1);
        let untyped = bench.untyped;
        assert_eq!(bench.retype(untyped, ObjectType::Notification, 0, notification, 1).0, 0);
        let waiting = bench.thread(first, 100);
        let ready = bench.thread(first + 1, 50);
        for index in [first, first + 1] {
            assert_eq!(bench.invoke(index, Label::TcbResume, &[], &[]).0, 0);
        }
        // The root task waits, the first thread runs and waits as well, the second one signals.
        bench.syscall(Syscall::Recv, notification, MessageInfo(0), &[], &[]);
        bench.syscall(Syscall::Recv, notification, MessageInfo(0), &[], &[]);
        bench.syscall(Syscall::Send, notification, MessageInfo(0), &[], &[]);
        assert_eq!(bench.kernel.current(), bench.root);
        assert_eq!(waiting.state(&bench.kernel), State::BlockedOnNotification);
        assert!(ready.ready(&bench.kernel));
        Self { bench, notification, ready, waiting }
    }
}

/// Does damage, and returns what the check says of it.
fn found(damage: impl FnOnce(&mut Kernel<Host>, &World)) -> &'static str {
    let world = World::new();
    let mut broken = World::new();
    damage(&mut broken.bench.kernel, &world);
    broken.bench.kernel.check().expect_err("the damage is found").what
}

#[test]
fn damage_to_the_tree_is_found() {
    let said = found(|kernel, world| {
        world.bench.slot(world.notification).set_previous(kernel, None);
    });
    assert_eq!(said, "links of the tree");
    let said = found(|kernel, world| {
        let untyped = world.bench.slot(world.bench.untyped);
        let cap = untyped.cap(kernel);
        untyped.set_cap(kernel, cap.with_used(0));
    });
    assert_eq!(said, "an object in the used part of its memory");
}

#[test]
fn damage_to_a_ready_queue_is_found() {
    let said = found(|kernel, world| world.ready.set_priority(kernel, 51));
    assert_eq!(said, "priority of a queued thread");
    let said = found(|kernel, world| world.ready.set_affinity(kernel, 1));
    assert_eq!(said, "hart of a queued thread");
    let said = found(|kernel, world| world.ready.set_state(kernel, State::Inactive));
    assert_eq!(said, "a queued thread is runnable");
    let said = found(|kernel, world| world.waiting.set_state(kernel, State::Restart));
    assert_eq!(said, "the state of a waiter");
}

#[test]
fn damage_to_a_notification_is_found() {
    let said = found(|kernel, world| {
        let address = world.bench.cap(world.notification).pointer();
        Notification(address).set_bound(kernel, Some(world.ready));
    });
    assert_eq!(said, "a bound notification");
    let said = found(|kernel, world| world.waiting.set_blocked_on(kernel, world.ready.0));
    assert_eq!(said, "the object of a waiter");
}

#[test]
fn damage_to_interrupts_and_spaces_is_found() {
    let said = found(|kernel, _| kernel.irqs[3] = IrqState::Handled);
    assert_eq!(said, "handlers of interrupts");
    let said = found(|kernel, world| {
        // A page of 1 GiB that nobody has a capability of: valid, readable, for users.
        let root = world.bench.cap(slot::VSPACE).pointer();
        kernel.store(root + 8 * 200, 0x8000_0000 >> 12 << 10 | 0x13);
    });
    assert_eq!(said, "a mapped frame that exists");
    let said = found(|kernel, world| {
        let asid = world.bench.cap(slot::VSPACE).mapping().asid;
        let pool = kernel.pool_of(asid).expect("the root task has a pool");
        kernel.store(pool + 8 * (asid + 9), world.ready.0);
    });
    assert_eq!(said, "a root that exists");
}

#[test]
fn damage_to_user_interrupts_is_found() {
    let said = found(|kernel, world| {
        kernel.user_interrupts.senders[3] = world.ready.0;
    });
    assert_eq!(said, "the thread of a sender table");
    let said = found(|kernel, world| {
        world.ready.set_sender_table(kernel, 1);
    });
    assert_eq!(said, "the sender table of a thread");
}

#[test]
fn an_empty_slot_in_the_tree_is_found() {
    let said = found(|kernel, world| {
        let Slot(address) = world.bench.slot(world.notification);
        kernel.store(address, 0);
    });
    assert_eq!(said, "an empty slot in the tree");
}
