//! Interrupts of devices: each is given to one handler, and signals a notification.

use crate::{
    Cap, Failure, Kernel, Kind, Slot,
    invocation::Invocation,
    kernel::{IRQS, IrqState},
    machine::Machine,
    object::Notification,
};
use abi::{Label, Rights};

impl<M: Machine> Kernel<M> {
    /// The slot that holds the notification of an interrupt.
    pub(crate) fn irq_slot(&self, irq: usize) -> Slot {
        Slot(self.irq_slots + 32 * (irq % IRQS))
    }

    pub(crate) fn invoke_irq_control(&mut self, call: &Invocation) -> Result<(), Failure> {
        let (irq, index, depth) = match Label::from_number(call.info.label()) {
            Some(Label::IrqIssueHandler) => {
                let [irq, index, depth] = self.arguments(call)?;
                (irq, index, depth)
            }
            Some(Label::IrqIssueHandlerTrigger) => {
                // The interrupt controller knows the triggers itself.
                let [irq, _trigger, index, depth] = self.arguments(call)?;
                (irq, index, depth)
            }
            _ => return Err(Failure::IllegalOperation),
        };
        let root = call.extra(0)?.cap(self);
        if !(1..IRQS).contains(&irq) {
            return Err(Failure::RangeError(1, IRQS - 1));
        }
        if self.irqs[irq] != IrqState::Inactive {
            return Err(Failure::RevokeFirst);
        }
        let slot = self.lookup_target(false, root, index, depth)?;
        self.ensure_empty(slot)?;
        self.begin(call);
        self.irqs[irq] = IrqState::Handled;
        self.machine.enable_irq(irq, true);
        self.insert(Cap::irq_handler(irq), call.slot, slot);
        Ok(())
    }

    pub(crate) fn invoke_irq_handler(&mut self, call: &Invocation) -> Result<(), Failure> {
        let irq = call.cap.irq();
        match Label::from_number(call.info.label()) {
            Some(Label::IrqAck) => {
                self.begin(call);
                // A controller ignores the end of an interrupt that is not enabled.
                self.machine.enable_irq(irq, true);
                self.machine.complete_irq(irq);
                Ok(())
            }
            Some(Label::IrqSetNotification) => {
                let source = call.extra(0)?;
                let cap = source.cap(self);
                if !cap.is(Kind::Notification) || !cap.rights().contains(Rights::WRITE) {
                    return Err(Failure::InvalidCapability(0));
                }
                self.begin(call);
                let slot = self.irq_slot(irq);
                self.delete_simple(slot);
                self.insert(cap, source, slot);
                Ok(())
            }
            Some(Label::IrqClear) => {
                self.begin(call);
                self.forget_irq(irq);
                Ok(())
            }
            _ => Err(Failure::IllegalOperation),
        }
    }

    /// No notification is signalled any more, and no task woken.
    pub(crate) fn forget_irq(&mut self, irq: usize) {
        self.withdraw_line(irq);
        let slot = self.irq_slot(irq);
        self.delete_simple(slot);
    }

    /// The last handler of an interrupt is gone.
    pub(crate) fn irq_freed(&mut self, irq: usize) {
        self.irqs[irq % IRQS] = IrqState::Inactive;
        self.machine.enable_irq(irq, false);
    }

    /// A device interrupt came. It does not come again before it is acknowledged.
    pub(crate) fn device_irq(&mut self, irq: usize) {
        if irq == 0 || irq >= IRQS || self.irqs[irq] == IrqState::Inactive {
            self.machine.enable_irq(irq, false);
            self.machine.complete_irq(irq);
            return;
        }
        let cap = self.irq_slot(irq).cap(self);
        if cap.is(Kind::Notification) && cap.rights().contains(Rights::WRITE) {
            self.signal(Notification(cap.pointer()), cap.badge());
        } else {
            // Nobody can acknowledge it.
            self.machine.enable_irq(irq, false);
            self.machine.complete_irq(irq);
        }
    }
}
