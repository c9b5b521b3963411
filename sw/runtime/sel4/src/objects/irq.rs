//! Interrupts of devices.

use super::{IrqControl, IrqHandler, Notification, Place};
use crate::{Label, Result, invoke};

impl IrqControl {
    /// Puts a capability for an interrupt, which has no handler yet, into a slot.
    pub fn handler(self, irq: usize, to: Place) -> Result {
        let words = [irq, to.index, to.depth];
        invoke(self.0, Label::IrqIssueHandler, &[to.root.0], &words).map(drop)
    }

    /// The same; `edge` says how the device tells of it.
    pub fn handler_with_trigger(self, irq: usize, edge: bool, to: Place) -> Result {
        let words = [irq, usize::from(edge), to.index, to.depth];
        invoke(self.0, Label::IrqIssueHandlerTrigger, &[to.root.0], &words).map(drop)
    }
}

impl IrqHandler {
    /// The interrupt has been served; the next one may come.
    pub fn acknowledge(self) -> Result {
        invoke(self.0, Label::IrqAck, &[], &[]).map(drop)
    }

    /// Interrupts signal this notification.
    pub fn set_notification(self, notification: Notification) -> Result {
        invoke(self.0, Label::IrqSetNotification, &[notification.0], &[]).map(drop)
    }

    /// Interrupts signal nothing any more.
    pub fn clear(self) -> Result {
        invoke(self.0, Label::IrqClear, &[], &[]).map(drop)
    }
}
