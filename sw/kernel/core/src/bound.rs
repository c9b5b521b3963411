//! A notification that a thread receives from at endpoints as well.

use crate::{Kernel, Tcb, machine::Machine, object::Notification};

impl<M: Machine> Kernel<M> {
    pub(crate) fn bind(&mut self, thread: Tcb, notification: Notification) {
        notification.set_bound(self, Some(thread));
        thread.set_bound(self, Some(notification));
    }

    pub(crate) fn unbind_notification(&mut self, notification: Notification) {
        if let Some(thread) = notification.bound(self) {
            self.end_receiver(thread);
            notification.set_bound(self, None);
            thread.set_bound(self, None);
        }
    }

    pub(crate) fn unbind_thread(&mut self, thread: Tcb) {
        if let Some(notification) = thread.bound(self) {
            self.end_receiver(thread);
            notification.set_bound(self, None);
            thread.set_bound(self, None);
        }
    }
}
