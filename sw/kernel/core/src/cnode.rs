//! Invocations of CNodes.

use crate::{
    Cap, Failure, Kernel, Kind, Slot,
    derive::{mask, with_data},
    invocation::Invocation,
    machine::Machine,
};
use abi::{Label, LookupFailure, Rights};

/// How a capability comes to another slot.
enum Way {
    Insert,
    Move,
}

impl<M: Machine> Kernel<M> {
    pub(crate) fn invoke_cnode(&mut self, call: &Invocation) -> Result<(), Failure> {
        if !(Label::CNodeRevoke as usize..=Label::CNodeSaveCaller as usize)
            .contains(&call.info.label())
        {
            return Err(Failure::IllegalOperation);
        }
        let [index, depth] = self.arguments(call)?;
        let slot = self.lookup_target(false, call.cap, index, depth)?;
        match Label::from_number(call.info.label()) {
            Some(Label::CNodeCopy | Label::CNodeMint | Label::CNodeMove | Label::CNodeMutate) => {
                self.copy_or_move(call, slot)
            }
            Some(Label::CNodeRevoke) => {
                self.begin(call);
                self.revoke(slot)
            }
            Some(Label::CNodeDelete) => {
                self.begin(call);
                self.delete(slot, true)
            }
            Some(Label::CNodeSaveCaller) => {
                self.ensure_empty(slot)?;
                self.begin(call);
                self.save_caller(call, slot);
                Ok(())
            }
            Some(Label::CNodeCancelBadgedSends) => self.cancel_sends(call, slot),
            _ => self.rotate(call, slot),
        }
    }

    fn copy_or_move(&mut self, call: &Invocation, slot: Slot) -> Result<(), Failure> {
        let [_, _, index, depth] = self.arguments(call)?;
        let root = call.extra(0)?.cap(self);
        self.ensure_empty(slot)?;
        let source = self.lookup_target(true, root, index, depth)?;
        let old = self.filled(source, depth)?;
        let label = call.info.label();
        let (way, cap) = if label == Label::CNodeCopy as usize {
            let [_, _, _, _, rights] = self.arguments(call)?;
            (Way::Insert, self.derive(source, mask(old, Rights(rights)))?)
        } else if label == Label::CNodeMint as usize {
            let [_, _, _, _, rights, data] = self.arguments(call)?;
            let cap = with_data(false, data, mask(old, Rights(rights)));
            (Way::Insert, self.derive(source, cap)?)
        } else if label == Label::CNodeMove as usize {
            (Way::Move, old)
        } else {
            let [_, _, _, _, data] = self.arguments(call)?;
            (Way::Move, with_data(true, data, old))
        };
        if cap.is_null() {
            return Err(Failure::IllegalOperation);
        }
        self.begin(call);
        match way {
            Way::Insert => self.insert(cap, source, slot),
            Way::Move => self.move_cap(cap, source, slot),
        }
        Ok(())
    }

    /// The capability of a source slot, which must not be empty.
    fn filled(&self, slot: Slot, depth: usize) -> Result<Cap, Failure> {
        let cap = slot.cap(self);
        if cap.is_null() {
            let failure = LookupFailure::MissingCapability { bits_left: depth };
            return Err(Failure::FailedLookup { source: true, failure });
        }
        Ok(cap)
    }

    fn save_caller(&mut self, call: &Invocation, slot: Slot) {
        let caller = call.thread.caller();
        let cap = caller.cap(self);
        if cap.is(Kind::Reply) && !cap.is_master() {
            self.move_cap(cap, caller, slot);
        }
    }

    fn cancel_sends(&mut self, call: &Invocation, slot: Slot) -> Result<(), Failure> {
        let cap = slot.cap(self);
        if !cap.is(Kind::Endpoint) || !cap.rights().contains(Rights::ALL) {
            return Err(Failure::IllegalOperation);
        }
        self.begin(call);
        #[cfg(feature = "sync-ipc")]
        if cap.badge() != 0 {
            self.cancel_badged_sends(crate::object::Endpoint(cap.pointer()), cap.badge());
        }
        Ok(())
    }

    /// Moves source to pivot and pivot to destination; source and destination may be the same.
    fn rotate(&mut self, call: &Invocation, slot: Slot) -> Result<(), Failure> {
        let arguments = self.arguments(call)?;
        let [_, _, pivot_data, pivot_index, pivot_depth, source_data, index, depth] = arguments;
        let (pivot_root, root) = (call.extra(0)?.cap(self), call.extra(1)?.cap(self));
        let source = self.lookup_target(true, root, index, depth)?;
        let pivot = self.lookup_target(true, pivot_root, pivot_index, pivot_depth)?;
        if pivot == source || pivot == slot {
            return Err(Failure::IllegalOperation);
        }
        if source != slot {
            self.ensure_empty(slot)?;
        }
        let old = self.filled(source, depth)?;
        let old_pivot = self.filled(pivot, pivot_depth)?;
        let cap = with_data(true, source_data, old);
        let pivot_cap = with_data(true, pivot_data, old_pivot);
        if cap.is_null() || pivot_cap.is_null() {
            return Err(Failure::IllegalOperation);
        }
        self.begin(call);
        if source == slot {
            self.swap_caps(cap, source, pivot_cap, pivot);
        } else {
            self.move_cap(pivot_cap, pivot, slot);
            self.move_cap(cap, source, pivot);
        }
        Ok(())
    }
}
