//! The short way for calls and replies between threads that are both ready for them.
//!
//! It does the same as the long way, or nothing: all checks come before the first change. The tests
//! compare both.

use crate::{
    Cap, Kernel, Kind, Slot, Tcb,
    entry::Call,
    kernel::DOMAINS,
    lookup::find,
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
    /// Does a call, if the receiver waits and may run at once. Returns the receiver.
    #[inline(always)]
    pub(crate) fn fast_call(&mut self, call: Call) -> Option<Tcb> {
        let current = call.thread;
        let cap = self.short_message(call)?;
        let rights = cap.rights();
        let may = rights.contains(Rights::WRITE)
            && rights.0 & (Rights::GRANT.0 | Rights::GRANT_REPLY.0) != 0;
        let endpoint = Endpoint(cap.pointer());
        if !may || endpoint.state(self) != EndpointState::Receivers {
            return None;
        }
        let receiver = endpoint.head(self)?;
        let ready = self.ready_to_run(call.hart, receiver)?;
        let priority = receiver.priority(self);
        // The current thread is the most important one; what is not less important can follow it.
        if priority < current.priority(self)
            && self.ready[call.hart].has_above(self.domain, priority)
        {
            return None;
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
        self.hand_over(call, &ready, cap.badge());
        Some(receiver)
    }

    /// Replies to the last caller and waits for the next message, if the caller may run at once
    /// and no message waits. Returns the caller.
    #[inline(always)]
    pub(crate) fn fast_reply_receive(&mut self, call: Call) -> Option<Tcb> {
        let current = call.thread;
        let cap = self.short_message(call)?;
        let endpoint = Endpoint(cap.pointer());
        let reply_slot = current.caller();
        let reply = reply_slot.cap(self);
        if !cap.rights().contains(Rights::READ)
            || endpoint.state(self) == EndpointState::Senders
            || !reply.is(Kind::Reply)
            || reply.is_master()
        {
            return None;
        }
        if let Some(notification) = current.bound(self)
            && notification.state(self) == NotificationState::Active
        {
            return None;
        }
        let caller = Tcb(reply.pointer());
        if caller.fault_kind(self) != abi::fault::NULL {
            return None;
        }
        let ready = self.ready_to_run(call.hart, caller)?;
        if self.ready[call.hart].has_above(self.domain, caller.priority(self)) {
            return None;
        }
        let grant = cap.rights().contains(Rights::GRANT);
        current.set_blocked_on(self, endpoint.0);
        current.set_blocked_flags(self, if grant { blocked::GRANT } else { 0 });
        current.set_state(self, State::BlockedOnReceive);
        endpoint.append(self, current, RECEIVERS);
        self.unlink_reply(reply_slot, caller);
        self.hand_over(call, &ready, 0);
        Some(caller)
    }

    /// The endpoint of a call with words in registers alone, and no capabilities.
    #[inline(always)]
    fn short_message(&self, call: Call) -> Option<Cap> {
        if call.info.extra_caps() != 0 || call.info.length() > REGISTERS {
            return None;
        }
        let cap = find(self, call.thread.cspace().cap(self), call.cap)?;
        cap.is(Kind::Endpoint).then_some(cap)
    }

    /// Whether a thread can run on this hart: it belongs there and to this domain, and its address space
    /// is one of now.
    #[inline(always)]
    fn ready_to_run(&self, hart: usize, thread: Tcb) -> Option<Ready> {
        // Neither it nor the current one has user interrupts, which the long way exchanges.
        if thread.placement(self) != self.nodes[hart].plain
            || (DOMAINS > 1 && thread.domain(self) != self.domain)
        {
            return None;
        }
        let (root, asid) = self.space(thread.vspace().cap(self))?;
        Some(Ready { thread, root, asid })
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
    fn hand_over(&mut self, call: Call, ready: &Ready, badge: usize) {
        let (sender, receiver, info) = (call.thread, ready.thread, call.info);
        for register in (reg::MESSAGE..).take(info.length()) {
            let word = sender.register(self, register);
            receiver.set_register(self, register, word);
        }
        let arrived = MessageInfo::new(info.label(), 0, 0, info.length());
        receiver.set_register(self, reg::INFO, arrived.0);
        receiver.set_register(self, reg::BADGE, badge);
        receiver.set_state(self, State::Running);
        let node = &mut self.nodes[call.hart];
        node.current = receiver.0;
        node.space = ready.root;
        self.machine.set_address_space(ready.root, ready.asid);
    }
}
