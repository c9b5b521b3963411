//! The derivation tree: all slots and capabilities, and which objects there are.
//!
//! Memory is cut from untyped objects upwards, and a new object stands first behind its parent. So
//! in the list of the tree, what follows a capability and does not descend from it lies below it, or
//! is of the same object. Each slot is compared with the next one; that no two objects overlap
//! follows.

use super::{Checked, marks::Found, require};
use crate::{
    Cap, Kernel, Kind, Slot, Tcb,
    kernel::{IRQS, IrqState},
    machine::{Machine, Memory},
    object::{State, TaskContext},
    tree::same_object,
};
use abi::boot_info::ROOT_CNODE_BITS;

/// No list of the tree is longer.
const MOST: usize = 1 << 20;

/// How many things the capabilities name.
#[derive(Default)]
pub(super) struct Census {
    pub irq_handlers: usize,
    /// Pools that the kernel uses.
    pub pools: usize,
    /// Root tables of address spaces.
    pub roots: usize,
    /// Page tables that another one links to.
    pub linked: usize,
}

/// Begin and end of the memory of a capability's object.
fn memory(cap: Cap) -> Option<(usize, usize)> {
    cap.memory_bits().map(|bits| (cap.memory_start(), cap.memory_start() + (1 << bits)))
}

impl<M: Machine> Kernel<M> {
    /// Checks all slots, and notes all objects.
    pub(super) fn take_census(&self) -> Checked<Census> {
        let mut census = Census::default();
        self.marks.clear();
        self.marks.push_table(self.irq_slots, IRQS)?;
        self.find_slots(self.marks.root_cnode.get(), 1 << ROOT_CNODE_BITS)?;
        while let Some((address, count)) = self.marks.pop_table() {
            for slot in (0..count).map(|number| Slot(address + 32 * number)) {
                if self.load(slot.0) == 0 {
                    self.check_slot(slot)?;
                } else if slot.previous(self).is_none() {
                    self.walk(slot, &mut census)?;
                }
            }
        }
        Ok(census)
    }

    /// Slots in which there may be lists that nobody has seen yet.
    fn find_slots(&self, address: usize, count: usize) -> Checked {
        if self.marks.add(address, Found::Slots)? {
            self.marks.push_table(address, count)?;
        }
        Ok(())
    }

    /// Checks a list of the tree from its first slot on.
    fn walk(&self, first: Slot, census: &mut Census) -> Checked {
        let mut here = Some(first);
        for _ in 0..MOST {
            let Some(slot) = here else { return Ok(()) };
            self.check_slot(slot)?;
            self.note(slot, census)?;
            here = slot.next(self);
            if let Some(next) = here {
                self.check_order(slot, next)?;
            }
        }
        require(false, "the end of a list of the tree", first.0)
    }

    /// Checks where the object of the next slot lies.
    fn check_order(&self, slot: Slot, next: Slot) -> Checked {
        let (cap, other) = (slot.cap(self), next.cap(self));
        let (Some((start, _)), Some((_, end))) = (memory(cap), memory(other)) else {
            return Ok(());
        };
        if self.is_parent(slot, next) {
            let inside = !cap.is(Kind::Untyped) || end <= start + cap.used();
            return require(inside, "an object in the used part of its memory", next.0);
        }
        let apart = end <= start || same_object(cap, other);
        require(apart, "two objects in one place", next.0)
    }

    /// Checks a capability, and notes its object.
    fn note(&self, slot: Slot, census: &mut Census) -> Checked {
        let cap = slot.cap(self);
        let at = cap.pointer();
        let first = !slot.previous(self).is_some_and(|other| same_object(other.cap(self), cap));
        match cap.kind() {
            Kind::Null => require(false, "a capability of no kind", slot.0)?,
            Kind::Untyped => {
                require(cap.used() <= 1 << cap.radix(), "the used part of memory", slot.0)?;
            }
            Kind::Endpoint => drop(self.marks.add(at, Found::Endpoint)?),
            Kind::Notification => drop(self.marks.add(at, Found::Notification)?),
            Kind::Frame => drop(self.marks.add(at, Found::Frame)?),
            Kind::CNode => self.find_slots(at, 1 << cap.radix())?,
            Kind::Zombie => {
                require(self.is_final(slot), "the last capability of an object", slot.0)?;
                let all = if cap.was_thread() { Tcb::SLOT_COUNT } else { 1 << cap.radix() };
                self.find_slots(at, all)?;
            }
            Kind::Thread => {
                if self.marks.add(at, Found::Thread)? {
                    self.check_slots_of(Tcb(at))?;
                    self.find_slots(Tcb(at).cspace().0, Tcb::SLOT_COUNT)?;
                }
            }
            Kind::TaskContext => {
                let context = TaskContext(at);
                let number = context.number(self).checked_sub(1);
                let own = number.map_or(context.queues(self) == 0, |number| {
                    self.tasks.object(number) == Some(context)
                });
                require(own, "a context and its number in the device", at)?;
            }
            Kind::Reply => self.check_reply(slot, cap)?,
            Kind::IrqHandler => {
                let known = self.irqs.get(cap.irq()) == Some(&IrqState::Handled);
                require(known, "an interrupt with a handler", slot.0)?;
                census.irq_handlers += usize::from(first);
            }
            Kind::AsidPool => {
                self.marks.add(at, Found::AsidPool)?;
                let used = self.pool_of(cap.asid_base()) == Some(at);
                census.pools += usize::from(first && used);
            }
            Kind::PageTable => {
                self.marks.add(at, Found::PageTable)?;
                if first {
                    self.count_table(cap, census)?;
                }
            }
            Kind::AsidControl | Kind::IrqControl | Kind::Domain => {}
        }
        Ok(())
    }

    /// What a thread's own slots may hold.
    fn check_slots_of(&self, thread: Tcb) -> Checked {
        let kind = |slot: Slot| slot.cap(self).kind();
        let cspace = matches!(kind(thread.cspace()), Kind::Null | Kind::CNode | Kind::Zombie);
        require(cspace, "the CSpace of a thread", thread.0)?;
        let vspace = matches!(kind(thread.vspace()), Kind::Null | Kind::PageTable);
        require(vspace, "the address space of a thread", thread.0)?;
        let buffer = matches!(kind(thread.buffer()), Kind::Null | Kind::Frame);
        require(buffer, "the IPC buffer of a thread", thread.0)?;
        let (master, caller) = (thread.reply().cap(self), thread.caller().cap(self));
        let own = master == Cap::NULL || master == Cap::reply(thread.0, true, true);
        require(own, "the reply master of a thread", thread.0)?;
        let caller = caller.is_null() || caller.is(Kind::Reply) && !caller.is_master();
        require(caller, "the caller of a thread", thread.0)
    }

    /// A reply capability is derived from its thread's master, and the thread waits for the reply.
    fn check_reply(&self, slot: Slot, cap: Cap) -> Checked {
        let thread = Tcb(cap.pointer());
        if cap.is_master() {
            return require(slot == thread.reply(), "the slot of a reply master", slot.0);
        }
        let derived = slot.previous(self) == Some(thread.reply());
        require(derived, "the master of a reply capability", slot.0)?;
        require(slot.next(self).is_none(), "the only reply capability of a thread", slot.0)?;
        require(thread.state(self) == State::BlockedOnReply, "a thread that called", slot.0)
    }

    /// Checks that each interrupt with a handler has a capability, and the slots of the others.
    pub(super) fn check_irqs(&self, census: &Census) -> Checked {
        let handled = |irq: &usize| self.irqs[*irq] == IrqState::Handled;
        let count = (0..IRQS).filter(handled).count();
        require(count == census.irq_handlers, "handlers of interrupts", count)?;
        for irq in 0..IRQS {
            let slot = Slot(self.irq_slots + 32 * irq);
            let cap = slot.cap(self);
            let right = cap.is_null() || cap.is(Kind::Notification) && handled(&irq);
            require(right, "the notification of an interrupt", irq)?;
        }
        Ok(())
    }

    /// Checks a slot and its neighbours in the derivation tree.
    pub fn check_slot(&self, slot: Slot) -> Checked {
        let node = slot.node(self);
        if slot.is_empty(self) {
            let alone = node.previous.is_none() && node.next.is_none();
            return require(alone, "an empty slot is in no tree", slot.0);
        }
        if let Some(next) = node.next {
            require(next.previous(self) == Some(slot), "links of the tree", slot.0)?;
            require(!next.is_empty(self), "an empty slot in the tree", next.0)?;
        }
        if let Some(previous) = node.previous {
            require(previous.next(self) == Some(slot), "links of the tree", slot.0)?;
        }
        Ok(())
    }
}
