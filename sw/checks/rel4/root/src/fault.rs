//! Faults of threads, and their handlers.

use crate::{
    check::{Outcome, Test},
    equal, expect,
    helper::{LOW, Words, endpoint, let_others_run, stop},
};
use core::{arch::asm, ptr};
use root::{PAGE, Root, Thread};
use sel4::{
    Endpoint, LookupFailure, Message, Reply, Rights,
    abi::fault::{unknown_syscall, user_exception},
    fault::{Fault, report},
};

pub const TESTS: &[Test] = &[
    ("a load where nothing is mapped", load),
    ("a store to a page that is for reading", store),
    ("a fetch where nothing is mapped", fetch),
    ("an illegal instruction, and going on behind it", illegal),
    ("a breakpoint", breakpoint),
    ("a system call that does not exist, and its registers", unknown_call),
    ("a send to an empty slot", cap_fault),
    ("receiving from an empty slot", cap_fault_receiving),
    ("a handler with a badge", badge),
    ("a reply with label 0 restarts, another one does not", reply_label),
    ("without a handler the thread stops", no_handler),
    ("a mapped page lets the thread go on", page_in),
];

static WORDS: Words = Words::new();

/// A thread whose faults arrive at the endpoint that is returned.
fn faulting(
    root: &mut Root,
    entry: extern "C" fn(usize, usize, usize) -> !,
    argument: usize,
) -> Outcome<(Thread, Endpoint)> {
    WORDS.clear();
    let (handler, end) = (endpoint(root)?, endpoint(root)?);
    let thread = root.new_thread(LOW, handler.0)?;
    thread.start(entry, [argument, end.0, 0])?;
    Ok((thread, handler))
}

extern "C" fn load_at(address: usize, end: usize, _: usize) -> ! {
    // SAFETY: what is not mapped faults; a page that is mapped there is for this.
    let word = unsafe { ptr::with_exposed_provenance::<usize>(address).read_volatile() };
    WORDS.set(0, word);
    stop(Endpoint(end))
}

extern "C" fn store_at(address: usize, end: usize, _: usize) -> ! {
    // SAFETY: as for `load_at`.
    unsafe { ptr::with_exposed_provenance_mut::<usize>(address).write_volatile(1) };
    WORDS.set(0, 1);
    stop(Endpoint(end))
}

extern "C" fn jump_to(address: usize, _: usize, _: usize) -> ! {
    // SAFETY: nothing is mapped there.
    unsafe { asm!("jr {0}", in(reg) address, options(noreturn)) }
}

fn load(root: &mut Root) -> Outcome {
    let address = root.reserve(PAGE);
    let (thread, handler) = faulting(root, load_at, address + 16)?;
    let Some(Fault::Memory { pc, address: at, fetch, cause }) =
        Fault::of(&handler.receive().message)
    else {
        expect!(false);
        return Ok(());
    };
    equal!(at, address + 16);
    equal!(cause, 5);
    expect!(!fetch);
    equal!(thread.tcb.read_registers(false, 1)?.pc(), pc);
    Ok(())
}

fn store(root: &mut Root) -> Outcome {
    let (page, address) = root.new_page()?;
    page.map(root.space.table, address, Rights::READ, root::FLAT)?;
    let (_, handler) = faulting(root, store_at, address)?;
    let fault = Fault::of(&handler.receive().message);
    expect!(matches!(fault, Some(Fault::Memory { address: at, cause: 7, .. }) if at == address));
    Ok(())
}

fn fetch(root: &mut Root) -> Outcome {
    let address = root.reserve(PAGE);
    let (_, handler) = faulting(root, jump_to, address)?;
    let fault = Fault::of(&handler.receive().message);
    let expected = Fault::Memory { pc: address, address, fetch: true, cause: 1 };
    expect!(fault == Some(expected));
    Ok(())
}

extern "C" fn illegal_then_go_on(_: usize, end: usize, _: usize) -> ! {
    // SAFETY: raises an exception, after which its handler lets the thread go on 4 bytes behind.
    unsafe { asm!(".word 0xffffffff") };
    WORDS.set(0, 5);
    stop(Endpoint(end))
}

fn illegal(root: &mut Root) -> Outcome {
    let (thread, handler) = faulting(root, illegal_then_go_on, 0)?;
    let received = handler.receive();
    let fault = report("of the test", &received);
    let Some(Fault::Exception { pc, cause: 2 }) = fault else {
        expect!(false);
        return Ok(());
    };
    equal!(received.message.info.length(), user_exception::LENGTH);
    let sp = received.message.word(user_exception::SP);
    equal!(thread.tcb.read_registers(false, 3)?.0[2], sp);
    Reply::to_caller(Message::new(0, &[pc + 4, sp]));
    let_others_run(root)?;
    equal!(WORDS.get(0), 5);
    Ok(())
}

extern "C" fn break_there(_: usize, end: usize, _: usize) -> ! {
    // SAFETY: as for an illegal instruction.
    unsafe { asm!(".word 0x00100073") };
    stop(Endpoint(end))
}

fn breakpoint(root: &mut Root) -> Outcome {
    let (_, handler) = faulting(root, break_there, 0)?;
    let fault = Fault::of(&handler.receive().message);
    expect!(matches!(fault, Some(Fault::Exception { cause: 3, .. })));
    Ok(())
}

extern "C" fn call_unknown(_: usize, end: usize, _: usize) -> ! {
    let result: usize;
    // SAFETY: the handler changes `a0` alone.
    unsafe { asm!("ecall", in("a7") 77, inlateout("a0") 10usize => result, in("a1") 11) };
    WORDS.set(0, result);
    stop(Endpoint(end))
}

fn unknown_call(root: &mut Root) -> Outcome {
    let (_, handler) = faulting(root, call_unknown, 0)?;
    let message = handler.receive().message;
    let fault = Fault::of(&message);
    let Some(Fault::UnknownCall { pc, number: 77 }) = fault else {
        expect!(false);
        return Ok(());
    };
    equal!(message.info.length(), unknown_syscall::LENGTH);
    equal!(message.word(unknown_syscall::A0), 10);
    equal!(message.word(unknown_syscall::A0 + 1), 11);
    let mut words: [usize; unknown_syscall::REPLY_LENGTH] =
        core::array::from_fn(|index| message.word(index));
    words[unknown_syscall::FAULT_IP] = pc + 4;
    words[unknown_syscall::A0] = 123;
    Reply::to_caller(Message::new(0, &words));
    let_others_run(root)?;
    equal!(WORDS.get(0), 123);
    Ok(())
}

extern "C" fn send_nowhere(slot: usize, end: usize, _: usize) -> ! {
    Endpoint(slot).try_send(Message::default());
    WORDS.set(0, 1);
    Endpoint(slot).send(Message::default());
    stop(Endpoint(end))
}

fn cap_fault(root: &mut Root) -> Outcome {
    let slot = root.slot()?.index;
    // An address that no slot has: the guard does not fit.
    let address = slot | 1 << 40;
    let (_, handler) = faulting(root, send_nowhere, address)?;
    let fault = Fault::of(&handler.receive().message);
    equal!(WORDS.get(0), 1);
    let Some(Fault::Capability { address: at, receiving: false, failure, .. }) = fault else {
        expect!(false);
        return Ok(());
    };
    equal!(at, address);
    expect!(matches!(failure, Some(LookupFailure::GuardMismatch { bits_left: 64, guard: 0, .. })));
    Ok(())
}

extern "C" fn receive_nowhere(slot: usize, _: usize, _: usize) -> ! {
    Endpoint(slot).receive();
    stop(Endpoint(slot))
}

fn cap_fault_receiving(root: &mut Root) -> Outcome {
    let slot = root.slot()?.index;
    let (_, handler) = faulting(root, receive_nowhere, slot)?;
    let fault = Fault::of(&handler.receive().message);
    expect!(matches!(fault, Some(Fault::Capability { address, receiving: true, .. })
        if address == slot));
    Ok(())
}

fn badge(root: &mut Root) -> Outcome {
    let handler = endpoint(root)?;
    let badged = root.mint(handler, Rights::ALL, 0x77)?;
    let thread = root.new_thread(LOW, badged.0)?;
    let address = root.reserve(PAGE);
    thread.start(load_at, [address, 0, 0])?;
    equal!(handler.receive().badge, 0x77);
    Ok(())
}

fn reply_label(root: &mut Root) -> Outcome {
    let (thread, handler) = faulting(root, break_there, 0)?;
    handler.receive();
    Reply::to_caller(Message::new(1, &[]));
    let_others_run(root)?;
    equal!(handler.try_receive().message.info.0, 0);
    thread.tcb.resume()?;
    let is_breakpoint = |fault| matches!(fault, Some(Fault::Exception { cause: 3, .. }));
    expect!(is_breakpoint(Fault::of(&handler.receive().message)));
    Reply::to_caller(Message::new(0, &[]));
    expect!(is_breakpoint(Fault::of(&handler.receive().message)));
    Ok(())
}

fn no_handler(root: &mut Root) -> Outcome {
    WORDS.clear();
    let thread = root.new_thread(LOW, Endpoint::NONE)?;
    let (page, address) = root.new_page()?;
    page.unmap()?;
    thread.start(store_at, [address, 0, 0])?;
    let_others_run(root)?;
    equal!(WORDS.get(0), 0);
    thread.tcb.suspend()?;
    Ok(())
}

fn page_in(root: &mut Root) -> Outcome {
    let (page, address) = root.new_page()?;
    // SAFETY: the page was just mapped there.
    unsafe { ptr::with_exposed_provenance_mut::<usize>(address).write_volatile(4711) };
    page.unmap()?;
    let (_, handler) = faulting(root, load_at, address)?;
    handler.receive();
    page.map(root.space.table, address, Rights::READ, root::FLAT)?;
    Reply::to_caller(Message::default());
    let_others_run(root)?;
    equal!(WORDS.get(0), 4711);
    Ok(())
}
