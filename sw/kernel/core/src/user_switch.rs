//! User interrupts at a switch between threads.
//!
//! A hart has the user interrupts of one thread, or of none. A thread that has none is switched to
//! without a look at them: its placement is what the hart expects of such a thread
//! (`kernel::Node::plain`).

use crate::{
    Kernel, Tcb,
    kernel::Node,
    machine::{Machine, user},
    receiver::receiver_of,
    worker::queue_of,
};

impl<M: Machine> Kernel<M> {
    /// Gives the hart the user interrupts of its current thread, and saves those that it has.
    #[cold]
    pub(crate) fn exchange_user_interrupts(&mut self) {
        let (current, loaded) = (self.current(), self.node().loaded);
        if loaded == current.0 {
            return;
        }
        if loaded > Node::STALE {
            self.save_user_interrupts(Tcb(loaded));
        }
        if current.uses_user_interrupts(self) {
            self.load_user_interrupts(current);
        } else {
            self.give_up_user_interrupts();
        }
    }

    /// The current thread's rights to user interrupts changed.
    pub(crate) fn refresh_user_interrupts(&mut self, thread: Tcb) {
        if self.node().loaded == thread.0 {
            self.save_csrs(thread);
            self.node_mut().loaded = Node::STALE;
        }
        self.exchange_user_interrupts();
    }

    /// What this hart has of a thread is not saved: the thread gets new CSRs.
    pub(crate) fn forget_loaded(&mut self, thread: Tcb) {
        if self.node().loaded == thread.0 {
            self.node_mut().loaded = Node::STALE;
        }
    }

    /// A thread ends: what the hart has of it is not saved.
    pub(crate) fn drop_user_interrupts(&mut self, thread: Tcb) {
        if self.node().loaded == thread.0 {
            self.give_up_user_interrupts();
        }
    }

    fn save_user_interrupts(&mut self, thread: Tcb) {
        let hart = self.hart;
        let receiver = receiver_of(thread, self);
        if let Some(receiver) = receiver {
            self.machine.place_receiver(receiver, hart, false);
        }
        self.remove_installed(hart);
        self.save_csrs(thread);
        if let Some(receiver) = receiver
            && self.sleeps(thread)
        {
            self.node_mut().sleepers.insert(receiver);
        }
    }

    fn save_csrs(&mut self, thread: Tcb) {
        if thread.takes_user_interrupts(self) {
            let state = self.machine.user_state();
            self.keep_csrs(thread, state);
        }
    }

    /// Notes the CSRs of a thread. An interrupt that software raised is the kernel's for a worker;
    /// others raise none, and their vectors wait in UINTC.
    pub(crate) fn keep_csrs(&mut self, thread: Tcb, mut state: crate::UserState) {
        if thread.worker(self) == 0 {
            state[user::PENDING] = 0;
        }
        thread.set_user_state(self, &state);
    }

    fn load_user_interrupts(&mut self, thread: Tcb) {
        let receiver = receiver_of(thread, self);
        if let Some(receiver) = receiver {
            for node in &mut self.nodes {
                node.sleepers.remove(receiver);
            }
        }
        self.node_mut().loaded = thread.0;
        self.node_mut().plain = Node::EXCHANGE;
        let senders = self.sender_table(thread);
        let hart = self.hart;
        if !thread.takes_user_interrupts(self) {
            self.remove_installed(hart);
            self.machine.set_user_state(None, None, senders);
            self.place_sleepers(true);
            return;
        }
        self.place_sleepers(false);
        let state = thread.user_state(self);
        self.machine.set_user_state(Some(&state), receiver, senders);
        if let Some(receiver) = receiver {
            self.machine.place_receiver(receiver, hart, true);
        }
        match queue_of(thread, self) {
            Some(queue) => self.install_worker(queue),
            None => self.remove_installed(hart),
        }
    }

    fn give_up_user_interrupts(&mut self) {
        self.node_mut().loaded = 0;
        self.node_mut().plain = self.hart;
        let hart = self.hart;
        self.remove_installed(hart);
        self.machine.set_user_state(None, None, None);
        self.place_sleepers(true);
    }

    /// A receiver's thread, which does not run, sleeps: its vectors interrupt the kernel on this hart.
    pub(crate) fn let_sleep(&mut self, receiver: usize) {
        self.node_mut().sleepers.insert(receiver);
        let loaded = self.node().loaded;
        if loaded <= Node::STALE || !Tcb(loaded).takes_user_interrupts(self) {
            self.place_sleepers(true);
        }
    }

    /// Lets the sleepers of this hart interrupt the kernel, or not: while a thread runs that takes user
    /// interrupts, one would be taken for its own.
    fn place_sleepers(&mut self, active: bool) {
        let (sleepers, hart) = (self.node().sleepers, self.hart);
        self.machine.listen(active && !sleepers.is_empty());
        for receiver in sleepers.iter() {
            self.machine.place_receiver(receiver, hart, active);
        }
    }
}
