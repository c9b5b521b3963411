//! Entries to the kernel: why a thread stopped, and which one goes on.
//!
//! The registers of the current thread are in its TCB, with `FAULT_IP` at the instruction that
//! stopped and `NEXT_IP` at the one that runs next. At the end of an entry, the current thread of the hart
//! is the one to run.

use crate::{Kernel, fault::Fault, machine::Machine, object::reg};

/// Why a hart enters the kernel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry {
    /// A system call, with its number.
    Syscall(isize),
    /// An access that the address space does not allow.
    MemoryFault { address: usize, fetch: bool, cause: usize },
    /// Another exception.
    Exception { cause: usize, code: usize },
    /// The timer.
    Tick,
    /// A device; the interrupt is claimed.
    Device(usize),
    /// A user interrupt for a thread that sleeps.
    UserInterrupt,
    /// Another hart changed what this one should do, or nothing is to be done.
    Kick,
}

impl<M: Machine> Kernel<M> {
    /// Does what the hart entered the kernel for.
    pub fn enter(&mut self, entry: Entry) {
        match entry {
            Entry::Syscall(number) => self.system_call(number),
            Entry::MemoryFault { address, fetch, cause } => {
                let current = self.current();
                self.fault(current, Fault::memory(address, fetch, cause));
            }
            Entry::Exception { cause, code } => {
                let current = self.current();
                self.fault(current, Fault::user_exception(cause, code));
            }
            Entry::Tick => {
                self.tick();
                self.serve_woken(true);
            }
            Entry::Device(irq) => self.device_irq(irq),
            Entry::UserInterrupt => self.wake_sleepers(),
            Entry::Kick => self.kicked(),
        }
        self.leave();
    }

    /// Does the current thread's call in a short way, if it has one. Returns whether it did.
    #[inline(always)]
    pub fn enter_call(&mut self) -> bool {
        #[cfg(feature = "sync-ipc")]
        return self.fast_call() && self.checked();
        #[cfg(not(feature = "sync-ipc"))]
        false
    }

    /// As [`Self::enter_call`], for ReplyRecv.
    #[inline(always)]
    pub fn enter_reply_receive(&mut self) -> bool {
        #[cfg(feature = "sync-ipc")]
        return self.fast_reply_receive() && self.checked();
        #[cfg(not(feature = "sync-ipc"))]
        false
    }

    /// Decides which thread runs, and prepares it.
    pub fn leave(&mut self) {
        self.schedule();
        if self.woken.is_some() {
            self.serve_woken(false);
            self.schedule();
        }
        self.find_lost_space();
        self.activate();
        #[cfg(feature = "checks")]
        self.check_entry();
    }

    /// Checks the kernel after a short way, if it is one that checks itself.
    #[cfg(feature = "sync-ipc")]
    #[inline(always)]
    fn checked(&self) -> bool {
        #[cfg(feature = "checks")]
        self.check_entry();
        true
    }

    fn kicked(&mut self) {
        // An address space may have ended.
        if !self.is_idle() {
            let current = self.current();
            self.set_vspace_of(current);
        }
        self.reschedule();
    }

    /// Whether the thread with which this hart entered the kernel is still its own: another hart may
    /// have stopped it.
    pub fn still_runs(&self, thread: crate::Tcb) -> bool {
        self.is_current(thread)
    }

    /// Sets where the thread that entered the kernel was, and where it goes on.
    #[inline]
    pub fn set_place(&mut self, fault_ip: usize, next_ip: usize) {
        let current = self.current();
        current.set_register(self, reg::FAULT_IP, fault_ip);
        current.set_register(self, reg::NEXT_IP, next_ip);
    }
}
