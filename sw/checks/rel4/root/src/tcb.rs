//! Threads: their configuration and their registers.

use crate::{
    check::{Outcome, Test},
    equal, expect,
    helper::{LOW, OWN, Words, endpoint, let_others_run, low_thread, notification, place, stop},
    refused,
};
use root::{PAGE, Root};
use sel4::{
    Endpoint, Label, Notification, ObjectType, Page, PageTable, Registers, Tcb, abi::slot, invoke,
    invoke_words,
};

pub const TESTS: &[Test] = &[
    ("a thread runs with the registers that were written", start),
    ("registers are read as they were written", registers),
    ("registers are copied", copied_registers),
    ("the own registers cannot be read or written", own_registers),
    ("no and too many registers are refused", register_count),
    ("suspend stops, resume goes on", suspend),
    ("configure refuses what is no address space", configure_spaces),
    ("configure refuses IPC buffers that cannot be", configure_buffer),
    ("set_space works, and refuses what is none", set_space),
    ("set_ipc_buffer refuses a wrong address", set_ipc_buffer),
    ("priorities up to the authority's", priorities),
    ("an authority that is no thread is refused", authority),
    ("sched_params sets both", sched_params),
    ("a hart that does not exist is refused", affinity),
    ("set_tls_base sets tp", tls_base),
    ("there are no flags without floating point", flags),
    ("a notification is bound once", bind),
    ("binding wants a notification that can be read", bind_wants),
    ("messages that are too short are refused", truncated),
    ("other labels are refused", labels),
    ("a thread that deletes itself is gone", delete_itself),
];

static WORDS: Words = Words::new();

fn tcb(root: &mut Root) -> Outcome<Tcb> {
    Ok(root.object(ObjectType::Tcb, 0)?)
}

extern "C" fn leave_arguments(a: usize, b: usize, c: usize) -> ! {
    WORDS.set(0, a);
    WORDS.set(1, b);
    stop(Endpoint(c))
}

fn start(root: &mut Root) -> Outcome {
    WORDS.clear();
    let end = endpoint(root)?;
    low_thread(root, leave_arguments, [11, 22, end.0])?;
    let_others_run(root)?;
    equal!(WORDS.get(0), 11);
    equal!(WORDS.get(1), 22);
    Ok(())
}

fn registers(root: &mut Root) -> Outcome {
    let tcb = tcb(root)?;
    let mut values = Registers::default();
    for (number, value) in values.0.iter_mut().enumerate() {
        *value = 0x1000 + 4 * number;
    }
    tcb.write_registers(false, &values)?;
    expect!(tcb.read_registers(false, 32)? == values);
    let few = tcb.read_registers(false, 1)?;
    equal!(few.pc(), values.pc());
    Ok(())
}

fn copied_registers(root: &mut Root) -> Outcome {
    let (source, target) = (tcb(root)?, tcb(root)?);
    let values = Registers(core::array::from_fn(|number| 0x2000 + 4 * number));
    source.write_registers(false, &values)?;
    target.copy_registers(source, [false, false, true, false])?;
    let copied = target.read_registers(false, 32)?;
    equal!(copied.pc(), values.pc());
    equal!(copied.0[10], 0);
    target.copy_registers(source, [false, false, false, true])?;
    expect!(target.read_registers(false, 32)? == values);
    refused!(invoke(target.0, Label::TcbCopyRegisters, &[slot::CNODE], &[0]), InvalidCapability, 1);
    Ok(())
}

fn own_registers(_: &mut Root) -> Outcome {
    refused!(Root::TCB.read_registers(false, 32), IllegalOperation);
    refused!(Root::TCB.write_registers(false, &Registers::default()), IllegalOperation);
    Ok(())
}

fn register_count(root: &mut Root) -> Outcome {
    let tcb = tcb(root)?;
    refused!(tcb.read_registers(false, 0), RangeError, 1, 32);
    refused!(invoke(tcb.0, Label::TcbReadRegisters, &[], &[0, 33]), RangeError, 1, 32);
    refused!(invoke(tcb.0, Label::TcbWriteRegisters, &[], &[0, 2, 1]), TruncatedMessage);
    Ok(())
}

extern "C" fn count(_: usize, _: usize, _: usize) -> ! {
    loop {
        WORDS.add(2);
        sel4::yield_now();
    }
}

fn suspend(root: &mut Root) -> Outcome {
    WORDS.clear();
    let thread = low_thread(root, count, [0; 3])?;
    thread.tcb.set_priority(Root::TCB, LOW - 1)?;
    let_others_run(root)?;
    let before = WORDS.get(2);
    expect!(before > 0);
    thread.tcb.suspend()?;
    let_others_run(root)?;
    equal!(WORDS.get(2), before);
    thread.tcb.resume()?;
    let_others_run(root)?;
    expect!(WORDS.get(2) > before);
    thread.tcb.suspend()?;
    Ok(())
}

fn configure_spaces(root: &mut Root) -> Outcome {
    let tcb = tcb(root)?;
    let (page, address) = root.new_page()?;
    let (own, space) = ((Root::CNODE, root.guard()), root.space.table);
    refused!(tcb.configure(0, own, PageTable(slot::TCB), (address, page)), IllegalOperation);
    let unassigned: PageTable = root.object(ObjectType::PageTable, 0)?;
    refused!(tcb.configure(0, own, unassigned, (address, page)), IllegalOperation);
    tcb.configure(0, own, space, (address, page))?;
    Ok(())
}

fn configure_buffer(root: &mut Root) -> Outcome {
    let tcb = tcb(root)?;
    let (page, address) = root.new_page()?;
    let (own, space) = ((Root::CNODE, root.guard()), root.space.table);
    refused!(tcb.configure(0, own, space, (address + 8, page)), AlignmentError);
    refused!(tcb.configure(0, own, space, (address, Page(slot::TCB))), IllegalOperation);
    tcb.configure(0, own, space, (address + 1024, page))?;
    Ok(())
}

fn set_space(root: &mut Root) -> Outcome {
    let tcb = tcb(root)?;
    let (own, space) = ((Root::CNODE, root.guard()), root.space.table);
    tcb.set_space(0, own, space)?;
    refused!(tcb.set_space(0, own, PageTable(slot::TCB)), IllegalOperation);
    Ok(())
}

fn set_ipc_buffer(root: &mut Root) -> Outcome {
    let tcb = tcb(root)?;
    let (page, address) = root.new_page()?;
    tcb.set_ipc_buffer(address, page)?;
    refused!(tcb.set_ipc_buffer(address + PAGE / 8, page), AlignmentError);
    refused!(tcb.set_ipc_buffer(address, Page(slot::TCB)), IllegalOperation);
    Ok(())
}

fn priorities(root: &mut Root) -> Outcome {
    let (authority, tcb) = (tcb(root)?, tcb(root)?);
    authority.set_mc_priority(Root::TCB, 50)?;
    tcb.set_priority(authority, 50)?;
    refused!(tcb.set_priority(authority, 51), RangeError, 0, 50);
    refused!(tcb.set_mc_priority(authority, 51), RangeError, 0, 50);
    refused!(tcb.set_priority(Root::TCB, OWN + 1), RangeError, 0, OWN);
    tcb.set_mc_priority(authority, 50)?;
    Ok(())
}

fn authority(root: &mut Root) -> Outcome {
    let tcb = tcb(root)?;
    let wrong = Tcb(slot::CNODE);
    refused!(tcb.set_priority(wrong, 1), InvalidCapability, 1);
    refused!(tcb.set_mc_priority(wrong, 1), InvalidCapability, 1);
    refused!(tcb.set_sched_params(wrong, 1, 1), InvalidCapability, 1);
    Ok(())
}

fn sched_params(root: &mut Root) -> Outcome {
    let (tcb, other) = (tcb(root)?, tcb(root)?);
    tcb.set_sched_params(Root::TCB, 30, 20)?;
    other.set_priority(tcb, 30)?;
    refused!(other.set_priority(tcb, 31), RangeError, 0, 30);
    refused!(tcb.set_sched_params(Root::TCB, OWN + 1, 0), RangeError, 0, OWN);
    refused!(tcb.set_sched_params(Root::TCB, 0, OWN + 1), RangeError, 0, OWN);
    Ok(())
}

fn affinity(root: &mut Root) -> Outcome {
    let tcb = tcb(root)?;
    for hart in 0..root.info.nodes {
        tcb.set_affinity(hart)?;
    }
    refused!(tcb.set_affinity(root.info.nodes), IllegalOperation);
    refused!(tcb.set_affinity(usize::MAX), IllegalOperation);
    Ok(())
}

fn tls_base(root: &mut Root) -> Outcome {
    let tcb = tcb(root)?;
    tcb.set_tls_base(0xabc0)?;
    equal!(tcb.read_registers(false, 32)?.0[4], 0xabc0);
    Ok(())
}

fn flags(root: &mut Root) -> Outcome {
    let tcb = tcb(root)?;
    equal!(tcb.set_flags(0, usize::MAX)?, 0);
    equal!(tcb.set_flags(1, 0)?, 0);
    Ok(())
}

fn bind(root: &mut Root) -> Outcome {
    let (tcb, other) = (tcb(root)?, tcb(root)?);
    let (first, second) = (notification(root)?, notification(root)?);
    refused!(tcb.unbind(), IllegalOperation);
    tcb.bind(first)?;
    refused!(tcb.bind(second), IllegalOperation);
    refused!(other.bind(first), IllegalOperation);
    tcb.unbind()?;
    other.bind(first)?;
    Ok(())
}

fn bind_wants(root: &mut Root) -> Outcome {
    let tcb = tcb(root)?;
    refused!(tcb.bind(Notification(slot::TCB)), IllegalOperation);
    let notification = notification(root)?;
    let writer = root.mint(notification, sel4::Rights::WRITE, 0)?;
    refused!(tcb.bind(writer), IllegalOperation);
    Ok(())
}

fn truncated(root: &mut Root) -> Outcome {
    let tcb = tcb(root)?;
    for (label, caps, words) in [
        (Label::TcbReadRegisters, 0, 1),
        (Label::TcbWriteRegisters, 0, 1),
        (Label::TcbCopyRegisters, 0, 1),
        (Label::TcbConfigure, 2, 4),
        (Label::TcbConfigure, 3, 3),
        (Label::TcbSetPriority, 0, 1),
        (Label::TcbSetPriority, 1, 0),
        (Label::TcbSetMcPriority, 1, 0),
        (Label::TcbSetSchedParams, 1, 1),
        (Label::TcbSetIpcBuffer, 0, 1),
        (Label::TcbSetIpcBuffer, 1, 0),
        (Label::TcbSetSpace, 1, 3),
        (Label::TcbSetSpace, 2, 2),
        (Label::TcbBindNotification, 0, 0),
        (Label::TcbSetAffinity, 0, 0),
        (Label::TcbSetTlsBase, 0, 0),
        (Label::TcbSetFlags, 0, 1),
    ] {
        let result = invoke(tcb.0, label, &[slot::TCB; 3][..caps], &[0; 4][..words]);
        refused!(result, TruncatedMessage);
    }
    Ok(())
}

fn labels(root: &mut Root) -> Outcome {
    let tcb = tcb(root)?;
    for label in [0, Label::UntypedRetype as usize, Label::CNodeDelete as usize, 12345] {
        refused!(invoke_words(tcb.0, label, &[], &[0; 4]), IllegalOperation);
    }
    Ok(())
}

extern "C" fn delete_self(slot: usize, _: usize, _: usize) -> ! {
    let _ = Root::CNODE.slot(slot).delete();
    WORDS.set(3, 1);
    loop {
        sel4::yield_now();
    }
}

fn delete_itself(root: &mut Root) -> Outcome {
    WORDS.clear();
    let thread = root.new_thread(LOW, Endpoint::NONE)?;
    thread.start(delete_self, [thread.tcb.0, 0, 0])?;
    let_others_run(root)?;
    equal!(WORDS.get(3), 0);
    equal!(sel4::debug::identify(thread.tcb.0), 0);
    place(thread.tcb).delete()?;
    Ok(())
}
