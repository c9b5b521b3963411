//! TAIC: channels and lines, by the numbers that the kernel gives out.

use crate::{
    check::{Check, Test, ours},
    contexts::{Contexts, Queue, USI, errs, gives, interrupts, settle, task},
};
use taic::{Arming, Channel, Errors, Policy, Priority};

pub const TESTS: &[Test] = &[
    ours("taic.channel", "TAIC-6.6, TAIC-6.7, TAIC-6.8, TAIC-6.9", channel),
    ours("taic.channel_coalesces", "TAIC-6.7, TAIC-6.10", coalesces),
    ours("taic.channel_permission", "TAIC-6.11", permission),
    ours("taic.channel_policy", "TAIC-6.2, TAIC-6.4, TAIC-6.5", policy),
    ours("taic.channel_change", "TAIC-6.2, TAIC-6.3", change),
    ours("taic.arm_line", "TAIC-7.3, TAIC-7.5", arm_line),
    ours("taic.urgent_enough", "TAIC-10.2, TAIC-10.3", urgent_enough),
];

const NUMBER: u16 = 20;
const LINE: usize = 4;

fn arming(number: u16, bits: u64) -> Arming {
    Arming::new(number, task(bits)).expect("both fit")
}

/// Sender and receiver of [`NUMBER`].
fn pair(contexts: &Contexts, policy: Policy) -> [Queue; 2] {
    let [sender, receiver] = [1, 2].map(|process| contexts.queue(1, process));
    connect(contexts, sender, receiver, policy);
    [sender, receiver]
}

fn connect(contexts: &Contexts, sender: Queue, receiver: Queue, policy: Policy) {
    let (sender, receiver) = (sender.index.context, receiver.index.context);
    let channel = Channel { sender, receiver, policy };
    contexts.taic.set_channel(NUMBER, Some(channel)).expect("a new channel");
}

fn state(check: &mut Check, what: &str, contexts: &Contexts, expected: [bool; 3]) {
    settle();
    let state = contexts.taic.channel(NUMBER).expect("there is such a channel");
    check.is(what, [state.armed, state.pending, state.queued] == expected);
}

fn channel(check: &mut Check) {
    let contexts = Contexts::new();
    let [sender, receiver] = pair(&contexts, Policy::Fixed(0));
    state(check, "new", &contexts, [false; 3]);
    receiver.page.arm(arming(NUMBER, 0x100));
    state(check, "armed", &contexts, [true, false, false]);
    check.is("its task", contexts.taic.channel_task(NUMBER) == Ok(Some(task(0x100))));
    sender.page.send(NUMBER);
    state(check, "woken", &contexts, [false, false, true]);
    sender.page.send(NUMBER);
    state(check, "woken, and sent to", &contexts, [false, true, true]);
    gives(check, "once", receiver.page, &[0x100]);
    state(check, "pending", &contexts, [false, true, false]);
    receiver.page.arm(arming(NUMBER, 0x140));
    state(check, "woken at once", &contexts, [false, false, true]);
    gives(check, "the new task", receiver.page, &[0x140]);
    receiver.page.arm(arming(NUMBER, 0x180));
    receiver.page.arm(Arming::none(NUMBER).expect("it fits"));
    sender.page.send(NUMBER);
    gives(check, "disarmed", receiver.page, &[]);
    state(check, "pending again", &contexts, [false, true, false]);
}

fn coalesces(check: &mut Check) {
    let contexts = Contexts::new();
    let [sender, receiver] = pair(&contexts, Policy::Fixed(0));
    receiver.page.arm(arming(NUMBER, 0x102));
    for _ in 0..4 {
        sender.page.send(NUMBER);
        sender.page.send(NUMBER);
        state(check, "kept", &contexts, [true, false, true]);
        gives(check, "once", receiver.page, &[0x102]);
    }
    state(check, "still armed", &contexts, [true, false, false]);
}

fn permission(check: &mut Check) {
    let contexts = Contexts::new();
    let [sender, receiver] = pair(&contexts, Policy::Fixed(0));
    receiver.page.arm(arming(NUMBER, 0x102));
    for (queue, what) in [(receiver, "the receiver"), (contexts.queue(1, 3), "a third")] {
        queue.page.send(NUMBER);
        errs(check, what, queue.page, Errors::NO_SEND);
    }
    for (queue, what) in [(sender, "the sender"), (contexts.queue(1, 4), "a fourth")] {
        queue.page.arm(arming(NUMBER, 0x142));
        errs(check, what, queue.page, Errors::NO_RECEIVE);
    }
    for number in [NUMBER + 1, 256, 4095] {
        sender.page.send(number);
        errs(check, "no such channel", sender.page, Errors::NO_SEND);
        sender.page.arm(arming(number, 0x142));
        errs(check, "no such channel", sender.page, Errors::NO_RECEIVE);
    }
    state(check, "as it was", &contexts, [true, false, false]);
    sender.page.send(NUMBER);
    gives(check, "the first task", receiver.page, &[0x102]);
}

fn policy(check: &mut Check) {
    let contexts = Contexts::new();
    let [sender, first] = pair(&contexts, Policy::Fixed(1));
    let [second, third] = [0, 0].map(|_| contexts.queue(1, 2));
    let lengths = || {
        settle();
        [first, second, third].map(|queue| queue.page.length().queue)
    };
    first.page.arm(arming(NUMBER, 0x102));
    sender.page.send(NUMBER);
    check.is("fixed: queue 1", lengths() == [0, 1, 0]);
    gives(check, "fixed", first.page, &[0x102]);

    connect(&contexts, sender, first, Policy::Sender);
    first.page.arm(arming(NUMBER, 0x102));
    sender.page.send_to(NUMBER, 2);
    check.is("the sender's choice: queue 2", lengths() == [0, 0, 1]);
    gives(check, "sender's choice", first.page, &[0x102]);

    connect(&contexts, sender, first, Policy::LeastLoaded);
    first.page.arm(arming(NUMBER, 0x102));
    first.page.enqueue(task(0x200));
    third.page.enqueue(task(0x240));
    settle();
    sender.page.send(NUMBER);
    check.is("the least loaded: queue 1", lengths() == [1, 1, 1]);
    gives(check, "least loaded", second.page, &[0x102, 0x240, 0x200]);
}

fn change(check: &mut Check) {
    let contexts = Contexts::new();
    let [sender, receiver] = pair(&contexts, Policy::Fixed(0));
    receiver.page.arm(arming(NUMBER, 0x102));
    sender.page.send(NUMBER);
    settle();
    check.is("refused while queued", contexts.taic.set_channel(NUMBER, None).is_err());
    gives(check, "its task", receiver.page, &[0x102]);
    check.is("closed", contexts.taic.set_channel(NUMBER, None).is_ok());
    sender.page.send(NUMBER);
    errs(check, "closed", sender.page, Errors::NO_SEND);
    connect(&contexts, sender, receiver, Policy::Fixed(0));
    state(check, "as new", &contexts, [false; 3]);
}

fn arm_line(check: &mut Check) {
    let contexts = Contexts::new();
    let [first, second] = [0, 0].map(|_| contexts.queue(1, 1));
    let other = contexts.queue(1, 2);
    contexts.taic.set_grants(LINE, 1 << first.index.context).expect("there is such a line");
    second.page.arm_line(arming(LINE as u16, 0x102));
    other.page.arm_line(arming(LINE as u16, 0x142));
    errs(check, "not granted", other.page, Errors::NO_RECEIVE);
    for _ in 0..2 {
        contexts.taic.simulate_interrupt(LINE).expect("there is such a line");
        settle();
        check.eq("in the queue that armed", second.page.length().queue, 1);
        gives(check, "the task", second.page, &[0x102]);
    }
    gives(check, "of the other", other.page, &[]);
    first.page.arm_line(arming(4000, 0x102));
    errs(check, "no such line", first.page, Errors::NO_RECEIVE);
}

fn urgent_enough(check: &mut Check) {
    let contexts = Contexts::new();
    let [sender, receiver] = pair(&contexts, Policy::Fixed(0));
    contexts.change(receiver, |may| may.priorities = true);
    contexts.taic.install(0, Some(receiver.index)).expect("there is such a hart");
    let at = |priority: u64| 0x1000 + (priority << 2);
    receiver.page.enqueue(task(at(6)));
    gives(check, "nothing else", receiver.page, &[at(6)]);
    receiver.page.set_running(Priority::new(6).expect("there is"));
    check.eq("running", receiver.page.running().number(), 6);
    receiver.page.arm(arming(NUMBER, at(8) | 1));
    sender.page.send(NUMBER);
    interrupts(check, "less urgent", 0);
    gives(check, "queued all the same", receiver.page, &[at(8) | 1]);
    receiver.page.set_running(Priority::new(6).expect("there is"));
    receiver.page.arm(arming(NUMBER, at(4) | 1));
    sender.page.send(NUMBER);
    interrupts(check, "more urgent", USI);
    gives(check, "the task", receiver.page, &[at(4) | 1]);
    interrupts(check, "no more", 0);
}
