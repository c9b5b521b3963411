//! A hostile process, and exhaustion: the kernel and other processes go on.

use crate::{
    check::{Outcome, Test},
    equal, expect,
    helper::{LOW, Words, let_others_run, place},
    refused,
};
use root::{PAGE, Process, Root};
use sel4::{
    CNode, CNodeData, Cap, Endpoint, Error, ObjectType, Page, Rights, Tcb, Untyped, abi::slot,
    debug::identify,
};

pub const TESTS: &[Test] = &[
    ("a process that calls at random harms nobody", at_random),
    ("untyped memory that is used up, and revoked, many times", used_up),
];

const ROUNDS: usize = 100;
/// Slots of a CNode of the hostile process, as a power of two.
const CNODE_BITS: usize = 6;
/// Memory that is its to play with.
const PLAYGROUND_BITS: usize = 20;
/// Where it has its IPC buffer, whose address is in this register.
const BUFFER: usize = 0x28_0000_0000;
const TP: usize = 4;
/// Slot of the endpoint for its faults, behind those that it draws. Nobody receives: it waits there.
const FAULTS: usize = 40;
/// Places of the endpoint and the page table among the toys.
const ENDPOINT: usize = 5;
const TABLE: usize = 8;
/// Of the first round.
const SEED: usize = 0x1234_5678;

static WORDS: Words = Words::new();

extern "C" fn witness(_: usize, _: usize, _: usize) -> ! {
    loop {
        WORDS.add(0);
        sel4::yield_now();
    }
}

/// Makes an object of the playground.
fn make<T: Cap>(root: &mut Root, ground: Untyped, kind: ObjectType, bits: usize) -> Outcome<T> {
    let slot = root.slot()?;
    ground.retype(kind, bits, Root::CNODE.own_slot(0, 0), slot.index, 1)?;
    Ok(T::at(slot.index))
}

/// What a round has to play with: all kinds of objects, itself among them.
struct Toys {
    tcb: Tcb,
    slots: [usize; 10],
}

fn toys(root: &mut Root, ground: Untyped, process: &Process) -> Outcome<Toys> {
    let tcb: Tcb = make(root, ground, ObjectType::Tcb, 0)?;
    let cnode: CNode = make(root, ground, ObjectType::CNode, CNODE_BITS)?;
    let buffer: Page = make(root, ground, ObjectType::Page, 0)?;
    let guard = CNodeData::new(0, usize::BITS as usize - CNODE_BITS);
    root.map(process.space, buffer, BUFFER, Rights::READ_WRITE, root::FLAT)?;
    tcb.configure(FAULTS, (cnode, guard), process.space.table, (BUFFER, buffer))?;
    tcb.set_priority(Root::TCB, LOW - 1)?;
    let own: [usize; 10] = [
        tcb.0,
        cnode.0,
        buffer.0,
        process.space.table.0,
        make::<Untyped>(root, ground, ObjectType::Untyped, 16)?.0,
        make::<Endpoint>(root, ground, ObjectType::Endpoint, 0)?.0,
        make::<sel4::Notification>(root, ground, ObjectType::Notification, 0)?.0,
        make::<Page>(root, ground, ObjectType::Page, 0)?.0,
        make::<sel4::PageTable>(root, ground, ObjectType::PageTable, 0)?.0,
        make::<Tcb>(root, ground, ObjectType::Tcb, 0)?.0,
    ];
    for (index, address) in own.into_iter().enumerate() {
        let (to, from) = (cnode.own_slot(1 + index, CNODE_BITS), Root::CNODE.slot(address));
        match index {
            TABLE => to.move_from(from)?, // one that is not mapped cannot be copied
            ENDPOINT => {
                to.copy_from(from, Rights::READ)?; // a call would wait for ever
                cnode.own_slot(FAULTS, CNODE_BITS).copy_from(from, Rights::ALL)?;
            }
            _ => to.copy_from(from, Rights::ALL)?,
        }
    }
    Ok(Toys { tcb, slots: own })
}

fn at_random(root: &mut Root) -> Outcome {
    WORDS.clear();
    let Some(file) = root::archive(root.info).find("rel4test-hostile") else {
        expect!(false);
        return Ok(());
    };
    let process = root.new_process(file, LOW - 1, 0)?;
    let (page, secret) = root.new_page()?;
    // SAFETY: the page was just mapped there.
    unsafe { core::ptr::with_exposed_provenance_mut::<usize>(secret).write_volatile(0x5ec2e7) };
    let ground: Untyped = root.object(ObjectType::Untyped, PLAYGROUND_BITS)?;
    let watching = root.new_thread(LOW - 1, Endpoint::NONE)?;
    watching.start(witness, [0; 3])?;
    for round in 0..ROUNDS {
        let toys = toys(root, ground, &process)?;
        let mut start = process.registers(SEED + 977 * round);
        start.0[TP] = BUFFER;
        toys.tcb.write_registers(true, &start)?;
        let before = WORDS.get(0);
        let_others_run(root)?;
        expect!(WORDS.get(0) > before);
        place(ground).revoke()?;
        for address in toys.slots {
            if address != process.space.table.0 {
                equal!(identify(address), 0);
                root.slots.free(address);
            }
        }
    }
    watching.tcb.suspend()?;
    // SAFETY: as before.
    let word = unsafe { core::ptr::with_exposed_provenance::<usize>(secret).read_volatile() };
    equal!(word, 0x5ec2e7);
    equal!(page.physical_address()? % PAGE, 0);
    expect!(identify(slot::CNODE) != 0);
    Ok(())
}

fn used_up(root: &mut Root) -> Outcome {
    const TIMES: usize = 200;
    const BYTES: usize = 1 << 12;
    let memory: Untyped = root.object(ObjectType::Untyped, 12)?;
    let first = root.slots.allocate_row(257).ok_or(root::Error::NoSlots)?;
    let node = Root::CNODE.own_slot(0, 0);
    for _ in 0..TIMES {
        memory.retype(ObjectType::Endpoint, 0, node, first, BYTES / 16)?;
        let more = memory.retype(ObjectType::Endpoint, 0, node, first + BYTES / 16, 1);
        refused!(more, NotEnoughMemory, 0);
        expect!(more.is_err_and(|failure| failure.error == Error::NotEnoughMemory));
        place(memory).revoke()?;
        equal!(identify(first) + identify(first + BYTES / 16 - 1), 0);
    }
    Ok(())
}
