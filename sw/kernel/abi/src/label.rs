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
        assert_eq!(Label::from_number(45), None);
    }
}
