//! Faults of threads.

use crate::{Kernel, Tcb, machine::Machine, object::State};
use abi::{LookupFailure, fault};

/// What a thread did wrong: the kind, and words that depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub kind: usize,
    pub words: [usize; 6],
}

impl Fault {
    /// A capability was missing: to send through, or to receive from.
    pub const fn cap(address: usize, receiving: bool, failure: LookupFailure) -> Self {
        let ([a, b, c, d], _) = failure.words();
        Self { kind: fault::CAP, words: [address, receiving as usize, a, b, c, d] }
    }

    pub const fn unknown_syscall(number: usize) -> Self {
        Self { kind: fault::UNKNOWN_SYSCALL, words: [number, 0, 0, 0, 0, 0] }
    }

    pub const fn user_exception(cause: usize, code: usize) -> Self {
        Self { kind: fault::USER_EXCEPTION, words: [cause, code, 0, 0, 0, 0] }
    }

    pub const fn memory(address: usize, fetch: bool, cause: usize) -> Self {
        Self { kind: fault::VM, words: [address, fetch as usize, cause, 0, 0, 0] }
    }
}

impl<M: Machine> Kernel<M> {
    /// Tells the handler of a thread's fault. A thread without one stops.
    pub(crate) fn fault(&mut self, thread: Tcb, fault: Fault) {
        #[cfg(feature = "sync-ipc")]
        if self.send_fault(thread, fault) {
            return;
        }
        #[cfg(feature = "debug")]
        self.report(thread, fault);
        #[cfg(not(feature = "debug"))]
        let _ = fault;
        self.set_state(thread, State::Inactive);
    }

    /// Sends the fault to its handler. Returns false if there is none.
    #[cfg(feature = "sync-ipc")]
    fn send_fault(&mut self, thread: Tcb, fault: Fault) -> bool {
        use crate::{Kind, endpoint::Sending, object::Endpoint};
        use abi::Rights;
        let Ok(slot) = self.lookup_slot(thread, thread.fault_handler(self)) else { return false };
        let cap = slot.cap(self);
        let rights = cap.rights();
        let (grant, grant_reply) =
            (rights.contains(Rights::GRANT), rights.contains(Rights::GRANT_REPLY));
        if !cap.is(Kind::Endpoint) || !rights.contains(Rights::WRITE) || !(grant || grant_reply) {
            return false;
        }
        thread.set_fault_kind(self, fault.kind);
        for (index, word) in fault.words.into_iter().enumerate() {
            thread.set_fault_word(self, index, word);
        }
        let how = Sending { blocking: true, call: true, badge: cap.badge(), grant, grant_reply };
        self.send(thread, Endpoint(cap.pointer()), how);
        true
    }

    /// Prints why a thread stops.
    #[cfg(feature = "debug")]
    fn report(&mut self, thread: Tcb, fault: Fault) {
        use crate::object::reg;
        let pc = thread.register(self, reg::FAULT_IP);
        let [first, second, third, ..] = fault.words;
        self.print("thread ");
        self.print_name(thread);
        self.print(" stops: fault ");
        for word in [fault.kind, first, second, third] {
            self.print_number(word);
            self.print(" ");
        }
        self.print("at ");
        self.print_number(pc);
        self.print("\n");
    }
}
