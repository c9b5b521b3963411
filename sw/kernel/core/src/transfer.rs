//! A message on its way: words, capabilities, faults.

use crate::{
    Kernel, Kind, Slot, Tcb,
    kernel::ExtraCaps,
    lookup::resolve,
    machine::Machine,
    object::{Endpoint, reg},
};
use abi::{
    MessageInfo,
    message::{MAX_EXTRA_CAPS, REGISTERS, place},
};

impl<M: Machine> Kernel<M> {
    /// Copies a message, or the fault of the sender.
    pub(crate) fn transfer(
        &mut self,
        sender: Tcb,
        endpoint: Option<Endpoint>,
        badge: usize,
        grant: bool,
        receiver: Tcb,
    ) {
        let to = self.ipc_buffer(receiver, true);
        let info = if sender.fault_kind(self) == abi::fault::NULL {
            let from = self.ipc_buffer(sender, false);
            self.transfer_message(sender, from, endpoint, grant, receiver, to)
        } else {
            let length = self.write_fault(sender, receiver, to);
            MessageInfo::new(sender.fault_kind(self), 0, 0, length)
        };
        receiver.set_register(self, reg::INFO, info.0);
        receiver.set_register(self, reg::BADGE, badge);
    }

    fn transfer_message(
        &mut self,
        sender: Tcb,
        from: Option<usize>,
        endpoint: Option<Endpoint>,
        grant: bool,
        receiver: Tcb,
        to: Option<usize>,
    ) -> MessageInfo {
        let info = self.message_info(sender);
        let mut caps = [None; MAX_EXTRA_CAPS];
        if grant && info.extra_caps() != 0 {
            caps = self.extra_caps(sender, from, info).unwrap_or_default();
        }
        let length = self.copy_words(sender, from, receiver, to, info.length());
        let (unwrapped, count) = match to {
            Some(to) if caps[0].is_some() => self.transfer_caps(caps, endpoint, receiver, to),
            _ => (0, 0),
        };
        MessageInfo::new(info.label(), unwrapped, count, length)
    }

    /// Copies words; returns how many arrived.
    fn copy_words(
        &mut self,
        sender: Tcb,
        from: Option<usize>,
        receiver: Tcb,
        to: Option<usize>,
        length: usize,
    ) -> usize {
        for register in (reg::MESSAGE..).take(length.min(REGISTERS)) {
            let word = sender.register(self, register);
            receiver.set_register(self, register, word);
        }
        let (Some(from), Some(to)) = (from, to) else { return length.min(REGISTERS) };
        for index in REGISTERS..length {
            let offset = 8 * (place::WORDS + index);
            let word = self.machine.load_shared(from + offset);
            self.machine.store_shared(to + offset, word);
        }
        length
    }

    /// Copies capabilities. Returns which arrived as badges, and how many arrived.
    fn transfer_caps(
        &mut self,
        caps: ExtraCaps,
        endpoint: Option<Endpoint>,
        receiver: Tcb,
        to: usize,
    ) -> (usize, usize) {
        let mut target = self.receive_slot(receiver, to);
        let mut unwrapped = 0;
        for (index, slot) in caps.into_iter().map_while(|slot| slot).enumerate() {
            let cap = slot.cap(self);
            if cap.is(Kind::Endpoint) && endpoint == Some(Endpoint(cap.pointer())) {
                let offset = 8 * (place::CAPS_OR_BADGES + index);
                self.machine.store_shared(to + offset, cap.badge());
                unwrapped |= 1 << index;
                continue;
            }
            let Some(free) = target.take() else { return (unwrapped, index) };
            match self.derive(slot, cap) {
                Ok(copy) if !copy.is_null() => self.insert(copy, slot, free),
                _ => return (unwrapped, index),
            }
        }
        (unwrapped, caps.into_iter().map_while(|slot| slot).count())
    }

    /// The empty slot in which a thread wants a capability.
    fn receive_slot(&self, thread: Tcb, buffer: usize) -> Option<Slot> {
        let word = |place: usize| self.machine.load_shared(buffer + 8 * place);
        let root = self.lookup_slot(thread, word(place::RECEIVE_CNODE)).ok()?.cap(self);
        let depth = word(place::RECEIVE_DEPTH);
        if !(1..=64).contains(&depth) {
            return None;
        }
        let (slot, left) = resolve(self, root, word(place::RECEIVE_INDEX), depth).ok()?;
        (left == 0 && slot.is_empty(self)).then_some(slot)
    }
}
