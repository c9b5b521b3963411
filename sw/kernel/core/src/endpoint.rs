//! Endpoints: a message goes from a sender to a receiver when both are there.

use crate::{
    Cap, Kernel, Tcb,
    machine::Machine,
    object::{Endpoint, EndpointState, NotificationState, State, ThreadQueue, blocked, reg},
};
use abi::Rights;

const SENDERS: usize = EndpointState::Senders as usize;
const RECEIVERS: usize = EndpointState::Receivers as usize;

/// How a message is sent.
#[derive(Clone, Copy)]
pub(crate) struct Sending {
    pub blocking: bool,
    pub call: bool,
    pub badge: usize,
    pub grant: bool,
    pub grant_reply: bool,
}

impl<M: Machine> Kernel<M> {
    pub(crate) fn send(&mut self, thread: Tcb, endpoint: Endpoint, how: Sending) {
        let receiver = match endpoint.state(self) {
            EndpointState::Receivers => endpoint.head(self),
            _ => None,
        };
        let Some(receiver) = receiver else {
            if how.blocking {
                self.wait_to_send(thread, endpoint, how);
            }
            return;
        };
        endpoint.remove(self, receiver);
        self.transfer(thread, Some(endpoint), how.badge, how.grant, receiver);
        let reply_grants = receiver.blocked_flags(self) & blocked::GRANT != 0;
        self.set_state(receiver, State::Running);
        self.maybe_switch_to(receiver);
        if how.call {
            self.expect_reply(thread, receiver, how.grant || how.grant_reply, reply_grants);
        }
    }

    fn wait_to_send(&mut self, thread: Tcb, endpoint: Endpoint, how: Sending) {
        let flags = if how.grant { blocked::GRANT } else { 0 }
            | if how.grant_reply { blocked::GRANT_REPLY } else { 0 }
            | if how.call { blocked::CALL } else { 0 };
        thread.set_blocked_on(self, endpoint.0);
        thread.set_blocked_badge(self, how.badge);
        thread.set_blocked_flags(self, flags);
        self.set_state(thread, State::BlockedOnSend);
        endpoint.append(self, thread, SENDERS);
    }

    /// The sender of a call waits for a reply, if it may get one.
    fn expect_reply(&mut self, sender: Tcb, receiver: Tcb, may: bool, grants: bool) {
        if may {
            self.give_reply(sender, receiver, grants);
        } else {
            self.set_state(sender, State::Inactive);
        }
    }

    /// Receives a message, or a signal of the bound notification.
    pub(crate) fn receive(&mut self, thread: Tcb, cap: Cap, blocking: bool) {
        if let Some(notification) = thread.bound(self) {
            self.collect_vectors(thread, notification);
            if notification.state(self) == NotificationState::Active {
                self.take(thread, notification);
                return;
            }
        }
        let endpoint = Endpoint(cap.pointer());
        let grants = cap.rights().contains(Rights::GRANT);
        let sender = match endpoint.state(self) {
            EndpointState::Senders => endpoint.head(self),
            _ => None,
        };
        let Some(sender) = sender else {
            if blocking {
                thread.set_blocked_on(self, endpoint.0);
                thread.set_blocked_flags(self, if grants { blocked::GRANT } else { 0 });
                self.set_state(thread, State::BlockedOnReceive);
                endpoint.append(self, thread, RECEIVERS);
            } else {
                thread.set_register(self, reg::BADGE, 0);
            }
            return;
        };
        endpoint.remove(self, sender);
        let (badge, flags) = (sender.blocked_badge(self), sender.blocked_flags(self));
        self.transfer(sender, Some(endpoint), badge, flags & blocked::GRANT != 0, thread);
        if flags & blocked::CALL != 0 {
            let may = flags & (blocked::GRANT | blocked::GRANT_REPLY) != 0;
            self.expect_reply(sender, thread, may, grants);
        } else {
            self.set_state(sender, State::Running);
            self.maybe_switch_to(sender);
        }
    }

    pub(crate) fn leave_endpoint(&mut self, thread: Tcb) {
        let endpoint = Endpoint(thread.blocked_on(self));
        endpoint.remove(self, thread);
        self.set_state(thread, State::Inactive);
    }

    /// All threads at an endpoint try again, and find that it is gone.
    pub(crate) fn cancel_all(&mut self, endpoint: Endpoint) {
        if endpoint.state(self) == EndpointState::Idle {
            return;
        }
        while let Some(thread) = endpoint.head(self) {
            endpoint.remove(self, thread);
            self.try_again(thread);
        }
        self.reschedule();
    }

    /// The senders with a badge try again.
    pub(crate) fn cancel_badged_sends(&mut self, endpoint: Endpoint, badge: usize) {
        if endpoint.state(self) != EndpointState::Senders {
            return;
        }
        let mut next = endpoint.head(self);
        while let Some(thread) = next {
            next = thread.queue_next(self);
            if thread.blocked_badge(self) == badge {
                endpoint.remove(self, thread);
                self.try_again(thread);
            }
        }
        self.reschedule();
    }

    fn try_again(&mut self, thread: Tcb) {
        thread.set_fault_kind(self, abi::fault::NULL);
        self.set_state(thread, State::Restart);
        self.append(thread);
    }
}
