//! Deleting capabilities, and what goes with the last one of an object.
//!
//! The last capability of a CNode or a thread becomes a zombie while its slots are emptied one by
//! one, from the last, with a look for interrupts after each. A zombie that lies in a slot of its
//! own object is moved out of it first.

use crate::{
    Cap, Failure, Kernel, Kind, Slot,
    machine::Machine,
    object::{Notification, TaskContext, Tcb},
};

/// What is to be done once a slot is empty.
#[derive(Clone, Copy)]
enum Afterwards {
    Nothing,
    FreeIrq(usize),
}

/// Whether nothing is left to do for a capability before its slot can be emptied.
fn is_removable(cap: Cap, slot: Slot) -> bool {
    match cap.kind() {
        Kind::Null => true,
        Kind::Zombie => match cap.zombie_count() {
            0 => true,
            1 => cap.pointer() == slot.0,
            _ => false,
        },
        _ => false,
    }
}

/// Whether a zombie lies in the first of its own slots.
fn is_cyclic(cap: Cap, slot: Slot) -> bool {
    cap.is(Kind::Zombie) && cap.pointer() == slot.0
}

impl<M: Machine> Kernel<M> {
    /// Deletes the capability of a slot. If it is not `exposed`, which the caller sees to, and a
    /// zombie remains in its own slot, that stays.
    pub(crate) fn delete(&mut self, slot: Slot, exposed: bool) -> Result<(), Failure> {
        let (done, afterwards) = self.finalise_slot(slot, exposed)?;
        if exposed || done {
            self.empty(slot, afterwards);
        }
        Ok(())
    }

    /// Deletes all that was derived from a capability.
    pub(crate) fn revoke(&mut self, slot: Slot) -> Result<(), Failure> {
        while let Some(next) = slot.next(self) {
            if !self.is_parent(slot, next) {
                break;
            }
            self.delete(next, true)?;
            self.preemption_point()?;
        }
        Ok(())
    }

    /// Deletes a capability that takes only one step: none of a CNode or a thread.
    pub(crate) fn delete_simple(&mut self, slot: Slot) {
        let cap = slot.cap(self);
        if !cap.is_null() {
            let last = self.is_final(slot);
            let _ = self.finalise(cap, last);
            self.empty(slot, Afterwards::Nothing);
        }
    }

    fn empty(&mut self, slot: Slot, afterwards: Afterwards) {
        if !slot.is_empty(self) {
            self.remove(slot);
        }
        if let Afterwards::FreeIrq(irq) = afterwards {
            self.irq_freed(irq);
        }
    }

    fn finalise_slot(
        &mut self,
        slot: Slot,
        immediate: bool,
    ) -> Result<(bool, Afterwards), Failure> {
        loop {
            let cap = slot.cap(self);
            if cap.is_null() {
                return Ok((true, Afterwards::Nothing));
            }
            let last = self.is_final(slot);
            let (remainder, afterwards) = self.finalise(cap, last);
            if is_removable(remainder, slot) {
                return Ok((true, afterwards));
            }
            slot.set_cap(self, remainder);
            if !immediate && is_cyclic(remainder, slot) {
                return Ok((false, Afterwards::Nothing));
            }
            self.reduce(slot, immediate)?;
            self.preemption_point()?;
        }
    }

    /// Takes a slot off a zombie.
    fn reduce(&mut self, slot: Slot, immediate: bool) -> Result<(), Failure> {
        let zombie = slot.cap(self);
        let first = Slot(zombie.pointer());
        if !immediate {
            // The zombie changes places with what is in its first slot: then it is in its own.
            let cap = first.cap(self);
            self.swap_caps(zombie, slot, cap, first);
            return Ok(());
        }
        let count = zombie.zombie_count();
        self.delete(Slot(first.0 + 32 * (count - 1)), false)?;
        // The deletion may have moved or changed the zombie.
        let now = slot.cap(self);
        if now == zombie {
            slot.set_cap(self, zombie.with_zombie_count(count - 1));
        }
        Ok(())
    }

    /// Does what goes with a capability, the `last` one of its object or not. Returns what is left
    /// of it.
    fn finalise(&mut self, cap: Cap, last: bool) -> (Cap, Afterwards) {
        let nothing = (Cap::NULL, Afterwards::Nothing);
        match cap.kind() {
            Kind::Zombie => (cap, Afterwards::Nothing),
            Kind::Frame => {
                self.unmap_frame(cap);
                nothing
            }
            _ if !last => nothing,
            Kind::Endpoint => {
                #[cfg(feature = "sync-ipc")]
                self.cancel_all(crate::object::Endpoint(cap.pointer()));
                nothing
            }
            Kind::Notification => {
                let notification = Notification(cap.pointer());
                self.unbind_notification(notification);
                self.end_notified_context(notification);
                self.cancel_all_waiters(notification);
                nothing
            }
            Kind::CNode => {
                let radix = cap.radix();
                (Cap::zombie(cap.pointer(), radix, false, 1 << radix), Afterwards::Nothing)
            }
            Kind::Thread => {
                let thread = Tcb(cap.pointer());
                self.unbind_thread(thread);
                self.suspend(thread);
                self.leave_hart(thread);
                self.end_worker(thread);
                self.end_sender(thread);
                self.end_rings(thread);
                let slots = thread.cspace().0;
                (Cap::zombie(slots, 0, true, Tcb::SLOT_COUNT), Afterwards::Nothing)
            }
            Kind::IrqHandler => {
                self.forget_irq(cap.irq());
                (Cap::NULL, Afterwards::FreeIrq(cap.irq()))
            }
            Kind::TaskContext => {
                self.end_context(TaskContext(cap.pointer()));
                nothing
            }
            Kind::PageTable => {
                self.finalise_table(cap);
                nothing
            }
            Kind::AsidPool => {
                self.delete_pool(cap);
                nothing
            }
            _ => nothing,
        }
    }
}
