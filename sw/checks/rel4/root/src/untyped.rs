//! Untyped memory: what is made of it, and what is refused.

use crate::{
    check::{Outcome, Test},
    equal, expect,
    helper::{notification, place, retype_next},
    refused,
};
use root::Root;
use sel4::{
    CNode, Label, ObjectType, Untyped,
    abi::{object, slot},
    debug::identify,
    invoke_words,
};

pub const TESTS: &[Test] = &[
    ("each type of object is made", types),
    ("several objects are made at once", several),
    ("objects go into another CNode", other_node),
    ("a type that does not exist is refused", bad_type),
    ("sizes that cannot be are refused", bad_size),
    ("a target that is no CNode is refused", bad_node),
    ("slots outside the CNode are refused", bad_offset),
    ("no and too many objects are refused", bad_count),
    ("full slots are refused", full_slots),
    ("memory that is too small is refused", no_memory),
    ("revoking gives the memory back, and it is zero", reuse),
    ("with children, a copy of untyped memory is refused", copy_with_children),
    ("a device's memory becomes no kernel object", device),
    ("a message that is too short is refused", truncated),
    ("other labels are refused", label),
    ("making and revoking many times loses nothing", many_times),
];

fn untyped(root: &mut Root, bits: usize) -> Outcome<Untyped> {
    Ok(root.object(ObjectType::Untyped, bits)?)
}

fn types(root: &mut Root) -> Outcome {
    for (kind, bits) in [
        (ObjectType::Untyped, 4),
        (ObjectType::Tcb, 0),
        (ObjectType::Endpoint, 0),
        (ObjectType::Notification, 0),
        (ObjectType::CNode, 1),
        (ObjectType::Page, 0),
        (ObjectType::MegaPage, 0),
        (ObjectType::PageTable, 0),
    ] {
        let made: CNode = root.object(kind, bits)?;
        expect!(identify(made.0) != 0);
        root.delete(made)?;
    }
    Ok(())
}

fn several(root: &mut Root) -> Outcome {
    let memory = untyped(root, 10)?;
    let first = root.slots.allocate_row(16).ok_or(root::Error::NoSlots)?;
    memory.retype(ObjectType::Endpoint, 0, Root::CNODE.own_slot(0, 0), first, 16)?;
    let kind = identify(first);
    expect!(kind != 0);
    for slot in first..first + 16 {
        equal!(identify(slot), kind);
    }
    Ok(())
}

fn other_node(root: &mut Root) -> Outcome {
    let node: CNode = root.object(ObjectType::CNode, 4)?;
    let memory = untyped(root, 10)?;
    // The CNode, named by its slot in the root task's.
    memory.retype(ObjectType::Endpoint, 0, Root::CNODE.slot(node.0), 3, 1)?;
    let slot = root.slot()?;
    slot.move_from(node.own_slot(3, 4))?;
    expect!(identify(slot.index) != 0);
    // The same, with the CNode as the root.
    memory.retype(ObjectType::Endpoint, 0, node.own_slot(0, 0), 15, 1)?;
    node.own_slot(15, 4).delete()?;
    Ok(())
}

fn bad_type(root: &mut Root) -> Outcome {
    let memory = untyped(root, 10)?;
    let slot = root.slot()?;
    for kind in [object::TYPES.len(), usize::MAX] {
        let words = [kind, 4, 0, 0, slot.index, 1];
        let result =
            invoke_words(memory.0, Label::UntypedRetype as usize, &[Root::CNODE.0], &words);
        refused!(result, InvalidArgument, 0);
    }
    Ok(())
}

fn bad_size(root: &mut Root) -> Outcome {
    let memory = untyped(root, 12)?;
    let slot = root.slot()?.index;
    let node = Root::CNODE.own_slot(0, 0);
    refused!(memory.retype(ObjectType::Untyped, 3, node, slot, 1), InvalidArgument, 1);
    refused!(memory.retype(ObjectType::CNode, 0, node, slot, 1), InvalidArgument, 1);
    let most = object::MAX_UNTYPED_BITS;
    for bits in [most + 1, 64, usize::MAX] {
        refused!(memory.retype(ObjectType::Untyped, bits, node, slot, 1), RangeError, 0, most);
    }
    Ok(())
}

fn bad_node(root: &mut Root) -> Outcome {
    let memory = untyped(root, 10)?;
    let node = Root::CNODE.slot(slot::TCB);
    refused!(memory.retype(ObjectType::Endpoint, 0, node, 0, 1), FailedLookup, 0);
    Ok(())
}

fn bad_offset(root: &mut Root) -> Outcome {
    let memory = untyped(root, 10)?;
    let size = 1 << root.info.cnode_bits;
    let node = Root::CNODE.own_slot(0, 0);
    for offset in [size, usize::MAX] {
        let result = memory.retype(ObjectType::Endpoint, 0, node, offset, 1);
        refused!(result, RangeError, 0, size - 1);
    }
    Ok(())
}

fn bad_count(root: &mut Root) -> Outcome {
    let memory = untyped(root, 14)?;
    let size = 1 << root.info.cnode_bits;
    let slot = root.slot()?.index;
    let node = Root::CNODE.own_slot(0, 0);
    for count in [0, 257, usize::MAX] {
        let result = memory.retype(ObjectType::Endpoint, 0, node, slot, count);
        refused!(result, RangeError, 1, 256);
    }
    refused!(memory.retype(ObjectType::Endpoint, 0, node, size - 1, 2), RangeError, 1, 1);
    Ok(())
}

fn full_slots(root: &mut Root) -> Outcome {
    let memory = untyped(root, 10)?;
    let full = notification(root)?;
    let node = Root::CNODE.own_slot(0, 0);
    refused!(memory.retype(ObjectType::Endpoint, 0, node, full.0, 1), DeleteFirst);
    Ok(())
}

fn no_memory(root: &mut Root) -> Outcome {
    let memory = untyped(root, 10)?;
    let slot = root.slot()?.index;
    let node = Root::CNODE.own_slot(0, 0);
    refused!(memory.retype(ObjectType::Page, 0, node, slot, 1), NotEnoughMemory, 1 << 10);
    memory.retype(ObjectType::Endpoint, 0, node, slot, 1)?;
    let next = root.slot()?.index;
    refused!(memory.retype(ObjectType::Tcb, 0, node, next, 1), NotEnoughMemory, (1 << 10) - 16);
    Ok(())
}

fn reuse(root: &mut Root) -> Outcome {
    let memory = untyped(root, 12)?;
    let page = sel4::Page(retype_next(root, memory, ObjectType::Page, 0)?.index);
    let address = root.map_here(page, root::PAGE)?;
    let word = core::ptr::with_exposed_provenance_mut::<usize>(address);
    // SAFETY: the page was just mapped there.
    unsafe { word.write_volatile(77) };
    place(memory).revoke()?;
    equal!(identify(page.0), 0);
    let again = sel4::Page(retype_next(root, memory, ObjectType::Page, 0)?.index);
    let address = root.map_here(again, root::PAGE)?;
    // SAFETY: as before.
    equal!(unsafe { core::ptr::with_exposed_provenance::<usize>(address).read_volatile() }, 0);
    Ok(())
}

fn copy_with_children(root: &mut Root) -> Outcome {
    let memory = untyped(root, 10)?;
    let child = retype_next(root, memory, ObjectType::Endpoint, 0)?;
    let slot = root.slot()?;
    refused!(slot.copy_from(place(memory), sel4::Rights::ALL), RevokeFirst);
    child.delete()?;
    slot.copy_from(place(memory), sel4::Rights::ALL)?;
    Ok(())
}

fn device(root: &mut Root) -> Outcome {
    let (untyped, _) = root.device(soc::UART0_BASE).ok_or(root::Error::NoMemory)?;
    let slot = root.slot()?.index;
    let node = Root::CNODE.own_slot(0, 0);
    refused!(untyped.retype(ObjectType::Endpoint, 0, node, slot, 1), InvalidArgument, 1);
    Ok(())
}

fn truncated(root: &mut Root) -> Outcome {
    let memory = untyped(root, 10)?;
    let label = Label::UntypedRetype as usize;
    let words = [ObjectType::Endpoint as usize, 0, 0, 0, 1];
    refused!(invoke_words(memory.0, label, &[Root::CNODE.0], &words), TruncatedMessage);
    refused!(invoke_words(memory.0, label, &[], &[2, 0, 0, 0, 1, 1]), TruncatedMessage);
    Ok(())
}

fn label(root: &mut Root) -> Outcome {
    let memory = untyped(root, 10)?;
    let label = Label::CNodeDelete as usize;
    refused!(invoke_words(memory.0, label, &[], &[0; 6]), IllegalOperation);
    Ok(())
}

fn many_times(root: &mut Root) -> Outcome {
    const TIMES: usize = 1000;
    let memory = untyped(root, 12)?;
    let slot = root.slot()?;
    let node = Root::CNODE.own_slot(0, 0);
    for _ in 0..TIMES {
        memory.retype(ObjectType::Untyped, 12, node, slot.index, 1)?;
        slot.delete()?;
    }
    Ok(())
}
