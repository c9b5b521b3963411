//! System calls.

use crate::{
    Failure, Kernel, Kind,
    fault::Fault,
    machine::Machine,
    object::{Notification, reg},
};
use abi::{LookupFailure, Rights, Syscall};

const WAKE: isize = Syscall::WakeSyscallHandler as isize;

impl<M: Machine> Kernel<M> {
    /// The current thread made a system call.
    pub(crate) fn system_call(&mut self, number: isize) {
        let result = match number {
            -1 => self.invoke(true, true),
            -2 => {
                #[cfg(feature = "sync-ipc")]
                self.reply();
                self.receive_from(true);
                Ok(())
            }
            -3 => self.invoke(true, false),
            -4 => self.invoke(false, false),
            -5 => {
                self.receive_from(true);
                Ok(())
            }
            -6 => {
                #[cfg(feature = "sync-ipc")]
                self.reply();
                Ok(())
            }
            -7 => {
                self.yield_now();
                Ok(())
            }
            -8 => {
                self.receive_from(false);
                Ok(())
            }
            WAKE => {
                self.wake_requests();
                Ok(())
            }
            _ => {
                self.other_call(number);
                Ok(())
            }
        };
        // The interrupt comes as soon as the thread runs; afterwards its call starts again.
        debug_assert!(result.is_ok() || result == Err(Failure::Preempted));
    }

    fn other_call(&mut self, number: isize) {
        #[cfg(feature = "debug")]
        if let Some(call) = Syscall::from_number(number)
            && self.debug_call(call)
        {
            return;
        }
        let current = self.current();
        self.fault(current, Fault::unknown_syscall(number as usize));
    }

    fn receive_from(&mut self, blocking: bool) {
        let current = self.current();
        let address = current.register(self, reg::CAP);
        let slot = match self.lookup_slot(current, address) {
            Ok(slot) => slot,
            Err(failure) => {
                self.fault(current, Fault::cap(address, true, failure));
                return;
            }
        };
        let cap = slot.cap(self);
        let readable = cap.rights().contains(Rights::READ);
        match cap.kind() {
            #[cfg(feature = "sync-ipc")]
            Kind::Endpoint if readable => {
                self.delete_simple(current.caller());
                self.receive(current, cap, blocking);
            }
            Kind::Notification if readable => {
                let notification = Notification(cap.pointer());
                match notification.bound(self) {
                    Some(thread) if thread != current => self.refuse_receiving(address),
                    _ => self.wait(current, notification, blocking),
                }
            }
            _ => self.refuse_receiving(address),
        }
    }

    fn refuse_receiving(&mut self, address: usize) {
        let current = self.current();
        let failure = LookupFailure::MissingCapability { bits_left: 0 };
        self.fault(current, Fault::cap(address, true, failure));
    }
}

const _: () = {
    assert!(Syscall::Call as isize == -1 && Syscall::ReplyRecv as isize == -2);
    assert!(Syscall::Send as isize == -3 && Syscall::NbSend as isize == -4);
    assert!(Syscall::Recv as isize == -5 && Syscall::Reply as isize == -6);
    assert!(Syscall::Yield as isize == -7 && Syscall::NbRecv as isize == -8);
};
