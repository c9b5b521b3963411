//! Invocations of threads: start and stop, priorities, notification, hart. Spaces are in
//! `tcb_configure`, registers in `tcb_registers`.

use crate::{
    Failure, Kernel, Kind, Slot, Tcb,
    invocation::Invocation,
    machine::Machine,
    object::{Notification, NotificationState, ThreadQueue, reg},
    schedule::is_runnable,
};
use abi::{Label, Rights};

impl<M: Machine> Kernel<M> {
    pub(crate) fn invoke_thread(&mut self, call: &Invocation) -> Result<(), Failure> {
        let thread = Tcb(call.cap.pointer());
        match Label::from_number(call.info.label()) {
            Some(Label::TcbReadRegisters) => self.read_registers(call, thread),
            Some(Label::TcbWriteRegisters) => self.write_registers(call, thread),
            Some(Label::TcbCopyRegisters) => self.copy_registers(call, thread),
            Some(Label::TcbSuspend) => {
                self.begin(call);
                self.suspend(thread);
                Ok(())
            }
            Some(Label::TcbResume) => {
                self.begin(call);
                self.restart(thread);
                Ok(())
            }
            Some(Label::TcbConfigure) => self.configure(call, thread),
            Some(Label::TcbSetPriority) => {
                let [priority] = self.arguments(call)?;
                self.check_priority(call.extra(0)?, priority)?;
                self.begin(call);
                self.set_priority(thread, priority);
                Ok(())
            }
            Some(Label::TcbSetMcPriority) => {
                let [most] = self.arguments(call)?;
                self.check_priority(call.extra(0)?, most)?;
                self.begin(call);
                thread.set_max_priority(self, most);
                Ok(())
            }
            Some(Label::TcbSetSchedParams) => {
                let [most, priority] = self.arguments(call)?;
                let authority = call.extra(0)?;
                self.check_priority(authority, most)?;
                self.check_priority(authority, priority)?;
                self.begin(call);
                thread.set_max_priority(self, most);
                self.set_priority(thread, priority);
                Ok(())
            }
            Some(Label::TcbSetIpcBuffer) => self.set_ipc_buffer(call, thread),
            Some(Label::TcbSetSpace) => self.set_space(call, thread),
            Some(Label::TcbBindNotification) => self.bind_notification(call, thread),
            Some(Label::TcbUnbindNotification) => {
                if thread.bound(self).is_none() {
                    return Err(Failure::IllegalOperation);
                }
                self.begin(call);
                self.unbind_thread(thread);
                Ok(())
            }
            Some(Label::TcbSetAffinity) => self.set_affinity(call, thread),
            Some(Label::TcbSetTlsBase) => {
                let [base] = self.arguments(call)?;
                self.begin(call);
                thread.set_register(self, reg::TP, base);
                Ok(())
            }
            Some(Label::TcbSetFlags) => {
                // No flag has a meaning: there is no floating point.
                let [_, _] = self.arguments(call)?;
                self.begin(call);
                self.finish_with(call, &[0]);
                Ok(())
            }
            _ => Err(Failure::IllegalOperation),
        }
    }

    /// Fails if the thread that `authority` names may not give a priority.
    fn check_priority(&self, authority: Slot, priority: usize) -> Result<(), Failure> {
        let cap = authority.cap(self);
        if !cap.is(Kind::Thread) {
            return Err(Failure::InvalidCapability(1));
        }
        let most = Tcb(cap.pointer()).max_priority(self);
        if priority > most { Err(Failure::RangeError(0, most)) } else { Ok(()) }
    }

    fn bind_notification(&mut self, call: &Invocation, thread: Tcb) -> Result<(), Failure> {
        let cap = call.extra(0)?.cap(self);
        if thread.bound(self).is_some()
            || !cap.is(Kind::Notification)
            || !cap.rights().contains(Rights::READ)
        {
            return Err(Failure::IllegalOperation);
        }
        let notification = Notification(cap.pointer());
        let waited = notification.state(self) == NotificationState::Waiting;
        if notification.bound(self).is_some() || waited && notification.head(self).is_some() {
            return Err(Failure::IllegalOperation);
        }
        self.begin(call);
        self.bind(thread, notification);
        Ok(())
    }

    fn set_affinity(&mut self, call: &Invocation, thread: Tcb) -> Result<(), Failure> {
        let [hart] = self.arguments(call)?;
        if hart >= self.harts {
            return Err(Failure::IllegalOperation);
        }
        self.begin(call);
        if hart == thread.affinity(self) {
            return Ok(());
        }
        self.leave_hart(thread);
        self.dequeue(thread);
        thread.set_affinity(self, hart);
        if self.is_current(thread) {
            self.reschedule();
        } else if is_runnable(thread.state(self)) {
            self.append(thread);
        }
        Ok(())
    }
}
