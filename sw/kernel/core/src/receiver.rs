//! Receivers of user interrupts: a notification that is bound to a thread, and an entry of UINTC.
//!
//! Vectors of a receiver are interrupts of its thread while that runs, and stay in UINTC while it does
//! not. If it sleeps in the kernel for its notification, they wake it: they become bits of the
//! notification. Sender tables are in `sender`, the exchange at a switch in `user_switch`.

use crate::{
    Failure, Kernel, Kind, Tcb,
    invocation::Invocation,
    kernel::{Action, HARTS, Node},
    machine::{Machine, UserState, user},
    object::{Notification, State},
};
use abi::{
    Label, Rights,
    user_interrupt::{RECEIVERS, VECTORS},
};

const WORD: usize = usize::BITS as usize;

/// A set of receivers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Receivers([usize; RECEIVERS / WORD]);

impl Receivers {
    pub const NONE: Self = Self([0; RECEIVERS / WORD]);

    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    pub fn insert(&mut self, receiver: usize) {
        self.0[receiver % RECEIVERS / WORD] |= 1 << (receiver % WORD);
    }

    pub fn remove(&mut self, receiver: usize) {
        self.0[receiver % RECEIVERS / WORD] &= !(1 << (receiver % WORD));
    }

    pub fn contains(&self, receiver: usize) -> bool {
        self.0[receiver % RECEIVERS / WORD] & 1 << (receiver % WORD) != 0
    }

    pub fn iter(self) -> impl Iterator<Item = usize> {
        let words = self.0.into_iter().enumerate();
        words.flat_map(|(index, word)| {
            core::iter::successors(Some(word), |left| Some(left & left.wrapping_sub(1)))
                .take_while(|left| *left != 0)
                .map(move |left| WORD * index + left.trailing_zeros() as usize)
        })
    }
}

/// What the kernel has of user interrupts beside the objects.
pub(crate) struct UserInterrupts {
    /// Receivers of the machine; 0 without UINTC.
    count: usize,
    /// Address of the thread of each receiver; 0 for one that is free.
    threads: [usize; RECEIVERS],
    /// Receivers to which there have been sender entries.
    pub reached: Receivers,
    /// Address of the sender tables.
    pub tables: usize,
    /// Thread of each sender table; 0 for one that is free.
    pub senders: [usize; abi::user_interrupt::SENDER_TABLES],
}

impl UserInterrupts {
    pub const fn new() -> Self {
        Self {
            count: 0,
            threads: [0; RECEIVERS],
            reached: Receivers::NONE,
            tables: 0,
            senders: [0; abi::user_interrupt::SENDER_TABLES],
        }
    }

    /// The machine has so many receivers, and there is memory for sender tables.
    pub fn set_up(&mut self, receivers: usize, tables: usize) {
        self.count = receivers.min(RECEIVERS);
        self.tables = tables;
    }

    /// The thread of a receiver.
    pub fn thread(&self, receiver: usize) -> Option<Tcb> {
        match self.threads[receiver % RECEIVERS] {
            0 => None,
            thread => Some(Tcb(thread)),
        }
    }
}

/// The receiver of a thread.
pub(crate) fn receiver_of(thread: Tcb, memory: &impl crate::Memory) -> Option<usize> {
    thread.receiver(memory).checked_sub(1)
}

impl<M: Machine> Kernel<M> {
    /// Whether an invocation of a notification is one of those that seL4 does not have.
    pub(crate) fn is_user_interrupt(&self, call: &Invocation) -> bool {
        let label = call.info.label();
        label == Label::UintrRegisterSender as usize
            || label == Label::UintrRegisterReceiver as usize
    }

    pub(crate) fn invoke_user_interrupt(&mut self, call: &Invocation) -> Result<(), Failure> {
        if self.user_interrupts.count == 0 {
            return Err(Failure::IllegalOperation);
        }
        if call.info.label() == Label::UintrRegisterReceiver as usize {
            self.register_receiver(call)
        } else {
            self.register_sender(call)
        }
    }

    /// Makes the thread that is bound to the notification a receiver. Words: its handler and its
    /// `uscratch`; 0 if they are not given. Answers with the receiver's number.
    fn register_receiver(&mut self, call: &Invocation) -> Result<(), Failure> {
        let thread = call.extra(0)?.cap(self);
        if !thread.is(Kind::Thread) {
            return Err(Failure::InvalidCapability(1));
        }
        if !call.cap.rights().contains(Rights::READ) {
            return Err(Failure::InvalidCapability(0));
        }
        let (thread, notification) = (Tcb(thread.pointer()), Notification(call.cap.pointer()));
        if notification.bound(self) != Some(thread) {
            return Err(Failure::IllegalOperation);
        }
        if thread.receiver(self) != 0 {
            return Err(Failure::DeleteFirst);
        }
        let words = |index| if index < call.length { self.argument(call, index) } else { 0 };
        let (handler, scratch) = (words(0), words(1));
        let threads = &self.user_interrupts.threads[..self.user_interrupts.count];
        let receiver =
            threads.iter().position(|thread| *thread == 0).ok_or(Failure::NotEnoughMemory(0))?;
        self.begin(call);
        self.stop_using(thread);
        self.forget_loaded(thread);
        self.machine.place_receiver(receiver, 0, false);
        self.machine.take_vectors(receiver);
        self.user_interrupts.threads[receiver] = thread.0;
        thread.set_receiver(self, receiver + 1);
        let mut state: UserState = [0; user::WORDS];
        (state[user::VECTOR], state[user::SCRATCH]) = (handler, scratch);
        thread.set_user_state(self, &state);
        self.user_interrupts_changed(thread);
        self.finish_with(call, &[receiver]);
        Ok(())
    }

    /// A thread is no receiver any more. Nothing that was sent to it, or will be, reaches the next
    /// thread with the same receiver.
    pub(crate) fn end_receiver(&mut self, thread: Tcb) {
        let Some(receiver) = receiver_of(thread, self) else { return };
        self.stop_using(thread);
        self.clear_senders_to(receiver);
        for node in &mut self.nodes {
            node.sleepers.remove(receiver);
        }
        self.machine.place_receiver(receiver, 0, false);
        self.machine.take_vectors(receiver);
        self.user_interrupts.threads[receiver] = 0;
        thread.set_receiver(self, 0);
        self.user_interrupts_changed(thread);
    }

    /// Makes the pending vectors of a thread that is about to wait bits of its notification.
    #[inline]
    pub(crate) fn collect_vectors(&mut self, thread: Tcb, notification: Notification) {
        if thread.receiver(self) != 0 && thread.bound(self) == Some(notification) {
            self.collect(thread, notification);
        }
    }

    fn collect(&mut self, thread: Tcb, notification: Notification) {
        if let Some(receiver) = receiver_of(thread, self) {
            let vectors = self.machine.take_vectors(receiver);
            if vectors != 0 {
                self.signal(notification, vectors);
            }
        }
    }

    /// Whether a thread sleeps until there is something in its bound notification.
    pub(crate) fn sleeps(&self, thread: Tcb) -> bool {
        match thread.state(self) {
            State::BlockedOnReceive => true,
            State::BlockedOnNotification => {
                thread.bound(self) == Some(Notification(thread.blocked_on(self)))
            }
            _ => false,
        }
    }

    /// Wakes the threads whose receivers interrupt the kernel on this hart, and have vectors.
    pub(crate) fn wake_sleepers(&mut self) {
        if self.node().sleepers.is_empty() {
            return;
        }
        for receiver in self.node().sleepers.iter() {
            let sleeper =
                self.user_interrupts.thread(receiver).filter(|thread| self.sleeps(*thread));
            let Some((thread, notification)) =
                sleeper.and_then(|thread| Some((thread, thread.bound(self)?)))
            else {
                self.end_sleep(receiver);
                continue;
            };
            self.collect(thread, notification);
            if !self.sleeps(thread) {
                self.end_sleep(receiver);
            }
        }
    }

    /// A receiver interrupts the kernel no more: its thread does not sleep.
    fn end_sleep(&mut self, receiver: usize) {
        self.node_mut().sleepers.remove(receiver);
        let hart = self.hart;
        self.machine.place_receiver(receiver, hart, false);
    }

    /// What a thread may do with user interrupts changed: the hart that runs it learns it.
    pub(crate) fn user_interrupts_changed(&mut self, thread: Tcb) {
        thread.note_user_interrupts(self);
        if self.is_current(thread) {
            self.refresh_user_interrupts(thread);
        } else if let Some(receiver) = receiver_of(thread, self)
            && self.sleeps(thread)
            && !self.sleeps_somewhere(receiver)
        {
            self.let_sleep(receiver);
        }
    }

    fn sleeps_somewhere(&self, receiver: usize) -> bool {
        self.nodes.iter().any(|node| node.sleepers.contains(receiver))
    }

    /// Takes a thread's user interrupts from another hart that runs it. That hart gives it those that
    /// it has then.
    pub(crate) fn stop_using(&mut self, thread: Tcb) {
        for hart in 0..self.harts.min(HARTS) {
            if hart == self.hart || self.nodes[hart].current != thread.0 {
                continue;
            }
            self.machine.stop(hart);
            self.fetch_user_state(thread, hart);
            self.nodes[hart].action = Action::Choose;
        }
    }

    /// Saves the user interrupts of a thread that another hart has, which was stopped, and chooses
    /// again afterwards.
    pub(crate) fn fetch_user_state(&mut self, thread: Tcb, hart: usize) {
        if self.nodes[hart].loaded != thread.0 {
            return;
        }
        self.nodes[hart].loaded = Node::STALE;
        if let Some(receiver) = receiver_of(thread, self) {
            self.machine.place_receiver(receiver, hart, false);
        }
        self.remove_installed(hart);
        if thread.takes_user_interrupts(self) {
            let state = self.machine.user_state_of(hart);
            self.keep_csrs(thread, state);
        }
    }
}

const _: () = assert!(VECTORS == WORD && RECEIVERS.is_multiple_of(WORD));
