//! Labels of the invocations: what a message to a kernel object asks for.

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// An invocation.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(usize)]
        pub enum Label {
            $($(#[$doc])* $name,)*
        }

        /// All labels, in the order of their numbers.
        const ALL: &[Label] = &[$(Label::$name,)*];
    };
}

labels! {
    Invalid,
    UntypedRetype,
    TcbReadRegisters,
    TcbWriteRegisters,
    TcbCopyRegisters,
    TcbConfigure,
    TcbSetPriority,
    TcbSetMcPriority,
    TcbSetSchedParams,
    TcbSetIpcBuffer,
    TcbSetSpace,
    TcbSuspend,
    TcbResume,
    TcbBindNotification,
    TcbUnbindNotification,
    TcbSetAffinity,
    TcbSetTlsBase,
    TcbSetFlags,
    CNodeRevoke,
    CNodeDelete,
    CNodeCancelBadgedSends,
    CNodeCopy,
    CNodeMint,
    CNodeMove,
    CNodeMutate,
    CNodeRotate,
    CNodeSaveCaller,
    IrqIssueHandler,
    IrqAck,
    IrqSetNotification,
    IrqClear,
    DomainSet,
    DomainScheduleConfigure,
    DomainScheduleSetStart,
    PageTableMap,
    PageTableUnmap,
    PageMap,
    PageUnmap,
    PageGetAddress,
    AsidControlMakePool,
    AsidPoolAssign,
    IrqIssueHandlerTrigger,
    /// Of ReL4: the caller may send the vector that is the badge of the notification.
    UintrRegisterSender,
    /// Of ReL4: the thread that is bound to the notification takes user interrupts.
    UintrRegisterReceiver,
    /// Of ReL4: a thread has a ring of requests, whose answers are signalled by the notification.
    UintrRegisterAsyncSyscall,
    /// Of ReL4, as all that follow: a local queue for a task context.
    TaskAllocateQueue,
    TaskFreeQueue,
    /// The page of a queue goes into an address space.
    TaskMapQueue,
    TaskUnmapQueue,
    /// A thread is the worker of a queue: it is installed where the thread runs.
    TaskBindWorker,
    TaskUnbindWorker,
    /// Who may signal the notification may notify the context.
    TaskSetNotification,
    TaskClearNotification,
    /// Of a notification: a channel from a context to that of the notification.
    TaskConnect,
    TaskFindChannel,
    /// The line of a device wakes tasks of the context.
    TaskGrantLine,
    TaskSetPriorities,
}

impl Label {
    /// The invocation with a number.
    pub fn from_number(number: usize) -> Option<Self> {
        ALL.get(number).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_gives_its_label() {
        for (number, label) in ALL.iter().enumerate() {
            assert_eq!(*label as usize, number);
            assert_eq!(Label::from_number(number), Some(*label));
        }
    }

    #[test]
    fn the_numbers_are_those_of_sel4() {
        assert_eq!(Label::TcbSetAffinity as usize, 15);
        assert_eq!(Label::CNodeRevoke as usize, 18);
        assert_eq!(Label::IrqIssueHandler as usize, 27);
        assert_eq!(Label::PageTableMap as usize, 34);
        assert_eq!(Label::IrqIssueHandlerTrigger as usize, 41);
    }

    #[test]
    fn labels_of_our_own_come_behind_those_of_sel4() {
        assert_eq!(Label::UintrRegisterSender as usize, 42);
        assert_eq!(Label::UintrRegisterReceiver as usize, 43);
        assert_eq!(Label::UintrRegisterAsyncSyscall as usize, 44);
        assert_eq!(Label::TaskAllocateQueue as usize, 45);
        assert_eq!(Label::TaskSetPriorities as usize, 56);
        assert_eq!(Label::from_number(57), None);
    }
}
