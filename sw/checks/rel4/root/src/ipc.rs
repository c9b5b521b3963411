//! Messages through endpoints.

use crate::{
    check::{Outcome, Test},
    equal, expect,
    helper::{Words, endpoint, let_others_run, low_thread, notification, place, stop},
};
use root::Root;
use sel4::{
    Endpoint, IpcBuffer, Message, Reply, Rights, abi::message::MAX_LENGTH, debug::identify,
};

pub const TESTS: &[Test] = &[
    ("a message has its label, length, badge and words", send),
    ("the receiver may wait first", receive_first),
    ("120 words arrive", longest),
    ("a call gets its reply", call),
    ("reply_and_receive serves one call after the other", serve),
    ("a saved reply answers later, once", saved_reply),
    ("try_send to nobody is lost", try_send),
    ("try_receive of nothing has no badge", try_receive),
    ("senders are served in their order", order),
    ("a capability arrives where the receiver wants it", transfer),
    ("a capability of the same endpoint arrives as its badge", unwrapped),
    ("without the right to grant no capability arrives", no_grant),
    ("a full receive slot gets no capability", full_receive_slot),
    ("cancel_badged_sends ends the sending with one badge", cancel),
    ("deleting an endpoint lets its senders go on", delete),
    ("a caller without the right to grant replies cannot be answered", no_grant_reply),
];

static WORDS: Words = Words::new();

extern "C" fn send_three(to: usize, end: usize, _: usize) -> ! {
    Endpoint(to).send(Message::new(7, &[10, 20, 30]));
    WORDS.set(0, 1);
    stop(Endpoint(end))
}

fn send(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (through, end) = (endpoint(root)?, endpoint(root)?);
    let badged = root.mint(through, Rights::ALL, 0x5a)?;
    low_thread(root, send_three, [badged.0, end.0, 0])?;
    let received = through.receive();
    equal!(received.badge, 0x5a);
    equal!(received.message.label(), 7);
    equal!(received.message.info.length(), 3);
    expect!(received.message.words[..3] == [10, 20, 30]);
    let_others_run(root)?;
    equal!(WORDS.get(0), 1);
    Ok(())
}

extern "C" fn receive_one(from: usize, end: usize, _: usize) -> ! {
    let received = Endpoint(from).receive();
    WORDS.set(0, received.badge);
    WORDS.set(1, received.message.word(0));
    WORDS.set(2, received.message.label());
    stop(Endpoint(end))
}

fn receive_first(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (through, end) = (endpoint(root)?, endpoint(root)?);
    low_thread(root, receive_one, [through.0, end.0, 0])?;
    let_others_run(root)?;
    root.mint(through, Rights::ALL, 3)?.send(Message::new(9, &[99]));
    let_others_run(root)?;
    expect!([0, 1, 2].map(|index| WORDS.get(index)) == [3, 99, 9]);
    Ok(())
}

extern "C" fn send_long(to: usize, end: usize, _: usize) -> ! {
    let words: [usize; MAX_LENGTH] = core::array::from_fn(|index| 1000 + index);
    Endpoint(to).send(Message::new(1, &words));
    stop(Endpoint(end))
}

fn longest(root: &mut Root) -> Outcome {
    let (through, end) = (endpoint(root)?, endpoint(root)?);
    low_thread(root, send_long, [through.0, end.0, 0])?;
    let received = through.receive().message;
    equal!(received.info.length(), MAX_LENGTH);
    for index in 0..MAX_LENGTH {
        equal!(received.word(index), 1000 + index);
    }
    Ok(())
}

extern "C" fn call_twice(to: usize, end: usize, _: usize) -> ! {
    for turn in 0..2 {
        let answer = Endpoint(to).call(Message::new(turn, &[turn]));
        WORDS.set(turn, answer.word(0));
        WORDS.set(2 + turn, answer.label());
    }
    stop(Endpoint(end))
}

fn call(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (through, end) = (endpoint(root)?, endpoint(root)?);
    low_thread(root, call_twice, [through.0, end.0, 0])?;
    through.receive();
    equal!(WORDS.get(0), 0);
    Reply::to_caller(Message::new(5, &[50]));
    through.receive();
    equal!(WORDS.get(0), 50);
    equal!(WORDS.get(2), 5);
    Reply::to_caller(Message::default());
    // There is no caller any more: this does nothing.
    Reply::to_caller(Message::default());
    Ok(())
}

fn serve(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (through, end) = (endpoint(root)?, endpoint(root)?);
    low_thread(root, call_twice, [through.0, end.0, 0])?;
    equal!(through.receive().message.label(), 0);
    let next = through.reply_and_receive(Message::new(1, &[111]));
    equal!(next.message.label(), 1);
    equal!(WORDS.get(0), 111);
    Reply::to_caller(Message::new(2, &[222]));
    let_others_run(root)?;
    equal!(WORDS.get(1), 222);
    Ok(())
}

fn saved_reply(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (through, end) = (endpoint(root)?, endpoint(root)?);
    low_thread(root, call_twice, [through.0, end.0, 0])?;
    through.receive();
    let slot = root.slot()?;
    slot.save_caller()?;
    expect!(identify(slot.index) != 0);
    // The caller was saved, so this answers nobody.
    Reply::to_caller(Message::new(0, &[1]));
    let_others_run(root)?;
    equal!(WORDS.get(0), 0);
    Reply(slot.index).send(Message::new(0, &[77]));
    equal!(identify(slot.index), 0);
    through.receive();
    equal!(WORDS.get(0), 77);
    Ok(())
}

fn try_send(root: &mut Root) -> Outcome {
    let through = endpoint(root)?;
    through.try_send(Message::new(1, &[1]));
    equal!(through.try_receive().badge, 0);
    equal!(through.try_receive().message.info.0, 0);
    Ok(())
}

fn try_receive(root: &mut Root) -> Outcome {
    let (through, end) = (endpoint(root)?, endpoint(root)?);
    equal!(through.try_receive().badge, 0);
    let badged = root.mint(through, Rights::ALL, 4)?;
    low_thread(root, send_three, [badged.0, end.0, 0])?;
    let_others_run(root)?;
    equal!(through.try_receive().badge, 4);
    equal!(through.try_receive().badge, 0);
    Ok(())
}

fn order(root: &mut Root) -> Outcome {
    let (through, end) = (endpoint(root)?, endpoint(root)?);
    for badge in 1..=5 {
        let badged = root.mint(through, Rights::ALL, badge)?;
        low_thread(root, send_three, [badged.0, end.0, 0])?;
        let_others_run(root)?;
    }
    for badge in 1..=5 {
        equal!(through.receive().badge, badge);
    }
    Ok(())
}

extern "C" fn send_cap(to: usize, end: usize, cap: usize) -> ! {
    Endpoint(to).send(Message::new(1, &[]).with_cap(cap));
    stop(Endpoint(end))
}

fn receive_in(slot: usize) {
    IpcBuffer::own().set_receive_place(Root::CNODE.0, slot, 64);
}

fn transfer(root: &mut Root) -> Outcome {
    let (through, end) = (endpoint(root)?, endpoint(root)?);
    let cap = notification(root)?;
    let slot = root.slot()?;
    receive_in(slot.index);
    low_thread(root, send_cap, [through.0, end.0, cap.0])?;
    let received = through.receive().message;
    equal!(received.info.extra_caps(), 1);
    equal!(received.info.caps_unwrapped(), 0);
    equal!(identify(slot.index), identify(cap.0));
    place(cap).revoke()?;
    equal!(identify(slot.index), 0);
    Ok(())
}

fn unwrapped(root: &mut Root) -> Outcome {
    let (through, end) = (endpoint(root)?, endpoint(root)?);
    let badged = root.mint(through, Rights::ALL, 0xbad)?;
    let slot = root.slot()?;
    receive_in(slot.index);
    low_thread(root, send_cap, [through.0, end.0, badged.0])?;
    let received = through.receive().message;
    equal!(received.info.extra_caps(), 1);
    equal!(received.info.caps_unwrapped(), 1);
    equal!(IpcBuffer::own().badge(0), 0xbad);
    equal!(identify(slot.index), 0);
    Ok(())
}

fn no_grant(root: &mut Root) -> Outcome {
    let (through, end) = (endpoint(root)?, endpoint(root)?);
    let poor = root.mint(through, Rights::READ_WRITE, 0)?;
    let cap = notification(root)?;
    let slot = root.slot()?;
    receive_in(slot.index);
    low_thread(root, send_cap, [poor.0, end.0, cap.0])?;
    equal!(through.receive().message.info.extra_caps(), 0);
    equal!(identify(slot.index), 0);
    Ok(())
}

fn full_receive_slot(root: &mut Root) -> Outcome {
    let (through, end) = (endpoint(root)?, endpoint(root)?);
    let (cap, full) = (notification(root)?, endpoint(root)?);
    receive_in(full.0);
    low_thread(root, send_cap, [through.0, end.0, cap.0])?;
    equal!(through.receive().message.info.extra_caps(), 0);
    equal!(identify(full.0), identify(end.0));
    Ok(())
}

fn cancel(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (through, end) = (endpoint(root)?, endpoint(root)?);
    let (first, second) =
        (root.mint(through, Rights::ALL, 1)?, root.mint(through, Rights::ALL, 2)?);
    low_thread(root, send_three, [first.0, end.0, 0])?;
    low_thread(root, send_three, [second.0, end.0, 0])?;
    let_others_run(root)?;
    place(first).cancel_badged_sends()?;
    equal!(through.receive().badge, 2);
    let_others_run(root)?;
    // The first thread starts its send again, as nobody took it.
    equal!(through.receive().badge, 1);
    Ok(())
}

fn delete(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (through, end) = (endpoint(root)?, endpoint(root)?);
    low_thread(root, send_three, [through.0, end.0, 0])?;
    let_others_run(root)?;
    equal!(WORDS.get(0), 0);
    let copy = root.copy(through)?;
    place(through).delete()?;
    let_others_run(root)?;
    equal!(WORDS.get(0), 0);
    equal!(copy.receive().message.label(), 7);
    place(copy).delete()?;
    Ok(())
}

fn no_grant_reply(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (through, end) = (endpoint(root)?, endpoint(root)?);
    let poor = root.mint(through, Rights::WRITE, 6)?;
    low_thread(root, call_twice, [poor.0, end.0, 0])?;
    equal!(through.receive().badge, 6);
    Reply::to_caller(Message::new(1, &[1]));
    let_others_run(root)?;
    equal!(WORDS.get(0), 0);
    Ok(())
}
