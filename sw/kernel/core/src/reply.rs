//! Replies: the right to answer a caller once.

use crate::{Cap, Kernel, Slot, Tcb, machine::Machine, object::State};

impl<M: Machine> Kernel<M> {
    /// Makes `sender` wait for a reply, which `receiver` can give.
    pub(crate) fn give_reply(&mut self, sender: Tcb, receiver: Tcb, grant: bool) {
        self.set_state(sender, State::BlockedOnReply);
        let cap = Cap::reply(sender.0, false, grant);
        self.insert(cap, sender.reply(), receiver.caller());
    }

    /// Replies to the thread that waits for it, through the capability in `slot`.
    pub(crate) fn reply_to(&mut self, sender: Tcb, receiver: Tcb, slot: Slot, grant: bool) {
        if receiver.fault_kind(self) == abi::fault::NULL {
            self.transfer(sender, None, 0, grant, receiver);
            self.delete_simple(slot);
            self.set_state(receiver, State::Running);
            self.maybe_switch_to(receiver);
            return;
        }
        self.delete_simple(slot);
        let restart = self.reply_to_fault(sender, receiver);
        receiver.set_fault_kind(self, abi::fault::NULL);
        if restart {
            self.set_state(receiver, State::Restart);
            self.maybe_switch_to(receiver);
        } else {
            self.set_state(receiver, State::Inactive);
        }
    }

    /// The system call Reply: to whoever called last. Does nothing if nobody waits.
    pub(crate) fn reply(&mut self) {
        let current = self.current();
        let slot = current.caller();
        let cap: Cap = slot.cap(self);
        if cap.is(crate::Kind::Reply) && !cap.is_master() {
            self.reply_to(current, Tcb(cap.pointer()), slot, cap.reply_grants());
        }
    }
}
