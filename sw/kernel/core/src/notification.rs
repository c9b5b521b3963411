//! Notifications: a word of bits that are set by signals and taken by one waiter.

use crate::{
    Kernel, Tcb,
    machine::Machine,
    object::{Notification, NotificationState, State, ThreadQueue, reg},
};

const IDLE: usize = NotificationState::Idle as usize;
const WAITING: usize = NotificationState::Waiting as usize;
const ACTIVE: usize = NotificationState::Active as usize;

impl<M: Machine> Kernel<M> {
    pub(crate) fn signal(&mut self, notification: Notification, badge: usize) {
        match notification.state(self) {
            NotificationState::Idle => match notification.bound(self) {
                Some(thread) if thread.state(self) == State::BlockedOnReceive => {
                    self.cancel_ipc(thread);
                    self.deliver(thread, badge);
                }
                _ => {
                    notification.set_head(self, None, ACTIVE);
                    notification.set_badge(self, badge);
                }
            },
            NotificationState::Waiting => {
                if let Some(thread) = notification.head(self) {
                    notification.remove(self, thread);
                    self.deliver(thread, badge);
                }
            }
            NotificationState::Active => {
                let badge = notification.badge(self) | badge;
                notification.set_badge(self, badge);
            }
        }
    }

    fn deliver(&mut self, thread: Tcb, badge: usize) {
        self.set_state(thread, State::Running);
        thread.set_register(self, reg::BADGE, badge);
        self.maybe_switch_to(thread);
    }

    /// Takes the bits, or waits for some. A call that does not block gets 0.
    pub(crate) fn wait(&mut self, thread: Tcb, notification: Notification, blocking: bool) {
        self.collect_vectors(thread, notification);
        match notification.state(self) {
            NotificationState::Active => self.take(thread, notification),
            _ if blocking => {
                thread.set_blocked_on(self, notification.0);
                self.set_state(thread, State::BlockedOnNotification);
                notification.append(self, thread, WAITING);
            }
            _ => thread.set_register(self, reg::BADGE, 0),
        }
    }

    /// Takes the bits of an active notification.
    pub(crate) fn take(&mut self, thread: Tcb, notification: Notification) {
        let badge = notification.badge(self);
        thread.set_register(self, reg::BADGE, badge);
        notification.set_head(self, None, IDLE);
    }

    pub(crate) fn leave_notification(&mut self, thread: Tcb) {
        let notification = Notification(thread.blocked_on(self));
        notification.remove(self, thread);
        self.set_state(thread, State::Inactive);
    }

    /// All waiters wait again, and find that the notification is gone.
    pub(crate) fn cancel_all_waiters(&mut self, notification: Notification) {
        if notification.state(self) != NotificationState::Waiting {
            return;
        }
        while let Some(thread) = notification.head(self) {
            notification.remove(self, thread);
            self.set_state(thread, State::Restart);
            self.append(thread);
        }
        self.reschedule();
    }
}
