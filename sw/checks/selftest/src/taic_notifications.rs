//! TAIC: published notifications and device lines, register by register.

use crate::{
    check::{Check, Test, ours},
    contexts::{Contexts, Queue, SSI, USI, errs, gives, interrupts, task},
};
use hal::soc::taic::{COMPATIBLE_SLOTS, CONTEXTS};
use taic::{Errors, Peer};

pub const TESTS: &[Test] = &[
    ours("taic.send_permission", "TAIC-8.3, TAIC-8.8", send_permission),
    ours("taic.one_shot", "TAIC-8.5, TAIC-8.6", one_shot),
    ours("taic.keep", "TAIC-8.6", keep),
    ours("taic.registered_again", "TAIC-8.3, TAIC-8.4", registered_again),
    ours("taic.no_receiver", "TAIC-8.8", no_receiver),
    ours("taic.wakes_queue_0", "TAIC-8.4", wakes_queue_0),
    ours("taic.slots", "TAIC-8.7, TAIC-8.8", slots),
    ours("taic.lines", "TAIC-7.2, TAIC-7.3", lines),
    ours("taic.lines_of_two_contexts", "TAIC-7.2, TAIC-7.5", lines_of_two_contexts),
    ours("taic.user_interrupt", "TAIC-5.4, TAIC-10.4, TAIC-10.5", user_interrupt),
    ours("taic.supervisor_interrupt", "TAIC-10.4", supervisor_interrupt),
    ours("taic.where_the_worker_runs", "TAIC-10.7, TAIC-10.8", where_the_worker_runs),
    ours("taic.not_permitted", "TAIC-8.9", not_permitted),
];

/// Tasks as published programs have them: one-shot and kept, both without preemption.
const ONE_SHOT: u64 = 0x108;
const KEEP: u64 = 0x10a;
/// Likewise with preemption.
const PREEMPT: u64 = 0x109;

/// A line of no device.
const LINE: usize = 3;

const fn peer(process: u32) -> Peer {
    Peer { os: 1, process, channel: 5 }
}

/// Sender 1 and receiver 2, with permission to send.
fn pair(contexts: &Contexts) -> [Queue; 2] {
    let [sender, receiver] = [1, 2].map(|process| contexts.queue(1, process));
    sender.page.register_sender(peer(2));
    [sender, receiver]
}

fn send_permission(check: &mut Check) {
    let contexts = Contexts::new();
    let [sender, receiver] = pair(&contexts);
    receiver.page.register_receiver(peer(1), task(KEEP));
    sender.page.send_interrupt(Peer { channel: 6, ..peer(2) });
    errs(check, "another channel", sender.page, Errors::NO_SEND);
    sender.page.send_interrupt(Peer { os: 2, ..peer(2) });
    errs(check, "another system", sender.page, Errors::NO_SEND);
    gives(check, "nothing was sent", receiver.page, &[]);
    sender.page.send_interrupt(peer(2));
    gives(check, "with permission", receiver.page, &[KEEP]);
    sender.page.cancel_sender(peer(2));
    sender.page.send_interrupt(peer(2));
    errs(check, "cancelled", sender.page, Errors::NO_SEND);
    gives(check, "nothing was sent", receiver.page, &[]);
}

fn one_shot(check: &mut Check) {
    let contexts = Contexts::new();
    let [sender, receiver] = pair(&contexts);
    receiver.page.enqueue(task(0x700));
    receiver.page.register_receiver(peer(1), task(ONE_SHOT));
    sender.page.send_interrupt(peer(2));
    gives(check, "behind what is there", receiver.page, &[0x700, ONE_SHOT]);
    sender.page.send_interrupt(peer(2));
    gives(check, "used up", receiver.page, &[]);
    errs(check, "of the sender", sender.page, Errors::NONE);
    receiver.page.register_receiver(peer(1), task(ONE_SHOT));
    gives(check, "the early notification was kept", receiver.page, &[ONE_SHOT]);
    gives(check, "and is used up", receiver.page, &[]);
}

fn keep(check: &mut Check) {
    let contexts = Contexts::new();
    let [sender, receiver] = pair(&contexts);
    receiver.page.register_receiver(peer(1), task(KEEP));
    for _ in 0..3 {
        sender.page.send_interrupt(peer(2));
        gives(check, "each time", receiver.page, &[KEEP]);
    }
    for _ in 0..3 {
        sender.page.send_interrupt(peer(2));
    }
    gives(check, "several before it runs are one", receiver.page, &[KEEP]);
}

fn registered_again(check: &mut Check) {
    let contexts = Contexts::new();
    let [sender, receiver] = pair(&contexts);
    receiver.page.register_receiver(peer(1), task(ONE_SHOT));
    receiver.page.register_receiver(peer(1), task(0x208));
    sender.page.register_sender(peer(2));
    sender.page.send_interrupt(peer(2));
    gives(check, "the later task, once", receiver.page, &[0x208]);
    sender.page.cancel_sender(peer(2));
    sender.page.send_interrupt(peer(2));
    errs(check, "one permission", sender.page, Errors::NO_SEND);
}

fn no_receiver(check: &mut Check) {
    let contexts = Contexts::new();
    let [sender, receiver] = pair(&contexts);
    receiver.page.enqueue(task(0x700));
    contexts.free(receiver);
    sender.page.send_interrupt(peer(2));
    errs(check, "the context does not exist", sender.page, Errors::NO_RECEIVE);
    let receiver = contexts.queue(1, 2);
    gives(check, "nothing", receiver.page, &[]);
}

fn wakes_queue_0(check: &mut Check) {
    let contexts = Contexts::new();
    let [sender, receiver] = pair(&contexts);
    let second = contexts.queue(1, 2);
    second.page.register_receiver(peer(1), task(KEEP));
    sender.page.send_interrupt(peer(2));
    crate::contexts::settle();
    check.eq("in queue 0", receiver.page.length().queue, 1);
    check.eq("in queue 1", second.page.length().queue, 0);
    gives(check, "stolen", second.page, &[KEEP]);
}

fn slots(check: &mut Check) {
    let contexts = Contexts::new();
    let [sender, receiver] = [1, 2].map(|process| contexts.queue(1, process));
    for channel in 0..COMPATIBLE_SLOTS as u32 {
        sender.page.register_sender(Peer { channel, ..peer(2) });
    }
    errs(check, "as many as there are", sender.page, Errors::NONE);
    sender.page.register_sender(Peer { channel: 100, ..peer(2) });
    errs(check, "one more", sender.page, Errors::FULL);
    for channel in 0..COMPATIBLE_SLOTS as u32 {
        receiver.page.register_receiver(Peer { channel, ..peer(1) }, task(0x100 << channel));
        sender.page.send_interrupt(Peer { channel, ..peer(2) });
        gives(check, "of each", receiver.page, &[0x100 << channel]);
    }
}

fn lines(check: &mut Check) {
    let contexts = Contexts::new();
    let queue = contexts.queue(1, 1);
    let raise = || contexts.taic.simulate_interrupt(LINE).expect("there is such a line");
    queue.page.register_interrupt(LINE, Some(task(ONE_SHOT)));
    gives(check, "not yet", queue.page, &[]);
    raise();
    gives(check, "one-shot", queue.page, &[ONE_SHOT]);
    raise();
    gives(check, "used up", queue.page, &[]);
    queue.page.register_interrupt(LINE, Some(task(KEEP)));
    gives(check, "the early one was kept", queue.page, &[KEEP]);
    for _ in 0..3 {
        raise();
        gives(check, "each time", queue.page, &[KEEP]);
    }
    queue.page.register_interrupt(LINE, None);
    raise();
    gives(check, "for nobody", queue.page, &[]);
}

fn lines_of_two_contexts(check: &mut Check) {
    let contexts = Contexts::new();
    let [first, second, third] = [1, 2, 3].map(|process| contexts.queue(1, process));
    let granted = 1 << first.index.context | 1 << second.index.context;
    contexts.taic.set_grants(LINE, granted).expect("there is such a line");
    for (number, queue) in (1..).zip([first, second, third]) {
        queue.page.register_interrupt(LINE, Some(task(number * 0x100)));
    }
    errs(check, "not granted", third.page, Errors::NO_RECEIVE);
    contexts.taic.simulate_interrupt(LINE).expect("there is such a line");
    gives(check, "of the first", first.page, &[0x100]);
    gives(check, "of the second", second.page, &[0x200]);
    gives(check, "of the third", third.page, &[]);
}

fn user_interrupt(check: &mut Check) {
    let contexts = Contexts::new();
    let [sender, receiver] = pair(&contexts);
    receiver.page.write_hart(Some(0));
    receiver.page.enqueue(task(0x700));
    receiver.page.register_receiver(peer(1), task(PREEMPT));
    interrupts(check, "not yet", 0);
    sender.page.send_interrupt(peer(2));
    interrupts(check, "woken", USI);
    receiver.page.enqueue(task(0x701));
    interrupts(check, "after an enqueue", USI);
    sender.page.enqueue(task(0x800));
    gives(check, "of the sender", sender.page, &[0x800]);
    interrupts(check, "after a dequeue of another context", USI);
    check.eq("first", receiver.page.dequeue().map_or(0, |it| it.bits()), PREEMPT);
    interrupts(check, "after the dequeue", 0);
    gives(check, "then the others", receiver.page, &[0x700, 0x701]);
}

fn supervisor_interrupt(check: &mut Check) {
    let contexts = Contexts::new();
    let [sender, kernel] = [1, 0].map(|process| contexts.queue(1, process));
    sender.page.register_sender(peer(0));
    kernel.page.write_hart(Some(0));
    kernel.page.register_receiver(peer(1), task(PREEMPT));
    sender.page.send_interrupt(peer(0));
    interrupts(check, "woken", SSI);
    gives(check, "the task", kernel.page, &[PREEMPT]);
    interrupts(check, "after the dequeue", 0);
}

fn where_the_worker_runs(check: &mut Check) {
    let contexts = Contexts::new();
    let [sender, receiver] = pair(&contexts);
    contexts.change(receiver, |may| may.fallback = 0);
    receiver.page.register_receiver(peer(1), task(PREEMPT));
    sender.page.send_interrupt(peer(2));
    interrupts(check, "nowhere: its fallback hart's kernel", SSI);
    check.eq("undelivered", contexts.taic.undelivered(), 1 << receiver.index.context);
    receiver.page.write_hart(Some(0));
    interrupts(check, "here now", USI);
    check.eq("delivered", contexts.taic.undelivered(), 0);
    receiver.page.write_hart(None);
    interrupts(check, "nowhere again", SSI);
    contexts.taic.clear_undelivered(1 << receiver.index.context);
    interrupts(check, "the kernel has seen it", 0);
    gives(check, "the task", receiver.page, &[PREEMPT]);
}

fn not_permitted(check: &mut Check) {
    let contexts = Contexts::new();
    let before = contexts.queue(1, 1);
    contexts.taic.set_strict(true);
    let strict = contexts.queue(1, 2);
    before.page.register_sender(peer(2));
    errs(check, "a context of before", before.page, Errors::NONE);
    strict.page.register_sender(peer(1));
    errs(check, "register sender", strict.page, Errors::NOT_PERMITTED);
    strict.page.register_receiver(peer(1), task(KEEP));
    errs(check, "register receiver", strict.page, Errors::NOT_PERMITTED);
    strict.page.register_interrupt(LINE, Some(task(KEEP)));
    errs(check, "register interrupt", strict.page, Errors::NOT_PERMITTED);
    strict.page.write_hart(Some(0));
    errs(check, "write hart", strict.page, Errors::NOT_PERMITTED);
    check.is("not installed", contexts.taic.installed(0) == Ok(None));
    before.page.send_interrupt(peer(2));
    gives(check, "nothing was registered", strict.page, &[]);
    strict.own.register_receiver(peer(1), task(KEEP));
    gives(check, "through the kernel's page", strict.page, &[KEEP]);
    check.is("contexts", CONTEXTS > 1);
}
