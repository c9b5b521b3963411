//! What always holds between two entries to the kernel. For tests, and for a kernel that checks
//! itself.

use crate::{
    Kernel, Slot, Tcb,
    kernel::{DOMAINS, HARTS},
    machine::Machine,
    object::{EndpointState, NotificationState, State, ThreadQueue},
    schedule::is_runnable,
};
use abi::MAX_PRIORITY;

/// What does not hold, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken {
    pub what: &'static str,
    pub address: usize,
}

fn require(holds: bool, what: &'static str, address: usize) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken { what, address }) }
}

impl<M: Machine> Kernel<M> {
    /// Checks all ready queues.
    pub fn check_ready_queues(&self) -> Result<(), Broken> {
        for hart in 0..HARTS {
            for domain in 0..DOMAINS {
                for priority in 0..=MAX_PRIORITY {
                    self.check_queue(hart, domain, priority)?;
                }
            }
        }
        Ok(())
    }

    fn check_queue(&self, hart: usize, domain: usize, priority: usize) -> Result<(), Broken> {
        let (head, tail, filled) = self.ready[hart].ends(domain, priority);
        require(filled == (head != 0), "a bit of the ready map", priority)?;
        let mut next = (head != 0).then_some(Tcb(head));
        let mut last: Option<Tcb> = None;
        while let Some(thread) = next {
            require(thread.ready(self), "a queued thread is marked so", thread.0)?;
            require(is_runnable(thread.state(self)), "a queued thread is runnable", thread.0)?;
            require(thread.priority(self) == priority, "priority of a queued thread", thread.0)?;
            require(thread.domain(self) == domain, "domain of a queued thread", thread.0)?;
            require(thread.affinity(self) == hart, "hart of a queued thread", thread.0)?;
            require(thread.ready_previous(self) == last, "links of a ready queue", thread.0)?;
            last = Some(thread);
            next = thread.ready_next(self);
        }
        require(last.map_or(0, |last| last.0) == tail || head == 0, "tail of a queue", tail)
    }

    /// Checks a slot and its neighbours in the derivation tree.
    pub fn check_slot(&self, slot: Slot) -> Result<(), Broken> {
        let node = slot.node(self);
        if slot.is_empty(self) {
            let alone = node.previous.is_none() && node.next.is_none();
            return require(alone, "an empty slot is in no tree", slot.0);
        }
        if let Some(next) = node.next {
            require(next.previous(self) == Some(slot), "links of the tree", slot.0)?;
            require(!next.is_empty(self), "an empty slot in the tree", next.0)?;
        }
        if let Some(previous) = node.previous {
            require(previous.next(self) == Some(slot), "links of the tree", slot.0)?;
        }
        Ok(())
    }

    /// Checks a thread and what it is blocked on.
    pub fn check_thread(&self, thread: Tcb) -> Result<(), Broken> {
        let state = thread.state(self);
        require(!thread.ready(self) || is_runnable(state), "a ready thread runs", thread.0)?;
        let faulty = thread.fault_kind(self) != abi::fault::NULL;
        require(!faulty || !is_runnable(state), "a thread that runs has no fault", thread.0)?;
        match state {
            State::BlockedOnNotification => {
                let notification = crate::object::Notification(thread.blocked_on(self));
                let waited = notification.state(self) == NotificationState::Waiting;
                require(waited && self.queues(notification, thread), "a waiter", thread.0)
            }
            State::BlockedOnReceive | State::BlockedOnSend => {
                let endpoint = crate::object::Endpoint(thread.blocked_on(self));
                let wanted = match state {
                    State::BlockedOnSend => EndpointState::Senders,
                    _ => EndpointState::Receivers,
                };
                let right = endpoint.state(self) == wanted;
                require(right && self.queues(endpoint, thread), "a blocked thread", thread.0)
            }
            _ => Ok(()),
        }
    }

    fn queues(&self, queue: impl ThreadQueue, thread: Tcb) -> bool {
        let mut next = queue.head(self);
        while let Some(queued) = next {
            if queued == thread {
                return true;
            }
            next = queued.queue_next(self);
        }
        false
    }
}
