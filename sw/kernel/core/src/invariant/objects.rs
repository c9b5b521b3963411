//! Threads, endpoints and notifications, and the links between them.

use super::{Broken, Checked, marks::Found, require};
use crate::{
    Kernel, Tcb,
    kernel::{DOMAINS, HARTS},
    machine::Machine,
    object::{Endpoint, EndpointState, Notification, NotificationState, State, ThreadQueue},
    schedule::is_runnable,
};
use abi::MAX_PRIORITY;

/// No queue of an object is longer.
const MOST: usize = 1 << 16;

fn is_blocked(state: State) -> bool {
    matches!(state, State::BlockedOnReceive | State::BlockedOnSend | State::BlockedOnNotification)
}

impl<M: Machine> Kernel<M> {
    /// Checks the objects that the census has found, and that what the kernel links to is there.
    pub(super) fn check_objects(&self) -> Checked {
        let mut queued = 0;
        for endpoint in self.marks.iter(Found::Endpoint).map(Endpoint) {
            queued += self.check_endpoint(endpoint)?;
        }
        for notification in self.marks.iter(Found::Notification).map(Notification) {
            queued += self.check_notification(notification)?;
        }
        let mut blocked = 0;
        for thread in self.marks.iter(Found::Thread).map(Tcb) {
            self.check_words(thread)?;
            blocked += usize::from(is_blocked(thread.state(self)));
        }
        require(queued == blocked, "each blocked thread is in a queue", blocked)?;
        self.each_ready(|thread| self.require_thread(thread))?;
        for node in &self.nodes[..self.harts.min(HARTS)] {
            if node.current != node.idle {
                self.require_thread(Tcb(node.current))?;
            }
        }
        Ok(())
    }

    fn require_thread(&self, thread: Tcb) -> Checked {
        require(self.marks.has(thread.0, Found::Thread), "a thread that exists", thread.0)
    }

    /// Checks an endpoint. Returns how many threads wait there.
    fn check_endpoint(&self, endpoint: Endpoint) -> Checked<usize> {
        let wanted = match endpoint.state(self) {
            EndpointState::Idle => None,
            EndpointState::Senders => Some(State::BlockedOnSend),
            EndpointState::Receivers => Some(State::BlockedOnReceive),
        };
        self.check_object_queue(endpoint, wanted)
    }

    /// As [`Self::check_endpoint`].
    fn check_notification(&self, notification: Notification) -> Checked<usize> {
        let wanted = match notification.state(self) {
            NotificationState::Waiting => Some(State::BlockedOnNotification),
            NotificationState::Idle | NotificationState::Active => None,
        };
        if let Some(thread) = notification.bound(self) {
            self.require_thread(thread)?;
            let agreed = thread.bound(self) == Some(notification);
            require(agreed, "a bound notification", notification.0)?;
            let other = notification.head(self).is_some_and(|head| head != thread);
            require(!other, "the waiter of a bound notification", notification.0)?;
        }
        self.check_object_queue(notification, wanted)
    }

    /// Checks a queue: the threads in it are in the wanted state, blocked on this object.
    fn check_object_queue(&self, queue: impl ThreadQueue, wanted: Option<State>) -> Checked<usize> {
        let address = queue.address();
        let (mut next, mut last, mut count) = (queue.head(self), None, 0);
        require(next.is_some() == wanted.is_some(), "the state of an object", address)?;
        while let Some(thread) = next {
            self.require_thread(thread)?;
            require(Some(thread.state(self)) == wanted, "the state of a waiter", thread.0)?;
            require(thread.blocked_on(self) == address, "the object of a waiter", thread.0)?;
            require(thread.queue_previous(self) == last, "links of a queue", thread.0)?;
            last = Some(thread);
            count += 1;
            require(count < MOST, "the end of a queue", address)?;
            next = thread.queue_next(self);
        }
        require(queue.tail(self) == last, "the tail of a queue", address)?;
        Ok(count)
    }

    /// Checks the words of a thread.
    fn check_words(&self, thread: Tcb) -> Checked {
        self.check_thread(thread)?;
        require(thread.priority(self) <= MAX_PRIORITY, "a priority", thread.0)?;
        require(thread.max_priority(self) <= MAX_PRIORITY, "a greatest priority", thread.0)?;
        require(thread.domain(self) < DOMAINS, "a domain", thread.0)?;
        require(thread.affinity(self) < self.harts.min(HARTS), "a hart", thread.0)?;
        if let Some(notification) = thread.bound(self) {
            let there = self.marks.has(notification.0, Found::Notification);
            require(there, "a notification that exists", thread.0)?;
            let agreed = notification.bound(self) == Some(thread);
            require(agreed, "the thread of a bound notification", thread.0)?;
        }
        let on = thread.blocked_on(self);
        let there = match thread.state(self) {
            State::BlockedOnNotification => self.marks.has(on, Found::Notification),
            State::BlockedOnReceive | State::BlockedOnSend => self.marks.has(on, Found::Endpoint),
            State::Idle => false,
            _ => true,
        };
        require(there, "the object on which a thread is blocked", thread.0)?;
        let current =
            self.nodes[..self.harts.min(HARTS)].iter().any(|node| node.current == thread.0);
        let waits = is_runnable(thread.state(self)) && !thread.ready(self);
        require(!waits || current, "a thread that can run is ready or runs", thread.0)
    }

    /// Checks a thread: its state agrees with the ready queues, and with what it is blocked on.
    pub fn check_thread(&self, thread: Tcb) -> Result<(), Broken> {
        let state = thread.state(self);
        require(!thread.ready(self) || is_runnable(state), "a ready thread runs", thread.0)?;
        let faulty = thread.fault_kind(self) != abi::fault::NULL;
        require(!faulty || !is_runnable(state), "a thread that runs has no fault", thread.0)
    }
}
