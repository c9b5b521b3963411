//! Short ways of system calls that end in the thread that made them: a signal without a receiver, taking
//! the bits of a notification, giving way to nobody.
//!
//! As with calls and replies, one does the same as the long way, or nothing. None needs more of the
//! thread's registers than those that functions may change.

use crate::{
    Cap, Kernel, Kind,
    entry::Call,
    kernel::DOMAINS,
    lookup::find,
    machine::Machine,
    object::{Notification, NotificationState, State, ThreadQueue, reg},
};
use abi::{Rights, Syscall};

const SEND: isize = Syscall::Send as isize;
const NB_SEND: isize = Syscall::NbSend as isize;
const RECV: isize = Syscall::Recv as isize;
const NB_RECV: isize = Syscall::NbRecv as isize;
const YIELD: isize = Syscall::Yield as isize;

impl<M: Machine> Kernel<M> {
    /// Does a system call of the current thread, if it has a short way. Returns whether it did.
    #[inline(always)]
    pub(crate) fn short_call(&mut self, call: Call, number: isize) -> bool {
        match number {
            SEND | NB_SEND => self.short_signal(call),
            RECV => self.short_receive(call, true),
            NB_RECV => self.short_receive(call, false),
            YIELD => self.short_yield(call),
            _ => false,
        }
    }

    /// Signals a notification for which nobody waits.
    #[inline(always)]
    fn short_signal(&mut self, call: Call) -> bool {
        let Some(cap) = self.notification_of(call, Rights::WRITE) else { return false };
        if call.info.extra_caps() != 0 {
            return false;
        }
        let notification = Notification(cap.pointer());
        let mut badge = cap.badge();
        match notification.state(self) {
            NotificationState::Waiting => return false,
            NotificationState::Active => badge |= notification.badge(self),
            NotificationState::Idle => {
                if let Some(bound) = notification.bound(self)
                    && bound.state(self) == State::BlockedOnReceive
                {
                    return false;
                }
                notification.set_head(self, None, NotificationState::Active as usize);
            }
        }
        notification.set_badge(self, badge);
        true
    }

    /// Takes the bits of a notification, or finds none and does not wait.
    #[inline(always)]
    fn short_receive(&mut self, call: Call, blocking: bool) -> bool {
        let current = call.thread;
        let Some(cap) = self.notification_of(call, Rights::READ) else { return false };
        let notification = Notification(cap.pointer());
        // The long way takes the vectors of a receiver, too.
        if let Some(bound) = notification.bound(self)
            && (bound != current || current.receiver(self) != 0)
        {
            return false;
        }
        if notification.state(self) == NotificationState::Active {
            self.take(current, notification);
            return true;
        }
        if !blocking {
            current.set_register(self, reg::BADGE, 0);
        }
        !blocking
    }

    /// Gives way, if no thread is ready to which it could, and no asynchronous system call waits: the way
    /// out of the long way does those.
    #[inline(always)]
    fn short_yield(&mut self, call: Call) -> bool {
        let current = call.thread;
        self.domain_ticks != 0
            && self.woken.is_none()
            && current.affinity(self) == call.hart
            && (DOMAINS == 1 || current.domain(self) == self.domain)
            && !self.ready[call.hart].has_from(self.domain, current.priority(self))
    }

    /// The notification that a system call names, if the thread has the right to it.
    #[inline(always)]
    fn notification_of(&self, call: Call, right: Rights) -> Option<Cap> {
        let cap = find(self, call.thread.cspace().cap(self), call.cap)?;
        (cap.is(Kind::Notification) && cap.rights().contains(right)).then_some(cap)
    }
}
