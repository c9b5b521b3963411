//! Tests of a ReL4 without endpoints: a root task runs, threads reach each other by notifications, and
//! whatever concerns endpoints is refused with the documented error.
//!
//! Prints a line for each test, the least number of cycles that a system call without effect took, then
//! `rel4-notifications: N passed, M failed`. With endpoints, the first test fails.

#![no_std]
#![no_main]

use hal::{csr, soc::csr as number};
use root::Root;
use sel4::{
    Endpoint, Error, Message, Notification, ObjectType, Page, Reply, Rights,
    abi::{MAX_PRIORITY, MessageInfo, Syscall, boot_info::BootInfo},
    println,
};

sel4::root_task!(main);

type Outcome = Result<bool, root::Error>;
type Test = (&'static str, fn(&mut Root) -> Outcome);

const TESTS: &[Test] = &[
    ("no endpoint can be made", no_endpoint),
    ("sends to endpoints cannot be cancelled", nothing_to_cancel),
    ("a message to nothing is refused", nothing_to_call),
    ("a reply answers nobody", reply),
    ("ReplyRecv waits for a notification", reply_and_wait),
    ("threads signal each other", signal),
    ("a thread with a fault stops alone", fault),
];

const LOW: usize = MAX_PRIORITY - 1;
const SAMPLES: usize = 100;

fn main(info: &'static BootInfo) -> ! {
    let mut root = Root::new(info);
    let (mut passed, mut failed) = (0, 0);
    for (name, test) in TESTS {
        if matches!(test(&mut root), Ok(true)) {
            passed += 1;
            println!("pass {name}");
        } else {
            failed += 1;
            println!("FAIL {name}");
        }
    }
    println!("a system call without effect: {} cycles", null_call());
    println!("rel4-notifications: {passed} passed, {failed} failed");
    sel4::debug::halt()
}

fn no_endpoint(root: &mut Root) -> Outcome {
    let memory = root.object::<sel4::Untyped>(ObjectType::Untyped, 12)?;
    let (node, slot) = (Root::CNODE.own_slot(0, 0), root.slot()?);
    let refused = memory.retype(ObjectType::Endpoint, 0, node, slot.index, 1).err();
    let right = refused.is_some_and(|failure| {
        failure.error == Error::InvalidArgument && failure.which() == Some(0)
    });
    // Nothing was made: slot and memory are free for something else.
    let page = memory.retype(ObjectType::Page, 0, node, slot.index, 1);
    Ok(right && page.is_ok() && Page(slot.index).physical_address().is_ok())
}

fn nothing_to_cancel(root: &mut Root) -> Outcome {
    let notification: Notification = root.object(ObjectType::Notification, 0)?;
    let refused = Root::CNODE.slot(notification.0).cancel_badged_sends().err();
    Ok(refused.is_some_and(|failure| failure.error == Error::IllegalOperation))
}

fn nothing_to_call(root: &mut Root) -> Outcome {
    let empty = root.slot()?;
    let answer = Endpoint(empty.index).call(Message::new(0, &[]));
    Ok(answer.label() == Error::InvalidCapability as usize && answer.words[0] == 0)
}

fn reply(_: &mut Root) -> Outcome {
    Reply::to_caller(Message::new(1, &[2]));
    Ok(true)
}

fn reply_and_wait(root: &mut Root) -> Outcome {
    let notification: Notification = root.object(ObjectType::Notification, 0)?;
    root.mint(notification, Rights::ALL, 0x30)?.signal();
    Ok(Endpoint(notification.0).reply_and_receive(Message::default()).badge == 0x30)
}

extern "C" fn answer_once(wait: usize, signal: usize, _: usize) -> ! {
    Notification(wait).wait();
    Notification(signal).signal();
    loop {
        Notification(wait).wait();
    }
}

fn signal(root: &mut Root) -> Outcome {
    let there: Notification = root.object(ObjectType::Notification, 0)?;
    let back: Notification = root.object(ObjectType::Notification, 0)?;
    let badged = root.mint(back, Rights::ALL, 0x41)?;
    root.new_thread(LOW, 0)?.start(answer_once, [there.0, badged.0, 0])?;
    there.signal();
    Ok(back.wait() == 0x41)
}

extern "C" fn touch_nothing(before: usize, _: usize, _: usize) -> ! {
    Notification(before).signal();
    // SAFETY: nothing is mapped there: the thread does not come further.
    unsafe { core::ptr::with_exposed_provenance::<usize>(8).read_volatile() };
    loop {
        Notification(before).signal();
    }
}

fn fault(root: &mut Root) -> Outcome {
    let before: Notification = root.object(ObjectType::Notification, 0)?;
    let badged = root.mint(before, Rights::ALL, 1)?;
    root.new_thread(LOW, 0)?.start(touch_nothing, [badged.0, 0, 0])?;
    let ran = before.wait();
    // A thread of lower priority answers when the other one has stopped.
    let (there, back): (Notification, Notification) =
        (root.object(ObjectType::Notification, 0)?, root.object(ObjectType::Notification, 0)?);
    let badged = root.mint(back, Rights::ALL, 2)?;
    root.new_thread(LOW - 1, 0)?.start(answer_once, [there.0, badged.0, 0])?;
    there.signal();
    Ok(ran == 1 && back.wait() == 2 && before.poll() == 0)
}

fn null_call() -> usize {
    let call = || {
        let before = csr::read::<{ number::CYCLE }>();
        sel4::raw_call(Syscall::BenchmarkNullSyscall as isize, [0, MessageInfo(0).0, 0, 0, 0, 0]);
        csr::read::<{ number::CYCLE }>() - before
    };
    (0..SAMPLES).map(|_| call()).min().unwrap_or(0)
}
