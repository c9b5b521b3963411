//! The derivation tree: who was derived from whom.
//!
//! The tree is the list of its depth-first walk. Where a subtree ends follows from the capabilities:
//! a slot is a descendant of an earlier one if that one may have children, both are of the same
//! object, and the badges agree.

use crate::{
    Cap, Failure, Kernel, Kind, Slot,
    machine::{Machine, Memory},
    slot::Node,
};

/// Whether `second` is of the object of `first`, or of a part of it.
pub(crate) fn same_region(first: Cap, second: Cap) -> bool {
    match first.kind() {
        Kind::Untyped | Kind::Frame => contains(first, second),
        Kind::Endpoint
        | Kind::Notification
        | Kind::Thread
        | Kind::Reply
        | Kind::PageTable
        | Kind::AsidPool
        | Kind::TaskContext => second.is(first.kind()) && first.pointer() == second.pointer(),
        Kind::CNode => {
            second.is(Kind::CNode)
                && first.pointer() == second.pointer()
                && first.radix() == second.radix()
        }
        Kind::IrqControl => second.is(Kind::IrqControl) || second.is(Kind::IrqHandler),
        Kind::IrqHandler => second.is(Kind::IrqHandler) && first.irq() == second.irq(),
        Kind::Domain | Kind::AsidControl => second.is(first.kind()),
        Kind::Null | Kind::Zombie => false,
    }
}

fn contains(first: Cap, second: Cap) -> bool {
    if first.is(Kind::Frame) && !second.is(Kind::Frame) {
        return false;
    }
    let (Some(bits), Some(inner)) = (first.memory_bits(), second.memory_bits()) else {
        return false;
    };
    let (start, inner_start) = (first.memory_start(), second.memory_start());
    let (last, inner_last) = (start + ((1 << bits) - 1), inner_start + ((1 << inner) - 1));
    start <= inner_start && inner_last <= last && inner_start <= inner_last
}

/// Whether both are capabilities of one object.
pub(crate) fn same_object(first: Cap, second: Cap) -> bool {
    match first.kind() {
        Kind::Untyped => false,
        Kind::IrqControl => second.is(Kind::IrqControl),
        Kind::Frame => {
            second.is(Kind::Frame)
                && first.pointer() == second.pointer()
                && first.frame_size() == second.frame_size()
                && first.is_device() == second.is_device()
        }
        _ => same_region(first, second),
    }
}

/// Whether `derived`, made from `source`, can be revoked by itself.
fn is_revocable(derived: Cap, source: Cap) -> bool {
    match derived.kind() {
        Kind::Endpoint | Kind::Notification => derived.badge() != source.badge(),
        Kind::IrqHandler => source.is(Kind::IrqControl),
        Kind::Untyped => true,
        _ => false,
    }
}

impl<M: Machine> Kernel<M> {
    /// Whether `child`, which comes later in the list, descends from `parent`.
    pub(crate) fn is_parent(&self, parent: Slot, child: Slot) -> bool {
        is_parent(self, parent, child)
    }

    /// Fails if something was derived from the capability.
    pub(crate) fn ensure_no_children(&self, slot: Slot) -> Result<(), Failure> {
        match slot.next(self) {
            Some(next) if self.is_parent(slot, next) => Err(Failure::RevokeFirst),
            _ => Ok(()),
        }
    }

    pub(crate) fn ensure_empty(&self, slot: Slot) -> Result<(), Failure> {
        if slot.is_empty(self) { Ok(()) } else { Err(Failure::DeleteFirst) }
    }

    /// Whether no other capability of its object exists.
    pub(crate) fn is_final(&self, slot: Slot) -> bool {
        let cap = slot.cap(self);
        let node = slot.node(self);
        let before = node.previous.is_some_and(|other| same_object(other.cap(self), cap));
        !before && !node.next.is_some_and(|other| same_object(cap, other.cap(self)))
    }

    /// Puts `cap`, which was made from that of `source`, into the empty `slot`.
    pub(crate) fn insert(&mut self, cap: Cap, source: Slot, slot: Slot) {
        let origin = source.cap(self);
        let revocable = is_revocable(cap, origin);
        // Untyped memory that has a copy is only made into objects through the copy.
        if origin.is(Kind::Untyped) && cap.is(Kind::Untyped) && origin.words[0] == cap.words[0] {
            source.set_cap(self, origin.with_used(1 << origin.radix()));
        }
        self.place(cap, source, slot, revocable);
    }

    /// Puts a new object's capability into the empty `slot`, as a child of `parent`.
    pub(crate) fn insert_child(&mut self, cap: Cap, parent: Slot, slot: Slot) {
        self.place(cap, parent, slot, true);
    }

    fn place(&mut self, cap: Cap, before: Slot, slot: Slot, revocable: bool) {
        let next = before.next(self);
        slot.set_cap(self, cap);
        slot.set_node(
            self,
            Node {
                previous: Some(before),
                next,
                revocable,
                first_badged: revocable,
                sending: false,
            },
        );
        before.set_next(self, Some(slot));
        if let Some(next) = next {
            next.set_previous(self, Some(slot));
        }
    }

    /// Moves what is in `source` to the empty `slot`, as `cap`.
    pub(crate) fn move_cap(&mut self, cap: Cap, source: Slot, slot: Slot) {
        let node = source.node(self);
        slot.set_cap(self, cap);
        slot.set_node(self, node);
        source.set_cap(self, Cap::NULL);
        source.set_node(self, Node::ALONE);
        self.relink(slot);
        if node.sending {
            self.exchange_origins(source, slot);
        }
    }

    /// Exchanges two slots. `first_cap` goes to `second`, and `second_cap` to `first`.
    pub(crate) fn swap_caps(&mut self, first_cap: Cap, first: Slot, second_cap: Cap, second: Slot) {
        let (mut for_second, mut for_first) = (first.node(self), second.node(self));
        let exchange = |neighbour: &mut Option<Slot>| {
            if *neighbour == Some(first) {
                *neighbour = Some(second);
            } else if *neighbour == Some(second) {
                *neighbour = Some(first);
            }
        };
        for node in [&mut for_first, &mut for_second] {
            exchange(&mut node.previous);
            exchange(&mut node.next);
        }
        first.set_cap(self, second_cap);
        first.set_node(self, for_first);
        second.set_cap(self, first_cap);
        second.set_node(self, for_second);
        self.relink(first);
        self.relink(second);
        if for_first.sending || for_second.sending {
            self.exchange_origins(first, second);
        }
    }

    /// Makes the neighbours of a slot point to it.
    fn relink(&mut self, slot: Slot) {
        let node = slot.node(self);
        if let Some(previous) = node.previous {
            previous.set_next(self, Some(slot));
        }
        if let Some(next) = node.next {
            next.set_previous(self, Some(slot));
        }
    }

    /// Takes a slot out of the tree, and empties it.
    pub(crate) fn remove(&mut self, slot: Slot) {
        let node = slot.node(self);
        if let Some(previous) = node.previous {
            previous.set_next(self, node.next);
        }
        if let Some(next) = node.next {
            let mut after = next.node(self);
            after.previous = node.previous;
            after.first_badged |= node.first_badged;
            next.set_node(self, after);
        }
        slot.set_cap(self, Cap::NULL);
        slot.set_node(self, Node::ALONE);
        if node.sending {
            self.forget_origin(slot);
        }
    }
}

/// Whether `child`, which comes later in the list, descends from `parent`.
pub(crate) fn is_parent(memory: &impl Memory, parent: Slot, child: Slot) -> bool {
    if !parent.node(memory).revocable {
        return false;
    }
    let (first, second) = (parent.cap(memory), child.cap(memory));
    if !same_region(first, second) {
        return false;
    }
    match first.kind() {
        Kind::Endpoint | Kind::Notification => {
            first.badge() == 0
                || first.badge() == second.badge() && !child.node(memory).first_badged
        }
        _ => true,
    }
}
