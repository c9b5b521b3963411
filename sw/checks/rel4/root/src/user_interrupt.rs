//! User interrupts: registration, delivery, sleep, other harts, clean-up, errors.

use crate::{
    check::{Outcome, Test},
    equal, expect,
    helper::{LOW, Words, endpoint, let_others_run, low_thread, notification, place, stop},
    refused,
};
use core::sync::atomic::{AtomicU64, Ordering};
use hal::csr::{self, status};
use root::Root;
use sel4::{Endpoint, Label, Notification, ObjectType, Rights, Tcb, invoke, yield_now};
use soc::{csr as number, irq};
use uintr::{SenderIndex, entry, uipi};

pub const TESTS: &[Test] = &[
    ("a running receiver is interrupted", running),
    ("two threads signal each other", each_other),
    ("vectors wait for a receiver that does not run", not_running),
    ("a vector wakes a receiver that waits", waits),
    ("a vector wakes a receiver at an endpoint", receives),
    ("poll takes vectors and bits of signals", polls),
    ("a receiver moves to another hart and back", moves),
    ("a receiver sleeps on another hart", sleeps_elsewhere),
    ("a thread without user interrupts has none of them", hidden),
    ("a revoked capability sends no more", revoked),
    ("a moved capability goes on sending", moved),
    ("nothing stale reaches the next receiver", reused),
    ("a sender that ends leaves nothing", sender_ends),
    ("errors of registering a receiver", receiver_errors),
    ("errors of registering a sender", sender_errors),
    ("receivers are used up and come back", all_receivers),
    ("a sender table is filled and emptied", all_senders),
    ("UINTC and TAIC are the kernel's", devices),
];

static WORDS: Words = Words::new();
/// Vectors that handlers of threads took.
static TAKEN: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];

fn taken(index: usize) -> u64 {
    TAKEN[index].load(Ordering::SeqCst)
}

/// The calling thread, a receiver, collects its vectors in `TAKEN`.
fn collect(index: usize) {
    TAKEN[index].store(0, Ordering::SeqCst);
    // SAFETY: the leaf changes this word alone.
    unsafe {
        csr::write::<{ number::UTVEC }>(entry::collect());
        csr::write::<{ number::USCRATCH }>(TAKEN[index].as_ptr() as usize);
        csr::set::<{ number::UIE }>(1 << irq::USI);
        csr::set::<{ number::USTATUS }>(status::UIE);
    }
}

fn send(index: usize) {
    uipi::send(SenderIndex(index));
}

/// A notification of which the root task is the receiver, until `end_own`.
fn own_receiver(root: &mut Root) -> Outcome<Notification> {
    let notification = notification(root)?;
    Root::TCB.bind(notification)?;
    notification.register_receiver(Root::TCB, 0, 0)?;
    Ok(notification)
}

fn end_own() -> Outcome {
    Ok(Root::TCB.unbind()?)
}

/// The index with which the root task sends a vector.
fn sender(root: &mut Root, to: Notification, vector: usize) -> Outcome<usize> {
    Ok(root.mint(to, Rights::ALL, vector)?.register_sender()?)
}

/// A thread that collects what it is sent in `TAKEN`, at index 0, and never stops.
extern "C" fn spin(on: usize, own: usize, _: usize) -> ! {
    let registered = Notification(on).register_receiver(Tcb(own), 0, 0).is_ok();
    collect(0);
    WORDS.set(0, usize::from(registered));
    loop {
        yield_now();
    }
}

/// Such a thread, which has registered.
fn spinner(root: &mut Root) -> Outcome<(Tcb, Notification)> {
    WORDS.clear();
    let on = notification(root)?;
    let thread = root.new_thread(LOW - 2, Endpoint::NONE)?;
    thread.tcb.bind(on)?;
    thread.start(spin, [on.0, thread.tcb.0, 0])?;
    await_word(root, 0)?;
    Ok((thread.tcb, on))
}

/// Lets others run until a word is set.
fn await_word(root: &mut Root, index: usize) -> Outcome {
    await_that(root, || WORDS.get(index) != 0)
}

/// Lets others run until something holds, but not for ever.
fn await_that(root: &mut Root, holds: impl Fn() -> bool) -> Outcome {
    const LONG: usize = 1000;
    let pause = root.new_thread(LOW - 2, Endpoint::NONE)?;
    let (from, to) = (endpoint(root)?, endpoint(root)?);
    extern "C" fn answer(from: usize, to: usize, _: usize) -> ! {
        loop {
            yield_now();
            Endpoint(from).receive();
            Endpoint(to).send(sel4::Message::default());
        }
    }
    pause.start(answer, [from.0, to.0, 0])?;
    for _ in 0..LONG {
        if holds() {
            break;
        }
        from.send(sel4::Message::default());
        to.receive();
    }
    pause.tcb.suspend()?;
    expect!(holds());
    Ok(())
}

fn running(root: &mut Root) -> Outcome {
    let on = own_receiver(root)?;
    collect(0);
    for vector in [0, 5, 63] {
        let index = sender(root, on, vector)?;
        send(index);
        await_that(root, || taken(0) & 1 << vector != 0)?;
    }
    equal!(taken(0), 1u64 << 63 | 1 << 5 | 1);
    end_own()
}

/// Sends to the other as often as it is sent to.
extern "C" fn play(ways: usize, end: usize, number: usize) -> ! {
    const ROUNDS: usize = 10;
    collect(number);
    WORDS.set(number, 1);
    while WORDS.get(1 - number) == 0 {
        yield_now();
    }
    let Ok(index) = Notification(ways).register_sender() else { stop(Endpoint(end)) };
    for round in 0..ROUNDS {
        if number == 0 || round > 0 {
            send(index);
        }
        while TAKEN[number].swap(0, Ordering::SeqCst) == 0 {
            yield_now();
        }
        WORDS.set(2 + number, round + 1);
    }
    send(index);
    stop(Endpoint(end))
}

fn each_other(root: &mut Root) -> Outcome {
    WORDS.clear();
    let end = endpoint(root)?;
    let mut players = [None; 2];
    for player in &mut players {
        let (on, thread) = (notification(root)?, root.new_thread(LOW - 2, Endpoint::NONE)?);
        thread.tcb.bind(on)?;
        on.register_receiver(thread.tcb, 0, 0)?;
        *player = Some((thread, on));
    }
    let [Some(first), Some(second)] = players else { return Ok(()) };
    let [to_second, to_first] = [(second.1, 3), (first.1, 4)];
    let ways = [
        root.mint(to_second.0, Rights::ALL, to_second.1)?,
        root.mint(to_first.0, Rights::ALL, to_first.1)?,
    ];
    // On another hart, if there is one.
    let _ = second.0.tcb.set_affinity(1);
    first.0.start(play, [ways[0].0, end.0, 0])?;
    second.0.start(play, [ways[1].0, end.0, 1])?;
    await_that(root, || WORDS.get(2) == 10 && WORDS.get(3) == 10)?;
    for (thread, _) in [first, second] {
        thread.tcb.suspend()?;
        thread.tcb.unbind()?;
    }
    Ok(())
}

fn not_running(root: &mut Root) -> Outcome {
    let (thread, on) = spinner(root)?;
    let index = sender(root, on, 9)?;
    send(index);
    equal!(taken(0), 0);
    await_that(root, || taken(0) == 1 << 9)?;
    thread.suspend()?;
    send(index);
    let_others_run(root)?;
    TAKEN[0].store(0, Ordering::SeqCst);
    equal!(taken(0), 0);
    thread.resume()?;
    await_that(root, || taken(0) == 1 << 9)?;
    thread.suspend()?;
    Ok(())
}

extern "C" fn wait_for_vector(on: usize, end: usize, index: usize) -> ! {
    WORDS.set(index + 1, 1);
    let bits = Notification(on).wait();
    WORDS.set(index, bits);
    let bits = Notification(on).wait();
    WORDS.set(index, bits);
    stop(Endpoint(end))
}

fn waits(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (on, end) = (notification(root)?, endpoint(root)?);
    let thread = low_thread(root, wait_for_vector, [on.0, end.0, 0])?;
    thread.tcb.bind(on)?;
    // It sleeps before it is a receiver, the first time.
    let_others_run(root)?;
    on.register_receiver(thread.tcb, 0, 0)?;
    let index = sender(root, on, 12)?;
    let_others_run(root)?;
    equal!(WORDS.get(0), 0);
    for _ in 0..2 {
        WORDS.set(0, 0);
        send(index);
        await_that(root, || WORDS.get(0) == 1 << 12)?;
        let_others_run(root)?;
    }
    Ok(())
}

extern "C" fn receive_vector(from: usize, end: usize, _: usize) -> ! {
    let received = Endpoint(from).receive();
    WORDS.set(0, received.badge);
    stop(Endpoint(end))
}

fn receives(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (on, through, end) = (notification(root)?, endpoint(root)?, endpoint(root)?);
    let thread = root.new_thread(LOW, Endpoint::NONE)?;
    thread.tcb.bind(on)?;
    on.register_receiver(thread.tcb, 0, 0)?;
    thread.start(receive_vector, [through.0, end.0, 0])?;
    let_others_run(root)?;
    let index = sender(root, on, 33)?;
    send(index);
    await_that(root, || WORDS.get(0) == 1 << 33)
}

fn polls(root: &mut Root) -> Outcome {
    let on = own_receiver(root)?;
    let index = sender(root, on, 20)?;
    equal!(on.poll(), 0);
    send(index);
    root.mint(on, Rights::ALL, 3)?.signal();
    equal!(on.poll(), 1usize << 20 | 3);
    equal!(on.poll(), 0);
    send(index);
    equal!(on.wait(), 1usize << 20);
    end_own()
}

fn moves(root: &mut Root) -> Outcome {
    let (thread, on) = spinner(root)?;
    let index = sender(root, on, 1)?;
    for turn in 0..6 {
        // Without another hart it stays.
        let _ = thread.set_affinity(turn % 2);
        TAKEN[0].store(0, Ordering::SeqCst);
        send(index);
        await_that(root, || taken(0) == 1 << 1)?;
    }
    let _ = thread.set_affinity(0);
    thread.suspend()?;
    Ok(())
}

fn sleeps_elsewhere(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (on, end) = (notification(root)?, endpoint(root)?);
    let thread = root.new_thread(LOW, Endpoint::NONE)?;
    let _ = thread.tcb.set_affinity(1);
    thread.tcb.bind(on)?;
    on.register_receiver(thread.tcb, 0, 0)?;
    thread.start(wait_for_vector, [on.0, end.0, 0])?;
    await_word(root, 1)?;
    let index = sender(root, on, 2)?;
    for _ in 0..2 {
        WORDS.set(0, 0);
        send(index);
        await_that(root, || WORDS.get(0) == 1 << 2)?;
        let_others_run(root)?;
    }
    Ok(())
}

extern "C" fn touch(_: usize, end: usize, _: usize) -> ! {
    WORDS.set(0, 1);
    // SAFETY: traps.
    unsafe { csr::write::<{ number::UTVEC }>(0) };
    WORDS.set(1, 1);
    stop(Endpoint(end))
}

fn hidden(root: &mut Root) -> Outcome {
    WORDS.clear();
    let on = own_receiver(root)?;
    let (end, faults) = (endpoint(root)?, endpoint(root)?);
    let thread = root.new_thread(LOW, faults.0)?;
    thread.start(touch, [0, end.0, 0])?;
    faults.receive();
    equal!(WORDS.get(0), 1);
    equal!(WORDS.get(1), 0);
    thread.tcb.suspend()?;
    equal!(on.poll(), 0);
    end_own()
}

fn revoked(root: &mut Root) -> Outcome {
    let on = own_receiver(root)?;
    let badged = root.mint(on, Rights::ALL, 7)?;
    let copy = root.copy(badged)?;
    let (first, second) = (badged.register_sender()?, copy.register_sender()?);
    expect!(first != second);
    equal!(badged.register_sender()?, first);
    send(second);
    equal!(on.poll(), 1 << 7);
    place(badged).revoke()?;
    send(second);
    equal!(on.poll(), 0);
    send(first);
    equal!(on.poll(), 1 << 7);
    root.delete(badged)?;
    send(first);
    equal!(on.poll(), 0);
    end_own()
}

fn moved(root: &mut Root) -> Outcome {
    let on = own_receiver(root)?;
    let badged = root.mint(on, Rights::ALL, 8)?;
    let index = badged.register_sender()?;
    let to = root.slot()?;
    to.move_from(place(badged))?;
    send(index);
    equal!(on.poll(), 1 << 8);
    to.delete()?;
    send(index);
    equal!(on.poll(), 0);
    end_own()
}

fn reused(root: &mut Root) -> Outcome {
    // The receiver ends because it is unbound, because its notification ends, and with its thread.
    for way in 0..3 {
        let (on, thread): (_, Tcb) = (notification(root)?, root.object(ObjectType::Tcb, 0)?);
        thread.bind(on)?;
        let number = on.register_receiver(thread, 0, 0)?;
        let index = sender(root, on, 6)?;
        send(index);
        match way {
            0 => thread.unbind()?,
            1 => {
                place(on).revoke()?;
                root.delete(on)?;
            }
            _ => root.delete(thread)?,
        }
        let next = notification(root)?;
        Root::TCB.bind(next)?;
        equal!(next.register_receiver(Root::TCB, 0, 0)?, number);
        equal!(next.poll(), 0);
        send(index);
        equal!(next.poll(), 0);
        end_own()?;
    }
    Ok(())
}

/// Sends once; without a sender entry it signals through the kernel.
extern "C" fn send_once(through: usize, end: usize, _: usize) -> ! {
    match Notification(through).register_sender() {
        Ok(index) => {
            WORDS.set(0, index + 1);
            send(index);
        }
        Err(_) => Notification(through).signal(),
    }
    stop(Endpoint(end))
}

fn sender_ends(root: &mut Root) -> Outcome {
    let on = own_receiver(root)?;
    let end = endpoint(root)?;
    let badged = root.mint(on, Rights::ALL, 10)?;
    // More threads than there are tables, one after the other.
    for _ in 0..=sel4::abi::user_interrupt::SENDER_TABLES {
        WORDS.clear();
        let thread = low_thread(root, send_once, [badged.0, end.0, 0])?;
        equal!(on.wait(), 1 << 10);
        equal!(WORDS.get(0), 1);
        root.delete(thread.tcb)?;
    }
    end_own()
}

fn receiver_errors(root: &mut Root) -> Outcome {
    let on = notification(root)?;
    let register = Label::UintrRegisterReceiver;
    refused!(invoke(on.0, register, &[], &[]), TruncatedMessage);
    refused!(invoke(on.0, register, &[on.0], &[]), InvalidCapability, 1);
    refused!(on.register_receiver(Root::TCB, 0, 0), IllegalOperation);
    Root::TCB.bind(on)?;
    let writable = root.mint(on, Rights::WRITE, 0)?;
    refused!(writable.register_receiver(Root::TCB, 0, 0), InvalidCapability, 0);
    on.register_receiver(Root::TCB, 0, 0)?;
    refused!(on.register_receiver(Root::TCB, 0, 0), DeleteFirst);
    end_own()
}

fn sender_errors(root: &mut Root) -> Outcome {
    let on = notification(root)?;
    refused!(sender_of(on), IllegalOperation);
    Root::TCB.bind(on)?;
    refused!(sender_of(on), IllegalOperation);
    on.register_receiver(Root::TCB, 0, 0)?;
    refused!(sender_of(root.mint(on, Rights::ALL, 64)?), RangeError, 0, 63);
    refused!(sender_of(root.mint(on, Rights::READ, 1)?), InvalidCapability, 0);
    end_own()?;
    refused!(sender_of(on), IllegalOperation);
    Ok(())
}

fn sender_of(notification: Notification) -> sel4::Result<usize> {
    notification.register_sender()
}

fn all_receivers(root: &mut Root) -> Outcome {
    const MOST: usize = sel4::abi::user_interrupt::RECEIVERS;
    static MADE: [AtomicU64; MOST + 1] = [const { AtomicU64::new(0) }; MOST + 1];
    let mut refused = Ok(0);
    let mut made = 0;
    while refused.is_ok() && made <= MOST {
        let (on, thread): (_, Tcb) = (notification(root)?, root.object(ObjectType::Tcb, 0)?);
        thread.bind(on)?;
        refused = on.register_receiver(thread, 0, 0);
        MADE[made].store(thread.0 as u64, Ordering::Relaxed);
        made += 1;
    }
    refused!(refused, NotEnoughMemory, 0);
    // Some receivers are those of threads of other tests.
    expect!(made > MOST / 2);
    for thread in MADE.iter().take(made) {
        Tcb(thread.load(Ordering::Relaxed) as usize).unbind()?;
    }
    own_receiver(root)?;
    end_own()
}

fn all_senders(root: &mut Root) -> Outcome {
    const MOST: usize = sel4::abi::user_interrupt::SENDERS;
    let on = own_receiver(root)?;
    let first = sender(root, on, 0)?;
    let mut refused = Ok(0);
    for number in 1..=MOST {
        refused = root.mint(on, Rights::ALL, number % 64)?.register_sender();
        if let Ok(index) = refused {
            expect!(index < MOST && index != first);
        } else {
            break;
        }
    }
    refused!(refused, NotEnoughMemory, 0);
    place(on).revoke()?;
    equal!(sender(root, on, 1)?, first);
    end_own()
}

fn devices(root: &mut Root) -> Outcome {
    for base in [soc::UINTC_BASE, soc::TAIC_BASE, soc::CLINT_BASE, soc::PLIC_BASE] {
        expect!(root.device(base).is_none());
    }
    Ok(())
}
