//! Numbers of the system calls, which stand in `a7`.

/// A system call. Those after [`Syscall::NbRecv`] are for debugging, but the last.
///
/// The numbers between belong to calls of seL4 that a kernel without the feature does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(isize)]
pub enum Syscall {
    Call = -1,
    ReplyRecv = -2,
    Send = -3,
    NbSend = -4,
    Recv = -5,
    Reply = -6,
    Yield = -7,
    NbRecv = -8,
    DebugPutChar = -9,
    DebugDumpScheduler = -10,
    DebugHalt = -11,
    DebugCapIdentify = -12,
    DebugSnapshot = -13,
    DebugNameThread = -14,
    DebugSendIpi = -15,
    /// ReL4: wakes the kernel's handler of asynchronous system calls. seL4's debug build has
    /// `DebugGetThreadAffinity` here, which ReL4 leaves out.
    WakeSyscallHandler = -16,
    /// seL4's benchmark builds: a system call that does nothing.
    BenchmarkNullSyscall = -22,
}

const ALL: [Syscall; 17] = [
    Syscall::Call,
    Syscall::ReplyRecv,
    Syscall::Send,
    Syscall::NbSend,
    Syscall::Recv,
    Syscall::Reply,
    Syscall::Yield,
    Syscall::NbRecv,
    Syscall::DebugPutChar,
    Syscall::DebugDumpScheduler,
    Syscall::DebugHalt,
    Syscall::DebugCapIdentify,
    Syscall::DebugSnapshot,
    Syscall::DebugNameThread,
    Syscall::DebugSendIpi,
    Syscall::WakeSyscallHandler,
    Syscall::BenchmarkNullSyscall,
];

impl Syscall {
    /// The call with a number.
    pub fn from_number(number: isize) -> Option<Self> {
        ALL.into_iter().find(|call| *call as isize == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_gives_its_call() {
        for call in ALL {
            assert_eq!(Syscall::from_number(call as isize), Some(call));
        }
        assert_eq!(Syscall::from_number(0), None);
        assert_eq!(Syscall::from_number(-17), None);
    }
}
