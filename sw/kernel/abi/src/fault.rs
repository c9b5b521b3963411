//! Messages by which the kernel tells a handler of a thread's fault.
//!
//! The label is the kind. A reply to a fault message resumes the thread; the reply's label 0 lets
//! it go on, any other leaves it stopped. The reply to an unknown system call or a user exception
//! sets registers of the thread, in the order of the message.

/// No fault; never sent.
pub const NULL: usize = 0;
pub const CAP: usize = 1;
pub const UNKNOWN_SYSCALL: usize = 2;
pub const USER_EXCEPTION: usize = 3;
pub const VM: usize = 5;

/// Words of a capability fault. The words of [`crate::LookupFailure`] begin at `LOOKUP_FAILURE`.
pub mod cap {
    pub const IP: usize = 0;
    pub const ADDRESS: usize = 1;
    /// 1 if the capability to receive from was missing.
    pub const IN_RECEIVE_PHASE: usize = 2;
    pub const LOOKUP_FAILURE: usize = 3;
}

/// Words of an unknown system call.
pub mod unknown_syscall {
    pub const FAULT_IP: usize = 0;
    pub const SP: usize = 1;
    pub const RA: usize = 2;
    /// `a0` to `a6`.
    pub const A0: usize = 3;
    /// The number of the call.
    pub const SYSCALL: usize = 10;
    pub const LENGTH: usize = 11;
    /// Words that a reply can set.
    pub const REPLY_LENGTH: usize = 10;
}

/// Words of a user exception.
pub mod user_exception {
    pub const FAULT_IP: usize = 0;
    pub const SP: usize = 1;
    /// The hart's cause.
    pub const NUMBER: usize = 2;
    pub const CODE: usize = 3;
    pub const LENGTH: usize = 4;
    /// Words that a reply can set.
    pub const REPLY_LENGTH: usize = 2;
}

/// Words of a fault of virtual memory.
pub mod vm {
    pub const IP: usize = 0;
    pub const ADDRESS: usize = 1;
    /// 1 if an instruction was fetched.
    pub const PREFETCH: usize = 2;
    /// The cause of the access fault of this kind: 1, 5 or 7, of a page fault as well.
    pub const STATUS: usize = 3;
    pub const LENGTH: usize = 4;
}
