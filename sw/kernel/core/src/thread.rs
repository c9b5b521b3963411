//! Starting and stopping threads.

use crate::{
    Cap, Kernel, Tcb,
    kernel::{Action, HARTS},
    machine::Machine,
    object::{State, reg},
    schedule::is_runnable,
    slot::Node,
};

impl<M: Machine> Kernel<M> {
    /// Takes a thread out of what it is blocked on. It is inactive afterwards, if it was blocked.
    pub(crate) fn cancel_ipc(&mut self, thread: Tcb) {
        // Whatever it is told next is no reply to a fault, and what it sends next is none.
        thread.set_fault_kind(self, abi::fault::NULL);
        match thread.state(self) {
            #[cfg(feature = "sync-ipc")]
            State::BlockedOnSend | State::BlockedOnReceive => self.leave_endpoint(thread),
            State::BlockedOnNotification => self.leave_notification(thread),
            State::BlockedOnReply => {
                if let Some(caller) = thread.reply().next(self) {
                    self.delete_simple(caller);
                }
            }
            _ => {}
        }
    }

    /// Stops a thread.
    pub(crate) fn suspend(&mut self, thread: Tcb) {
        self.leave_hart(thread);
        self.cancel_ipc(thread);
        if thread.state(self) == State::Running {
            // Its call is over: it goes on behind it.
            let next = thread.register(self, reg::NEXT_IP);
            thread.set_register(self, reg::FAULT_IP, next);
        }
        self.set_state(thread, State::Inactive);
        self.dequeue(thread);
        if self.node().action == Action::SwitchTo(thread) {
            self.node_mut().action = Action::Choose;
        }
    }

    /// Starts a thread that does not run.
    pub(crate) fn restart(&mut self, thread: Tcb) {
        let state = thread.state(self);
        if is_runnable(state) || state == State::Idle {
            return;
        }
        self.cancel_ipc(thread);
        self.set_up_reply(thread);
        self.set_state(thread, State::Restart);
        self.resume_requests(thread);
        self.maybe_switch_to(thread);
    }

    /// Gives a thread the capability from which reply capabilities are derived.
    pub(crate) fn set_up_reply(&mut self, thread: Tcb) {
        let slot = thread.reply();
        if slot.is_empty(self) {
            slot.set_cap(self, Cap::reply(thread.0, true, true));
            slot.set_node(self, Node { revocable: true, first_badged: true, ..Node::ALONE });
        }
    }

    /// Makes sure that no other hart runs a thread: its registers are in its TCB.
    pub(crate) fn leave_hart(&mut self, thread: Tcb) {
        for hart in 0..self.harts.min(HARTS) {
            if hart == self.hart || self.nodes[hart].current != thread.0 {
                continue;
            }
            self.machine.stop(hart);
            self.fetch_user_state(thread, hart);
            // What it asked for when it was stopped, it asks for again.
            if thread.state(self) == State::Running {
                thread.set_state(self, State::Restart);
            }
            self.nodes[hart].current = self.nodes[hart].idle;
            self.nodes[hart].action = Action::Choose;
        }
    }

    /// Whether it is the thread of another hart.
    pub(crate) fn runs_elsewhere(&self, thread: Tcb) -> bool {
        let hart = thread.affinity(self) % HARTS;
        hart != self.hart && self.nodes[hart].current == thread.0
    }

    /// Before the current thread goes on: it begins again, if it has to.
    #[inline]
    pub(crate) fn activate(&mut self) {
        let current = self.current();
        if current.state(self) == State::Restart {
            let begin = current.register(self, reg::FAULT_IP);
            current.set_register(self, reg::NEXT_IP, begin);
            self.set_state(current, State::Running);
        }
    }

    /// Sets a thread's priority.
    pub(crate) fn set_priority(&mut self, thread: Tcb, priority: usize) {
        let queued = thread.ready(self);
        self.dequeue(thread);
        thread.set_priority(self, priority);
        if !is_runnable(thread.state(self)) {
            return;
        }
        if self.is_current(thread) {
            self.reschedule();
        } else if thread.affinity(self) != self.hart && !queued {
            // It runs on another hart, which chooses again.
            self.kicks |= 1 << (thread.affinity(self) % HARTS);
        } else {
            self.maybe_switch_to(thread);
        }
    }
}
