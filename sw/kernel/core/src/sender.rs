//! Sender tables: what a thread's UIPI SEND reaches.
//!
//! A table is a page of the kernel. Its first half are the entries that the hart reads. Its second half
//! has, for each entry, the slot of the capability from which it was made. That is a multiple of 32, so
//! it is no valid entry if the hart reads it as one. An entry lives as long as the capability in that
//! slot, and no longer than its receiver and its thread.

use crate::{
    Failure, Kernel, Slot, Tcb,
    invocation::Invocation,
    kernel::{HARTS, Node},
    machine::{Machine, Memory},
    object::Notification,
    receiver::receiver_of,
};
use abi::{
    Rights,
    object::PAGE_BITS,
    user_interrupt::{SENDER_TABLES, SENDERS, VECTORS},
};
use uintc::SenderEntry;
use uintr::Vector;

const ORIGINS: usize = 8 * SENDERS;

impl<M: Machine> Kernel<M> {
    /// Lets the caller send the badge of the capability, a vector, to the receiver of the notification.
    /// Answers with the index for UIPI SEND.
    pub(crate) fn register_sender(&mut self, call: &Invocation) -> Result<(), Failure> {
        if !call.cap.rights().contains(Rights::WRITE) {
            return Err(Failure::InvalidCapability(0));
        }
        let Ok(vector) = Vector::try_from(call.cap.badge()) else {
            return Err(Failure::RangeError(0, VECTORS - 1));
        };
        let receiver = Notification(call.cap.pointer())
            .bound(self)
            .and_then(|thread| receiver_of(thread, self))
            .ok_or(Failure::IllegalOperation)?;
        let entry = SenderEntry { vector, receiver: receiver as u16 }.encode() as usize;
        let current = call.thread;
        let table = match self.sender_table(current) {
            Some(_) => current.sender_table(self) - 1,
            None => {
                let senders = &self.user_interrupts.senders;
                senders.iter().position(|free| *free == 0).ok_or(Failure::NotEnoughMemory(0))?
            }
        };
        let page = self.sender_page(table);
        let place = self.sender_place(page, entry, call.slot).ok_or(Failure::NotEnoughMemory(0))?;
        self.begin(call);
        self.store(page + ORIGINS + 8 * place, call.slot.0);
        self.machine.store_shared(page + 8 * place, entry);
        call.slot.set_sending(self);
        self.user_interrupts.reached.insert(receiver);
        if current.sender_table(self) == 0 {
            self.user_interrupts.senders[table] = current.0;
            current.set_sender_table(self, table + 1);
            // A request may be done while another hart runs the thread.
            self.stop_using(current);
            self.user_interrupts_changed(current);
        }
        self.finish_with(call, &[place]);
        Ok(())
    }

    /// Where an entry made from a slot is, or may be put.
    fn sender_place(&self, page: usize, entry: usize, slot: Slot) -> Option<usize> {
        let same = |place: &usize| {
            self.load(page + 8 * place) == entry && self.load(page + ORIGINS + 8 * place) == slot.0
        };
        let free = |place: &usize| self.load(page + 8 * place) == 0;
        (0..SENDERS).find(same).or_else(|| (0..SENDERS).find(free))
    }

    pub(crate) fn sender_page(&self, table: usize) -> usize {
        self.user_interrupts.tables + (table << PAGE_BITS)
    }

    /// An entry of a sender table, and the slot from which it was made.
    #[cfg(any(test, feature = "checks"))]
    pub(crate) fn sender_entry(&self, page: usize, place: usize) -> (usize, usize) {
        (self.load(page + 8 * place), self.load(page + ORIGINS + 8 * place))
    }

    /// The address of a thread's sender table.
    pub(crate) fn sender_table(&self, thread: Tcb) -> Option<usize> {
        Some(self.sender_page(thread.sender_table(self).checked_sub(1)?))
    }

    /// A thread ends. Its table is free for another; no hart runs the thread but this one.
    pub(crate) fn end_sender(&mut self, thread: Tcb) {
        let Some(table) = thread.sender_table(self).checked_sub(1) else { return };
        let page = self.sender_page(table);
        self.machine.clear(page, 1 << PAGE_BITS);
        self.user_interrupts.senders[table % SENDER_TABLES] = 0;
        thread.set_sender_table(self, 0);
        thread.note_user_interrupts(self);
        self.drop_user_interrupts(thread);
    }

    /// Calls a function with the page and the place of each entry that may be valid.
    fn each_sender(&mut self, mut work: impl FnMut(&mut Self, usize, usize)) {
        for table in 0..SENDER_TABLES {
            if self.user_interrupts.senders[table] == 0 {
                continue;
            }
            let page = self.sender_page(table);
            (0..SENDERS).for_each(|place| work(self, page, place));
        }
    }

    fn clear_sender(&mut self, page: usize, place: usize) {
        self.machine.store_shared(page + 8 * place, 0);
        self.store(page + ORIGINS + 8 * place, 0);
    }

    /// The capability in a slot is gone, and with it what was made from it.
    pub(crate) fn forget_origin(&mut self, slot: Slot) {
        self.close_channels_of(slot);
        self.each_sender(|kernel, page, place| {
            if kernel.load(page + ORIGINS + 8 * place) == slot.0 {
                kernel.clear_sender(page, place);
            }
        });
    }

    /// The capabilities of two slots changed places.
    pub(crate) fn exchange_origins(&mut self, first: Slot, second: Slot) {
        self.exchange_channels(first, second);
        self.each_sender(|kernel, page, place| {
            let at = page + ORIGINS + 8 * place;
            let origin = kernel.load(at);
            if origin == first.0 {
                kernel.store(at, second.0);
            } else if origin == second.0 {
                kernel.store(at, first.0);
            }
        });
    }

    /// Nothing reaches a receiver any more: entries that name it are cleared, and what a hart has sent
    /// after it read one has arrived.
    pub(crate) fn clear_senders_to(&mut self, receiver: usize) {
        if !self.user_interrupts.reached.contains(receiver) {
            return;
        }
        self.user_interrupts.reached.remove(receiver);
        self.each_sender(|kernel, page, place| {
            let entry = SenderEntry::decode(kernel.load(page + 8 * place) as u64);
            if entry.is_some_and(|entry| usize::from(entry.receiver) == receiver) {
                kernel.clear_sender(page, place);
            }
        });
        for hart in 0..self.harts.min(HARTS) {
            if hart != self.hart && self.nodes[hart].loaded > Node::STALE {
                self.machine.finish_sends(hart);
            }
        }
    }
}
