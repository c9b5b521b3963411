//! CNodes: copying, moving, deleting and revoking capabilities, and addresses in CSpaces.

use crate::{
    check::{Outcome, Test},
    equal, expect,
    helper::{endpoint, notification, place},
    refused,
};
use root::Root;
use sel4::{
    CNode, CNodeData, Label, LookupFailure, Notification, ObjectType, Page, Place, Rights, Tcb,
    abi::slot, debug::identify, invoke, invoke_words,
};

pub const TESTS: &[Test] = &[
    ("copy gives the same object", copy),
    ("mint gives a badge", mint),
    ("mint takes rights away", mint_rights),
    ("mint does not badge a second time", mint_twice),
    ("move empties its source", move_),
    ("mutate moves a CNode and gives it a guard", mutate),
    ("mutate does not badge an endpoint", mutate_badge),
    ("rotate moves two", rotate),
    ("rotate swaps", swap),
    ("rotate refuses the pivot as source or target", rotate_pivot),
    ("delete empties a slot, and an empty one stays so", delete),
    ("revoke deletes copies and minted ones, not the original", revoke),
    ("revoke deletes the copies of copies", revoke_deep),
    ("a full slot is refused", full),
    ("an empty source is refused", empty_source),
    ("depths of 0 and 65 are refused", depth),
    ("a CSpace whose root is no CNode is refused", no_root),
    ("a guard that is not in the address is refused", guard),
    ("an address that ends within a CNode is refused", short_address),
    ("IRQControl is not copied", not_copied),
    ("save_caller refuses a full slot", save_caller_full),
    ("cancel_badged_sends wants an endpoint with a badge and all rights", cancel_wants),
    ("labels that are none of a CNode's are refused", labels),
    ("messages that are too short are refused", truncated),
    ("an invocation of an empty slot is refused", null),
];

fn copy(root: &mut Root) -> Outcome {
    let original = notification(root)?;
    let copy = root.copy(original)?;
    copy.signal();
    equal!(original.poll(), 0);
    original.signal();
    equal!(identify(copy.0), identify(original.0));
    Ok(())
}

fn mint(root: &mut Root) -> Outcome {
    let original = notification(root)?;
    let minted = root.mint(original, Rights::ALL, 0x1234)?;
    minted.signal();
    equal!(original.poll(), 0x1234);
    Ok(())
}

fn mint_rights(root: &mut Root) -> Outcome {
    let original = notification(root)?;
    let reader = root.mint(original, Rights::READ, 1)?;
    refused!(invoke(reader.0, Label::Invalid, &[], &[]), InvalidCapability, 0);
    equal!(original.poll(), 0);
    Ok(())
}

fn mint_twice(root: &mut Root) -> Outcome {
    let original = endpoint(root)?;
    let minted = root.mint(original, Rights::ALL, 5)?;
    let slot = root.slot()?;
    refused!(slot.mint_from(place(minted), Rights::ALL, 6), IllegalOperation);
    equal!(identify(slot.index), 0);
    Ok(())
}

fn move_(root: &mut Root) -> Outcome {
    let original = notification(root)?;
    let slot = root.slot()?;
    slot.move_from(place(original))?;
    equal!(identify(original.0), 0);
    Notification(slot.index).signal();
    Ok(())
}

fn mutate(root: &mut Root) -> Outcome {
    let node: CNode = root.object(ObjectType::CNode, 4)?;
    let slot = root.slot()?;
    slot.mutate_from(place(node), CNodeData::new(0xab, 8).0)?;
    equal!(identify(node.0), 0);
    let source = place(notification(root)?);
    CNode(slot.index).own_slot(0xab3, 12).copy_from(source, Rights::ALL)?;
    Ok(())
}

fn mutate_badge(root: &mut Root) -> Outcome {
    let (endpoint, slot) = (endpoint(root)?, root.slot()?);
    refused!(slot.mutate_from(place(endpoint), 8), IllegalOperation);
    expect!(identify(endpoint.0) != 0);
    Ok(())
}

/// Capabilities of two kinds that can be rotated: those with badges cannot.
fn two_kinds(root: &mut Root) -> Outcome<(Tcb, Page)> {
    Ok((root.object(ObjectType::Tcb, 0)?, root.object(ObjectType::Page, 0)?))
}

fn rotate(root: &mut Root) -> Outcome {
    let (first, second) = two_kinds(root)?;
    let (of_first, of_second) = (identify(first.0), identify(second.0));
    let target = root.slot()?;
    target.rotate(0, place(second), 0, place(first))?;
    equal!(identify(target.index), of_second);
    equal!(identify(second.0), of_first);
    equal!(identify(first.0), 0);
    Ok(())
}

fn swap(root: &mut Root) -> Outcome {
    let (first, second) = two_kinds(root)?;
    let (of_first, of_second) = (identify(first.0), identify(second.0));
    place(first).rotate(0, place(second), 0, place(first))?;
    equal!(identify(first.0), of_second);
    equal!(identify(second.0), of_first);
    Ok(())
}

fn rotate_pivot(root: &mut Root) -> Outcome {
    let (first, second) = two_kinds(root)?;
    let (first, second) = (place(first), place(second));
    let target = root.slot()?;
    refused!(target.rotate(0, first, 0, first), IllegalOperation);
    refused!(first.rotate(0, first, 0, second), IllegalOperation);
    refused!(first.rotate(0, target, 0, second), DeleteFirst);
    Ok(())
}

fn delete(root: &mut Root) -> Outcome {
    let cap = notification(root)?;
    place(cap).delete()?;
    equal!(identify(cap.0), 0);
    place(cap).delete()?;
    Ok(())
}

fn revoke(root: &mut Root) -> Outcome {
    let original = endpoint(root)?;
    let (copy, minted) = (root.copy(original)?, root.mint(original, Rights::ALL, 7)?);
    place(original).revoke()?;
    equal!(identify(copy.0), 0);
    equal!(identify(minted.0), 0);
    expect!(identify(original.0) != 0);
    Ok(())
}

fn revoke_deep(root: &mut Root) -> Outcome {
    let original = endpoint(root)?;
    let minted = root.mint(original, Rights::ALL, 7)?;
    let deep = root.copy(minted)?;
    place(minted).revoke()?;
    equal!(identify(deep.0), 0);
    expect!(identify(minted.0) != 0);
    let deep = root.copy(minted)?;
    place(original).revoke()?;
    equal!(identify(deep.0) + identify(minted.0), 0);
    Ok(())
}

fn full(root: &mut Root) -> Outcome {
    let (source, target) = (place(notification(root)?), place(notification(root)?));
    refused!(target.copy_from(source, Rights::ALL), DeleteFirst);
    refused!(target.mint_from(source, Rights::ALL, 1), DeleteFirst);
    refused!(target.move_from(source), DeleteFirst);
    refused!(target.mutate_from(source, 1), DeleteFirst);
    Ok(())
}

fn empty_source(root: &mut Root) -> Outcome {
    let (source, target) = (root.slot()?, root.slot()?);
    let missing = Some((true, LookupFailure::MissingCapability { bits_left: 64 }));
    for result in [
        target.copy_from(source, Rights::ALL),
        target.mint_from(source, Rights::ALL, 1),
        target.move_from(source),
        target.mutate_from(source, 1),
    ] {
        refused!(result, FailedLookup);
        expect!(result.is_err_and(|failure| failure.lookup() == missing));
    }
    Ok(())
}

fn depth(root: &mut Root) -> Outcome {
    let slot = root.slot()?;
    for depth in [0, 65, usize::MAX] {
        let wrong = Place { depth, ..slot };
        refused!(wrong.delete(), RangeError, 1, 64);
        refused!(wrong.revoke(), RangeError, 1, 64);
        refused!(wrong.save_caller(), RangeError, 1, 64);
        refused!(wrong.copy_from(slot, Rights::ALL), RangeError, 1, 64);
    }
    let source = Place { depth: 0, ..slot };
    refused!(slot.copy_from(source, Rights::ALL), RangeError, 1, 64);
    Ok(())
}

fn no_root(root: &mut Root) -> Outcome {
    let target = root.slot()?;
    let source = Place { root: CNode(slot::TCB), index: 1, depth: 64 };
    let result = target.copy_from(source, Rights::ALL);
    refused!(result, FailedLookup, 1, 1);
    expect!(result.is_err_and(|f| f.lookup() == Some((true, LookupFailure::InvalidRoot))));
    Ok(())
}

/// A CNode of 16 slots with a guard of 8 bits.
fn guarded(root: &mut Root) -> Outcome<CNode> {
    let node: CNode = root.object(ObjectType::CNode, 4)?;
    let slot = root.slot()?;
    slot.mint_from(place(node), Rights::ALL, CNodeData::new(0xab, 8).0)?;
    Ok(CNode(slot.index))
}

fn guard(root: &mut Root) -> Outcome {
    let node = guarded(root)?;
    let source = place(notification(root)?);
    node.own_slot(0xab3, 12).copy_from(source, Rights::ALL)?;
    let wrong = node.own_slot(0xac3, 12).copy_from(source, Rights::ALL);
    let expected = LookupFailure::GuardMismatch { bits_left: 12, guard: 0xab, bits_found: 8 };
    refused!(wrong, FailedLookup, 0);
    expect!(wrong.is_err_and(|failure| failure.lookup() == Some((false, expected))));
    Ok(())
}

fn short_address(root: &mut Root) -> Outcome {
    let node = guarded(root)?;
    let source = place(notification(root)?);
    // 10 bits: the guard of 8, and 2 of the 4 bits of the slot.
    let wrong = node.own_slot(0xab3 >> 2, 10).copy_from(source, Rights::ALL);
    let expected = LookupFailure::DepthMismatch { bits_left: 10, bits_found: 12 };
    refused!(wrong, FailedLookup, 0);
    expect!(wrong.is_err_and(|failure| failure.lookup() == Some((false, expected))));
    Ok(())
}

fn not_copied(root: &mut Root) -> Outcome {
    let slot = root.slot()?;
    let source = Root::CNODE.slot(slot::IRQ_CONTROL);
    refused!(slot.copy_from(source, Rights::ALL), IllegalOperation);
    refused!(slot.mint_from(source, Rights::ALL, 0), IllegalOperation);
    Ok(())
}

fn save_caller_full(root: &mut Root) -> Outcome {
    let slot = place(notification(root)?);
    refused!(slot.save_caller(), DeleteFirst);
    Ok(())
}

fn cancel_wants(root: &mut Root) -> Outcome {
    let endpoint = endpoint(root)?;
    let reader = root.mint(endpoint, Rights::READ, 3)?;
    refused!(place(reader).cancel_badged_sends(), IllegalOperation);
    let notification = notification(root)?;
    refused!(place(notification).cancel_badged_sends(), IllegalOperation);
    let badged = root.mint(endpoint, Rights::ALL, 3)?;
    place(badged).cancel_badged_sends()?;
    Ok(())
}

fn labels(root: &mut Root) -> Outcome {
    let slot = root.slot()?;
    for label in [0, Label::CNodeRevoke as usize - 1, Label::CNodeSaveCaller as usize + 1, 999] {
        let result = invoke_words(Root::CNODE.0, label, &[], &[slot.index, 64]);
        refused!(result, IllegalOperation);
    }
    Ok(())
}

fn truncated(root: &mut Root) -> Outcome {
    let slot = root.slot()?;
    let own = Root::CNODE;
    refused!(invoke(own.0, Label::CNodeDelete, &[], &[slot.index]), TruncatedMessage);
    let words = [slot.index, 64, 1];
    refused!(invoke(own.0, Label::CNodeCopy, &[own.0], &words), TruncatedMessage);
    let words = [slot.index, 64, 1, 64, 15];
    refused!(invoke(own.0, Label::CNodeCopy, &[], &words), TruncatedMessage);
    Ok(())
}

fn null(root: &mut Root) -> Outcome {
    let slot = root.slot()?;
    refused!(invoke(slot.index, Label::CNodeDelete, &[], &[1, 64]), InvalidCapability, 0);
    Ok(())
}
