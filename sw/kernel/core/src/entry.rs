//! Entries to the kernel: why a thread stopped, and which one goes on.
//!
//! The registers of the current thread are in its TCB, with `FAULT_IP` at the instruction that
//! stopped and `NEXT_IP` at the one that runs next. At the end of an entry, the current thread of the hart
//! is the one to run.

use crate::{Kernel, Tcb, fault::Fault, kernel::Action, machine::Machine, object::reg};
use abi::MessageInfo;

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

/// A system call, for the short ways.
#[derive(Clone, Copy)]
pub struct Call {
    /// The hart that has the kernel, as in [`Kernel::hart`].
    pub hart: usize,
    /// The thread that made the call: the current one of the hart.
    pub thread: Tcb,
    /// Its registers [`reg::CAP`] and [`reg::INFO`].
    pub cap: usize,
    pub info: MessageInfo,
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

    /// Does a call in a short way, if it has one. Returns the thread that runs next.
    #[inline(always)]
    pub fn enter_call(&mut self, call: Call) -> Option<Tcb> {
        #[cfg(feature = "sync-ipc")]
        return self.checked(|kernel| kernel.fast_call(call));
        #[cfg(not(feature = "sync-ipc"))]
        {
            let _ = call;
            None
        }
    }

    /// As [`Self::enter_call`], for ReplyRecv.
    #[inline(always)]
    pub fn enter_reply_receive(&mut self, call: Call) -> Option<Tcb> {
        #[cfg(feature = "sync-ipc")]
        return self.checked(|kernel| kernel.fast_reply_receive(call));
        #[cfg(not(feature = "sync-ipc"))]
        {
            let _ = call;
            None
        }
    }

    /// Does another system call in a short way after which the same thread goes on, if it has one.
    /// Returns whether it did.
    #[inline(always)]
    pub fn enter_short(&mut self, call: Call, number: isize) -> bool {
        self.checked(|kernel| kernel.short_call(call, number).then_some(())).is_some()
    }

    /// Whether a thread is the one of this hart, and nothing is to be decided at the end of this entry.
    /// Between two entries no other hart can change that if this one alone takes part.
    #[inline(always)]
    pub fn goes_on(&self, thread: Tcb) -> bool {
        let node = self.node();
        node.current == thread.0 && node.action == Action::Resume
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

    /// Goes a short way. A kernel that checks itself does so at the end of one that was gone.
    #[inline(always)]
    fn checked<T>(&mut self, way: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let gone = way(self);
        #[cfg(feature = "checks")]
        if gone.is_some() {
            self.check_entry();
        }
        gone
    }

    fn kicked(&mut self) {
        self.deliver_tasks();
        // An address space may have ended.
        if !self.is_idle() {
            let current = self.current();
            self.set_vspace_of(current);
        }
        self.reschedule();
    }

    /// Whether the thread with which this hart entered the kernel is still its own: another hart may
    /// have stopped it.
    pub fn still_runs(&self, thread: Tcb) -> bool {
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
