//! Which thread runs.

use crate::{
    check::{Outcome, Test},
    equal, expect,
    helper::{LOW, Words, endpoint, let_others_run, place, stop},
};
use root::Root;
use sel4::{Domain, Endpoint, Message, ObjectType, Tcb, Untyped, abi::slot, debug::identify};

pub const TESTS: &[Test] = &[
    ("the more important thread runs first", importance),
    ("a thread that becomes important runs at once", raised),
    ("yield lets an equal thread run", yields),
    ("equal threads share the time without yielding", slices),
    ("a receiver of the same priority runs when it is sent to", handover),
    ("revoking the memory of a thread ends it", revoked),
    ("the domain of a thread is set", domain),
    ("threads on other harts run beside this one", other_harts),
];

static WORDS: Words = Words::new();

/// Leaves its turn, from 1 on, in a word.
extern "C" fn note_turn(index: usize, end: usize, _: usize) -> ! {
    let turn = WORDS.add(7) + 1;
    WORDS.set(index, turn);
    stop(Endpoint(end))
}

fn importance(root: &mut Root) -> Outcome {
    WORDS.clear();
    let end = endpoint(root)?;
    for (index, priority) in [LOW, LOW + 20, LOW + 10].into_iter().enumerate() {
        root.new_thread(priority, Endpoint::NONE)?.start(note_turn, [index, end.0, 0])?;
    }
    let_others_run(root)?;
    expect!([0, 1, 2].map(|index| WORDS.get(index)) == [3, 1, 2]);
    Ok(())
}

extern "C" fn raise_other(tcb: usize, end: usize, _: usize) -> ! {
    let _ = Tcb(tcb).set_priority(Root::TCB, LOW + 5);
    WORDS.set(1, WORDS.add(7) + 1);
    stop(Endpoint(end))
}

fn raised(root: &mut Root) -> Outcome {
    WORDS.clear();
    let end = endpoint(root)?;
    let other = root.new_thread(LOW - 1, Endpoint::NONE)?;
    other.start(note_turn, [0, end.0, 0])?;
    let raiser = root.new_thread(LOW, Endpoint::NONE)?;
    raiser.start(raise_other, [other.tcb.0, end.0, 0])?;
    let_others_run(root)?;
    expect!([0, 1].map(|index| WORDS.get(index)) == [1, 2]);
    Ok(())
}

extern "C" fn take_turns(index: usize, end: usize, _: usize) -> ! {
    for _ in 0..10 {
        if WORDS.get(7) != index {
            WORDS.add(index);
        }
        WORDS.set(7, index);
        sel4::yield_now();
    }
    stop(Endpoint(end))
}

fn yields(root: &mut Root) -> Outcome {
    WORDS.clear();
    WORDS.set(7, 99);
    let end = endpoint(root)?;
    for index in 0..2 {
        root.new_thread(LOW, Endpoint::NONE)?.start(take_turns, [index, end.0, 0])?;
    }
    let_others_run(root)?;
    // Each found the other one's mark in every turn.
    expect!([0, 1].map(|index| WORDS.get(index)) == [10, 10]);
    Ok(())
}

extern "C" fn count_for_ever(index: usize, _: usize, _: usize) -> ! {
    loop {
        WORDS.add(index);
    }
}

/// Tells when two counters have both advanced.
extern "C" fn watch(to: usize, _: usize, _: usize) -> ! {
    while WORDS.get(0) == 0 || WORDS.get(1) == 0 {
        core::hint::spin_loop();
    }
    loop {
        Endpoint(to).call(Message::default());
    }
}

fn slices(root: &mut Root) -> Outcome {
    WORDS.clear();
    let done = endpoint(root)?;
    let mut threads = [Tcb(0); 3];
    for (index, tcb) in threads.iter_mut().enumerate() {
        let thread = root.new_thread(LOW, Endpoint::NONE)?;
        *tcb = thread.tcb;
        match index {
            2 => thread.start(watch, [done.0, 0, 0])?,
            _ => thread.start(count_for_ever, [index, 0, 0])?,
        }
    }
    done.receive();
    for tcb in threads {
        tcb.suspend()?;
    }
    expect!(WORDS.get(0) > 0 && WORDS.get(1) > 0);
    Ok(())
}

extern "C" fn receive_and_note(from: usize, end: usize, index: usize) -> ! {
    Endpoint(from).receive();
    WORDS.set(index, WORDS.add(7) + 1);
    stop(Endpoint(end))
}

extern "C" fn send_and_note(to: usize, end: usize, index: usize) -> ! {
    Endpoint(to).send(Message::default());
    WORDS.set(index, WORDS.add(7) + 1);
    stop(Endpoint(end))
}

fn handover(root: &mut Root) -> Outcome {
    WORDS.clear();
    let (through, end) = (endpoint(root)?, endpoint(root)?);
    root.new_thread(LOW, Endpoint::NONE)?.start(receive_and_note, [through.0, end.0, 0])?;
    root.new_thread(LOW, Endpoint::NONE)?.start(send_and_note, [through.0, end.0, 1])?;
    let_others_run(root)?;
    expect!(WORDS.get(0) != 0 && WORDS.get(1) != 0);
    equal!(WORDS.get(7), 2);
    Ok(())
}

fn revoked(root: &mut Root) -> Outcome {
    WORDS.clear();
    let memory: Untyped = root.object(ObjectType::Untyped, 12)?;
    let slot = root.slot()?;
    memory.retype(ObjectType::Tcb, 0, Root::CNODE.own_slot(0, 0), slot.index, 1)?;
    let tcb = Tcb(slot.index);
    let (page, buffer) = root.new_page()?;
    let (_, stack) = root.new_page()?;
    let own = (Root::CNODE, root.guard());
    tcb.configure(0, own, root.space.table, (buffer, page))?;
    tcb.set_priority(Root::TCB, LOW - 1)?;
    let registers = sel4::Registers::start(
        count_and_yield as *const () as usize,
        stack + root::PAGE,
        buffer,
        [0; 3],
    );
    tcb.write_registers(true, &registers)?;
    let_others_run(root)?;
    let before = WORDS.get(0);
    expect!(before > 0);
    place(memory).revoke()?;
    equal!(identify(tcb.0), 0);
    let_others_run(root)?;
    equal!(WORDS.get(0), before);
    Ok(())
}

extern "C" fn count_and_yield(index: usize, _: usize, _: usize) -> ! {
    loop {
        WORDS.add(index);
        sel4::yield_now();
    }
}

fn domain(root: &mut Root) -> Outcome {
    let tcb: Tcb = root.object(ObjectType::Tcb, 0)?;
    let control = Domain(slot::DOMAIN);
    control.set(tcb, 0)?;
    crate::refused!(control.set(tcb, 256), InvalidArgument, 0);
    crate::refused!(control.set(Tcb(slot::CNODE), 0), InvalidArgument, 1);
    Ok(())
}

extern "C" fn count_on_hart(index: usize, end: usize, _: usize) -> ! {
    for _ in 0..1000 {
        WORDS.add(index);
    }
    stop(Endpoint(end))
}

fn other_harts(root: &mut Root) -> Outcome {
    WORDS.clear();
    let end = endpoint(root)?;
    for hart in 1..root.info.nodes {
        let thread = root.new_thread(LOW, Endpoint::NONE)?;
        thread.tcb.set_affinity(hart)?;
        thread.start(count_on_hart, [hart, end.0, 0])?;
    }
    // This thread does not let others run on its own hart.
    for hart in 1..root.info.nodes {
        while WORDS.get(hart) < 1000 {
            core::hint::spin_loop();
        }
    }
    Ok(())
}
