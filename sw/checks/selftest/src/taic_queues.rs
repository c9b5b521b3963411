//! TAIC: allocation and ready queues, register by register as published.

use crate::{
    check::{Check, Test, ours},
    contexts::{Contexts, errs, gives, interrupts, task},
};
use core::ptr;
use hal::soc::{TAIC_BASE, taic_control as register};
use taic::{Errors, QueueIndex};

pub const TESTS: &[Test] = &[
    ours("taic.allocation", "TAIC-3.1, TAIC-3.2", allocation),
    ours("taic.exhaustion", "TAIC-3.2", exhaustion),
    ours("taic.fifo", "TAIC-5.1, TAIC-5.3", fifo),
    ours("taic.steal", "TAIC-5.3", steal),
    ours("taic.errors", "TAIC-5.2, TAIC-5.6, TAIC-9.1", errors),
    ours("taic.full", "TAIC-5.2, TAIC-5.10", full),
    ours("taic.release", "TAIC-3.5, TAIC-3.6", release),
    ours("taic.priorities", "TAIC-4.2", priorities),
];

fn word(offset: usize) -> *mut u64 {
    ptr::with_exposed_provenance_mut(TAIC_BASE + offset)
}

fn poke(offset: usize, value: u64) {
    // SAFETY: a register of the TAIC.
    unsafe { word(offset).write_volatile(value) }
}

fn peek(offset: usize) -> u64 {
    // SAFETY: a register of the TAIC.
    unsafe { word(offset).read_volatile() }
}

fn allocate(os: u64, process: u64) -> u64 {
    poke(register::ALLOCATE, os);
    poke(register::ALLOCATE, process);
    peek(register::ALLOCATE)
}

fn allocation(check: &mut Check) {
    let contexts = Contexts::new();
    check.eq("without a sequence", peek(register::ALLOCATE), u64::MAX);
    check.eq("first of a context", allocate(7, 1), 0);
    check.eq("second", allocate(7, 1), 1);
    check.eq("another process", allocate(7, 2), 1 << 32);
    check.eq("another system", allocate(8, 1), 2 << 32);
    poke(register::FREE, 0);
    check.eq("the lowest queue that is free", allocate(7, 1), 0);
    poke(register::FREE, 1 << 32);
    check.eq("the lowest context that is free", allocate(9, 9), 1 << 32);
    for index in [0, 1, 1 << 32, 2 << 32] {
        poke(register::FREE, index);
    }
    check.is("nothing was refused", contexts.taic.refused().is_none());
}

fn exhaustion(check: &mut Check) {
    let contexts = Contexts::new();
    let part = contexts.taic.capabilities();
    for number in 0..part.queues {
        let queue = contexts.allocate(1, 1).map(|queue| queue.index);
        check.is("a queue", queue == Some(QueueIndex { context: 0, queue: number }));
    }
    check.is("no more queues", contexts.allocate(1, 1).is_none());
    for process in 2..=u64::from(part.contexts) {
        check.is("a context", contexts.allocate(1, process).is_some());
    }
    check.is("no more contexts", contexts.allocate(2, 1).is_none());
    check.is("no more queues of the first", contexts.allocate(1, 1).is_none());
    check.is("a further one of the second", contexts.allocate(1, 2).is_some());
}

fn fifo(check: &mut Check) {
    let contexts = Contexts::new();
    let [first, other] = [1, 2].map(|process| contexts.queue(1, process));
    gives(check, "empty", first.page, &[]);
    for number in 1..=5 {
        first.page.enqueue(task(0x100 + number));
        other.page.enqueue(task(0x200 + number));
    }
    check.eq("tasks", first.page.length().queue, 5);
    gives(check, "order", first.page, &[0x101, 0x102, 0x103, 0x104, 0x105]);
    gives(check, "of the other", other.page, &[0x201, 0x202, 0x203, 0x204, 0x205]);
    interrupts(check, "none", 0);
}

fn steal(check: &mut Check) {
    let contexts = Contexts::new();
    let queues: [_; 4] = core::array::from_fn(|_| contexts.queue(1, 1).page);
    let others = contexts.queue(1, 2).page;
    others.enqueue(task(0x900));
    for number in [0, 1] {
        queues[1].enqueue(task(0x110 + number));
        queues[3].enqueue(task(0x130 + number));
        queues[2].enqueue(task(0x120 + number));
    }
    // The own queue first, then one task at a time from the next queue that has any.
    gives(check, "of 2", queues[2], &[0x120, 0x121, 0x130, 0x131, 0x110, 0x111]);
    queues[0].enqueue(task(0x100));
    gives(check, "of 3, from 0", queues[3], &[0x100]);
    gives(check, "of another context", others, &[0x900]);
}

fn errors(check: &mut Check) {
    let contexts = Contexts::new();
    let owned = contexts.queue(1, 1);
    let index = |context, queue| QueueIndex { context, queue };
    let other = |queue| contexts.taic.own_page(queue).expect("there is such a page");
    let free = other(index(owned.index.context, owned.index.queue + 1));
    let no_context = other(index(contexts.taic.capabilities().contexts - 1, 0));
    for (queue, expected) in [(free, Errors::NO_QUEUE), (no_context, Errors::NO_OWNER)] {
        queue.enqueue(task(0x108));
        errs(check, "enqueue", queue, expected);
        check.is("nothing", queue.dequeue().is_none());
        errs(check, "dequeue", queue, expected);
    }
    check.eq("queued", owned.page.length().context, 0);
    errs(check, "of the other queue", owned.page, Errors::NONE);
}

fn full(check: &mut Check) {
    let contexts = Contexts::new();
    let [first, second] = [0, 0].map(|_| contexts.queue(1, 1));
    contexts.change(first, |may| may.limit = 4);
    contexts.taic.reset_high_water(first.index.context).expect("there is such a context");
    for number in 0..4 {
        let queue = if number < 2 { first } else { second };
        queue.page.enqueue(task(0x100 + number));
    }
    errs(check, "within the limit", first.page, Errors::NONE);
    first.page.enqueue(task(0x104));
    errs(check, "beyond it", first.page, Errors::FULL);
    errs(check, "of the other page", second.page, Errors::NONE);
    check.eq("tasks", first.page.length().context, 4);
    let occupancy = contexts.taic.occupancy(first.index.context).expect("there is one");
    check.eq("high water", occupancy.high_water, 4);
    gives(check, "order", first.page, &[0x100, 0x101, 0x102, 0x103]);
    first.page.enqueue(task(0x105));
    gives(check, "room again", first.page, &[0x105]);
}

fn release(check: &mut Check) {
    let contexts = Contexts::new();
    let [first, second] = [0, 0].map(|_| contexts.queue(1, 1));
    second.page.enqueue(task(0x201));
    first.page.enqueue(task(0x101));
    first.page.enqueue(task(0x102));
    contexts.free(first);
    gives(check, "tasks move", second.page, &[0x201, 0x101, 0x102]);
    let again = contexts.queue(1, 1);
    check.is("the same queue", again.index == first.index);
    check.eq("is empty", again.page.length().queue, 0);
    again.page.enqueue(task(0x103));
    contexts.free(again);
    contexts.free(second);
    let later = contexts.queue(1, 1);
    gives(check, "the last queue drops its tasks", later.page, &[]);
}

fn priorities(check: &mut Check) {
    let contexts = Contexts::new();
    let queue = contexts.queue(1, 1);
    let at = |number: u64, priority: u64| 0x1000 + (number << 6) + (priority << 2);
    let tasks = [at(1, 15), at(2, 4), at(3, 0), at(4, 4), at(5, 15), at(6, 0)];
    tasks.iter().for_each(|bits| queue.page.enqueue(task(*bits)));
    gives(check, "without priorities", queue.page, &tasks);
    contexts.change(queue, |may| may.priorities = true);
    tasks.iter().for_each(|bits| queue.page.enqueue(task(*bits)));
    let order = [2, 5, 1, 3, 0, 4].map(|index| tasks[index]);
    gives(check, "most urgent first", queue.page, &order);
}
