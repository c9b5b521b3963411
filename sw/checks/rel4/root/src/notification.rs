//! Notifications.

use crate::{
    check::{Outcome, Test},
    equal, expect,
    helper::{Words, endpoint, let_others_run, low_thread, notification, stop},
};
use root::Root;
use sel4::{Endpoint, Message, Notification, Rights};

pub const TESTS: &[Test] = &[
    ("signals gather their bits", gather),
    ("poll takes the bits", poll),
    ("a waiter gets the bits of the signal", wake),
    ("one signal wakes one waiter, the first", one_waiter),
    ("a bound notification arrives at an endpoint", bound),
    ("bits from before arrive at an endpoint, too", bound_before),
    ("an unbound one arrives no more", unbound),
    ("a notification lives as long as one of its capabilities", deleted),
];

static WORDS: Words = Words::new();

fn gather(root: &mut Root) -> Outcome {
    let notification = notification(root)?;
    for bit in [0usize, 5, 63] {
        root.mint(notification, Rights::ALL, 1usize << bit)?.signal();
    }
    equal!(notification.wait(), 1usize | 1 << 5 | 1 << 63);
    Ok(())
}

fn poll(root: &mut Root) -> Outcome {
    let notification = notification(root)?;
    equal!(notification.poll(), 0);
    root.mint(notification, Rights::ALL, 6)?.signal();
    equal!(notification.poll(), 6);
    equal!(notification.poll(), 0);
    Ok(())
}

extern "C" fn wait_once(on: usize, end: usize, index: usize) -> ! {
    let bits = Notification(on).wait();
    WORDS.set(index, bits);
    stop(Endpoint(end))
}

fn wake(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (on, end) = (notification(root)?, endpoint(root)?);
    low_thread(root, wait_once, [on.0, end.0, 0])?;
    let_others_run(root)?;
    equal!(WORDS.get(0), 0);
    root.mint(on, Rights::ALL, 0x30)?.signal();
    let_others_run(root)?;
    equal!(WORDS.get(0), 0x30);
    equal!(on.poll(), 0);
    Ok(())
}

fn one_waiter(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (on, end) = (notification(root)?, endpoint(root)?);
    let badged = root.mint(on, Rights::ALL, 1)?;
    for index in 0..3 {
        low_thread(root, wait_once, [on.0, end.0, index])?;
        let_others_run(root)?;
    }
    for woken in 1..=3 {
        badged.signal();
        let_others_run(root)?;
        for index in 0..3 {
            equal!(WORDS.get(index), usize::from(index < woken));
        }
    }
    Ok(())
}

extern "C" fn receive_two(from: usize, end: usize, _: usize) -> ! {
    for index in [0, 2] {
        let received = Endpoint(from).receive();
        WORDS.set(index, received.badge);
        WORDS.set(index + 1, received.message.label() + 1);
    }
    stop(Endpoint(end))
}

fn bound(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (on, through, end) = (notification(root)?, endpoint(root)?, endpoint(root)?);
    let thread = low_thread(root, receive_two, [through.0, end.0, 0])?;
    thread.tcb.bind(on)?;
    let_others_run(root)?;
    root.mint(on, Rights::ALL, 0x40)?.signal();
    let_others_run(root)?;
    equal!(WORDS.get(0), 0x40);
    root.mint(through, Rights::ALL, 0x41)?.send(Message::new(8, &[]));
    let_others_run(root)?;
    equal!(WORDS.get(2), 0x41);
    equal!(WORDS.get(3), 9);
    Ok(())
}

fn bound_before(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (on, through, end) = (notification(root)?, endpoint(root)?, endpoint(root)?);
    root.mint(on, Rights::ALL, 0x50)?.signal();
    let thread = low_thread(root, receive_two, [through.0, end.0, 0])?;
    thread.tcb.bind(on)?;
    let_others_run(root)?;
    equal!(WORDS.get(0), 0x50);
    thread.tcb.unbind()?;
    equal!(on.poll(), 0);
    Ok(())
}

fn unbound(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (on, through, end) = (notification(root)?, endpoint(root)?, endpoint(root)?);
    let thread = low_thread(root, receive_two, [through.0, end.0, 0])?;
    thread.tcb.bind(on)?;
    thread.tcb.unbind()?;
    let_others_run(root)?;
    let badged = root.mint(on, Rights::ALL, 2)?;
    badged.signal();
    let_others_run(root)?;
    equal!(WORDS.get(0), 0);
    equal!(on.poll(), 2);
    Ok(())
}

fn deleted(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (on, end) = (notification(root)?, endpoint(root)?);
    let copy = root.copy(on)?;
    low_thread(root, wait_once, [on.0, end.0, 0])?;
    let_others_run(root)?;
    root.delete(on)?;
    root.mint(copy, Rights::ALL, 9)?.signal();
    let_others_run(root)?;
    expect!(WORDS.get(0) == 9);
    Ok(())
}
