//! User interrupts: receivers, sender tables, and what the harts have of them.

use super::{Checked, marks::Found, require};
use crate::{
    Kernel, Kind, Slot, Tcb,
    kernel::{HARTS, Node},
    machine::Machine,
    object::Notification,
    receiver::receiver_of,
};
use abi::user_interrupt::{RECEIVERS, SENDER_TABLES, SENDERS};
use uintc::SenderEntry;

impl<M: Machine> Kernel<M> {
    /// Checks receivers, sender tables and harts.
    pub(super) fn check_user_interrupts(&self) -> Checked {
        for thread in self.marks.iter(Found::Thread).map(Tcb) {
            self.check_rights(thread)?;
        }
        for receiver in 0..RECEIVERS {
            self.check_receiver(receiver)?;
        }
        for table in 0..SENDER_TABLES {
            self.check_sender_table(table)?;
        }
        (0..self.harts.min(HARTS)).try_for_each(|hart| self.check_loaded(hart))
    }

    /// Checks what a thread says of itself.
    fn check_rights(&self, thread: Tcb) -> Checked {
        let (receiver, table) = (thread.receiver(self), thread.sender_table(self));
        let agreed = receiver_of(thread, self).is_none_or(|number| {
            number < RECEIVERS && self.user_interrupts.thread(number) == Some(thread)
        });
        require(agreed, "the receiver of a thread", thread.0)?;
        let agreed = table == 0
            || table <= SENDER_TABLES && self.user_interrupts.senders[table - 1] == thread.0;
        require(agreed, "the sender table of a thread", thread.0)?;
        let worker = thread.worker(self) != 0;
        require(worker == self.is_worker(thread), "the queue of a thread", thread.0)?;
        let noted = thread.uses_user_interrupts(self) == (receiver != 0 || table != 0 || worker);
        require(noted, "the placement of a thread", thread.0)
    }

    /// A receiver has a thread, which is bound to a notification; it sleeps on one hart at most.
    fn check_receiver(&self, receiver: usize) -> Checked {
        let asleep = self.nodes.iter().filter(|node| node.sleepers.contains(receiver)).count();
        let Some(thread) = self.user_interrupts.thread(receiver) else {
            return require(asleep == 0, "a receiver that sleeps has a thread", receiver);
        };
        require(self.marks.has(thread.0, Found::Thread), "a receiver's thread exists", thread.0)?;
        let own = receiver_of(thread, self) == Some(receiver) && thread.bound(self).is_some();
        require(own, "the thread of a receiver", thread.0)?;
        require(asleep <= 1, "a receiver sleeps on one hart", receiver)
    }

    fn check_sender_table(&self, table: usize) -> Checked {
        let owner = self.user_interrupts.senders[table];
        if owner == 0 {
            return Ok(());
        }
        let there =
            self.marks.has(owner, Found::Thread) && Tcb(owner).sender_table(self) == table + 1;
        require(there, "the thread of a sender table", owner)?;
        let page = self.sender_page(table);
        (0..SENDERS).try_for_each(|place| self.check_sender(page, place))
    }

    /// An entry names the receiver of a notification, and the badge of a capability to it.
    fn check_sender(&self, page: usize, place: usize) -> Checked {
        let (entry, origin) = self.sender_entry(page, place);
        if entry == 0 {
            return require(origin == 0, "an entry without a capability", page + 8 * place);
        }
        let at = page + 8 * place;
        let Some(entry) = SenderEntry::decode(entry as u64) else {
            return require(false, "a sender entry", at);
        };
        let (cap, node) = (Slot(origin).cap(self), Slot(origin).node(self));
        let named = cap.is(Kind::Notification) && node.sending;
        require(named, "the capability of a sender entry", at)?;
        let vector = cap.badge() == usize::from(entry.vector.number());
        require(vector, "the vector of a sender entry", at)?;
        let receiver = usize::from(entry.receiver);
        let bound = Notification(cap.pointer()).bound(self);
        let reached = bound.and_then(|thread| receiver_of(thread, self)) == Some(receiver);
        require(reached, "the receiver of a sender entry", at)?;
        require(self.user_interrupts.reached.contains(receiver), "a receiver is reached", receiver)
    }

    /// What a hart has of a thread's user interrupts is that of one that exists.
    fn check_loaded(&self, hart: usize) -> Checked {
        let node = self.nodes[hart];
        if node.loaded <= Node::STALE {
            return Ok(());
        }
        let there = self.marks.has(node.loaded, Found::Thread);
        require(there, "the thread whose user interrupts a hart has", node.loaded)?;
        let only = self.nodes.iter().filter(|other| other.loaded == node.loaded).count() == 1;
        require(only, "one hart has a thread's user interrupts", node.loaded)?;
        require(node.plain == Node::EXCHANGE, "a hart exchanges user interrupts", hart)
    }
}
