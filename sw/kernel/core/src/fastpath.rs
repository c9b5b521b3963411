//! The short way for calls and replies between threads that are both ready for them.
//!
//! It does the same as the long way, or nothing: all checks come before the first change. The tests
//! compare both.

use crate::{
    Cap, Kernel, Kind, Slot, Tcb,
    kernel::{Action, DOMAINS},
    lookup::{WORD_BITS, resolve},
    machine::Machine,
    object::{Endpoint, EndpointState, NotificationState, State, ThreadQueue, blocked, reg},
    slot::Node,
};
use abi::{MessageInfo, Rights, message::REGISTERS};

const RECEIVERS: usize = EndpointState::Receivers as usize;

/// A thread that can be switched to: root table and ASID of its address space.
struct Ready {
    thread: Tcb,
    root: usize,
    asid: usize,
}

impl<M: Machine> Kernel<M> {
    /// Does a call, if the receiver waits and may run at once. Returns whether it did.
    #[inline(always)]
    pub(crate) fn fast_call(&mut self) -> bool {
        let current = self.current();
        let Some((info, cap)) = self.short_message(current) else { return false };
        let rights = cap.rights();
        let may = rights.contains(Rights::WRITE)
            && rights.0 & (Rights::GRANT.0 | Rights::GRANT_REPLY.0) != 0;
        let endpoint = Endpoint(cap.pointer());
        if !may || endpoint.state(self) != EndpointState::Receivers {
            return false;
        }
        let Some(receiver) = endpoint.head(self) else { return false };
        let Some(ready) = self.ready_to_run(receiver) else { return false };
        let priority = receiver.priority(self);
        // The current thread is the most important one; what is not less important can follow it.
        if priority < current.priority(self) && !self.is_highest(priority) {
            return false;
        }
        let next = receiver.queue_next(self);
        let state = if next.is_none() { 0 } else { RECEIVERS };
        endpoint.set_head(self, next, state);
        match next {
            None => endpoint.set_tail(self, None),
            Some(next) => next.set_queue_previous(self, None),
        }
        let grant = receiver.blocked_flags(self) & blocked::GRANT != 0;
        current.set_state(self, State::BlockedOnReply);
        self.link_reply(current, receiver, grant);
        self.hand_over(current, &ready, cap.badge(), info);
        true
    }

    /// Replies to the last caller and waits for the next message, if the caller may run at once
    /// and no message waits. Returns whether it did.
    #[inline(always)]
    pub(crate) fn fast_reply_receive(&mut self) -> bool {
        let current = self.current();
        let Some((info, cap)) = self.short_message(current) else { return false };
        let endpoint = Endpoint(cap.pointer());
        let reply_slot = current.caller();
        let reply = reply_slot.cap(self);
        if !cap.rights().contains(Rights::READ)
            || endpoint.state(self) == EndpointState::Senders
            || !reply.is(Kind::Reply)
            || reply.is_master()
        {
            return false;
        }
        if let Some(notification) = current.bound(self)
            && notification.state(self) == NotificationState::Active
        {
            return false;
        }
        let caller = Tcb(reply.pointer());
        if caller.fault_kind(self) != abi::fault::NULL {
            return false;
        }
        let Some(ready) = self.ready_to_run(caller) else { return false };
        if !self.is_highest(caller.priority(self)) {
            return false;
        }
        let grant = cap.rights().contains(Rights::GRANT);
        current.set_blocked_on(self, endpoint.0);
        current.set_blocked_flags(self, if grant { blocked::GRANT } else { 0 });
        current.set_state(self, State::BlockedOnReceive);
        endpoint.append(self, current, RECEIVERS);
        self.unlink_reply(reply_slot, caller);
        self.hand_over(current, &ready, 0, info);
        true
    }

    /// The message and the endpoint of a call with words in registers alone, and no capabilities.
    #[inline(always)]
    fn short_message(&self, thread: Tcb) -> Option<(MessageInfo, Cap)> {
        let info = MessageInfo(thread.register(self, reg::INFO));
        if info.extra_caps() != 0 || info.length() > REGISTERS {
            return None;
        }
        let root = thread.cspace().cap(self);
        let address = thread.register(self, reg::CAP);
        let (slot, _) = resolve(self, root, address, WORD_BITS).ok()?;
        let cap = slot.cap(self);
        cap.is(Kind::Endpoint).then_some((info, cap))
    }

    /// Whether a thread can run here: it belongs to this hart and domain, and its address space is
    /// one of now.
    #[inline(always)]
    fn ready_to_run(&self, thread: Tcb) -> Option<Ready> {
        let (root, asid) = self.space(thread.vspace().cap(self))?;
        // Neither it nor the current one has user interrupts, which the long way exchanges.
        let here = thread.placement(self) == self.node().plain
            && (DOMAINS == 1 || thread.domain(self) == self.domain);
        (here && self.node().action == Action::Resume).then_some(Ready { thread, root, asid })
    }

    #[inline(always)]
    fn link_reply(&mut self, sender: Tcb, receiver: Tcb, grant: bool) {
        let (master, slot) = (sender.reply(), receiver.caller());
        slot.set_cap(self, Cap::reply(sender.0, false, grant));
        slot.set_node(self, Node { previous: Some(master), ..Node::ALONE });
        master.set_next(self, Some(slot));
    }

    #[inline(always)]
    fn unlink_reply(&mut self, slot: Slot, caller: Tcb) {
        caller.reply().set_next(self, None);
        slot.set_cap(self, Cap::NULL);
        slot.set_node(self, Node::ALONE);
    }

    /// Copies the message, and makes its receiver the current thread.
    #[inline(always)]
    fn hand_over(&mut self, sender: Tcb, ready: &Ready, badge: usize, info: MessageInfo) {
        let receiver = ready.thread;
        for register in (reg::MESSAGE..).take(info.length()) {
            let word = sender.register(self, register);
            receiver.set_register(self, register, word);
        }
        let arrived = MessageInfo::new(info.label(), 0, 0, info.length());
        receiver.set_register(self, reg::INFO, arrived.0);
        receiver.set_register(self, reg::BADGE, badge);
        receiver.set_state(self, State::Running);
        self.use_space(ready.root, ready.asid);
        self.node_mut().current = receiver.0;
    }
}
