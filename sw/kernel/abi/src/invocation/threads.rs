//! Threads, and user interrupts of notifications.

use super::Invocation;
use crate::{Error, Label};

const TCB: &str = "TCB";
const NOT_A_THREAD: (Error, &str) = (Error::InvalidCapability, "1: not a thread");
const TOO_IMPORTANT: (Error, &str) = (Error::RangeError, "more than the authority's maximum");
const OWN: (Error, &str) = (Error::IllegalOperation, "the thread is the caller itself");
const BUFFER: (Error, &str) =
    (Error::AlignmentError, "the IPC buffer is not a multiple of its size");
const CHILDREN: (Error, &str) =
    (Error::RevokeFirst, "an untyped object of which something was made stands in a space's place");
const BAD_SPACE: (Error, &str) = (
    Error::IllegalOperation,
    "a capability is not of the wanted kind, or cannot have that guard; a space of the thread is being deleted",
);

pub const INVOCATIONS: &[Invocation] = &[
    Invocation {
        label: Label::TcbReadRegisters,
        object: TCB,
        purpose: "tells the registers",
        words: &["bit 0: suspend the thread", "count: 1 to 32"],
        capabilities: &[],
        answer: &["registers"],
        errors: &[(Error::RangeError, "count"), OWN],
    },
    Invocation {
        label: Label::TcbWriteRegisters,
        object: TCB,
        purpose: "sets registers",
        words: &["bit 0: resume the thread", "count", "registers"],
        capabilities: &[],
        answer: &[],
        errors: &[OWN],
    },
    Invocation {
        label: Label::TcbCopyRegisters,
        object: TCB,
        purpose: "copies registers of another thread",
        words: &[
            "bit 0: suspend the source; 1: resume the thread; 2: pc, ra, sp, gp, s0 to s11; 3: all others",
        ],
        capabilities: &["source"],
        answer: &[],
        errors: &[NOT_A_THREAD],
    },
    Invocation {
        label: Label::TcbConfigure,
        object: TCB,
        purpose: "sets the spaces of a thread",
        words: &[
            "fault handler",
            "guard of the CSpace, or 0",
            "data of the VSpace: 0",
            "address of the IPC buffer, or 0",
        ],
        capabilities: &["CSpace: a CNode", "VSpace: a root table", "IPC buffer: a frame"],
        answer: &[],
        errors: &[BAD_SPACE, BUFFER, CHILDREN],
    },
    Invocation {
        label: Label::TcbSetSpace,
        object: TCB,
        purpose: "sets the spaces of a thread except its IPC buffer",
        words: &["fault handler", "guard of the CSpace, or 0", "data of the VSpace: 0"],
        capabilities: &["CSpace: a CNode", "VSpace: a root table"],
        answer: &[],
        errors: &[BAD_SPACE, CHILDREN],
    },
    Invocation {
        label: Label::TcbSetIpcBuffer,
        object: TCB,
        purpose: "sets the IPC buffer of a thread",
        words: &["address, or 0"],
        capabilities: &["frame"],
        answer: &[],
        errors: &[
            (Error::IllegalOperation, "not a frame of memory"),
            BUFFER,
            (
                Error::RevokeFirst,
                "an untyped object of which something was made stands in the frame's place",
            ),
        ],
    },
    Invocation {
        label: Label::TcbSetPriority,
        object: TCB,
        purpose: "sets the priority",
        words: &["priority"],
        capabilities: &["authority: a thread with at least this maximum"],
        answer: &[],
        errors: &[NOT_A_THREAD, TOO_IMPORTANT],
    },
    Invocation {
        label: Label::TcbSetMcPriority,
        object: TCB,
        purpose: "sets the maximum of priorities that the thread may give",
        words: &["maximum"],
        capabilities: &["authority: a thread with at least this maximum"],
        answer: &[],
        errors: &[NOT_A_THREAD, TOO_IMPORTANT],
    },
    Invocation {
        label: Label::TcbSetSchedParams,
        object: TCB,
        purpose: "sets maximum and priority",
        words: &["maximum", "priority"],
        capabilities: &["authority: a thread with at least this maximum"],
        answer: &[],
        errors: &[NOT_A_THREAD, TOO_IMPORTANT],
    },
    Invocation {
        label: Label::TcbSuspend,
        object: TCB,
        purpose: "stops the thread, and ends what it waits for",
        words: &[],
        capabilities: &[],
        answer: &[],
        errors: &[],
    },
    Invocation {
        label: Label::TcbResume,
        object: TCB,
        purpose: "lets the thread go on",
        words: &[],
        capabilities: &[],
        answer: &[],
        errors: &[],
    },
    Invocation {
        label: Label::TcbBindNotification,
        object: TCB,
        purpose: "binds a notification: the thread receives its signals at endpoints, too",
        words: &[],
        capabilities: &["notification"],
        answer: &[],
        errors: &[(
            Error::IllegalOperation,
            "not a notification with the right to read, or one is bound already, or threads wait at it",
        )],
    },
    Invocation {
        label: Label::TcbUnbindNotification,
        object: TCB,
        purpose: "ends the binding",
        words: &[],
        capabilities: &[],
        answer: &[],
        errors: &[(Error::IllegalOperation, "no notification is bound")],
    },
    Invocation {
        label: Label::TcbSetAffinity,
        object: TCB,
        purpose: "moves the thread to a hart",
        words: &["hart"],
        capabilities: &[],
        answer: &[],
        errors: &[(Error::IllegalOperation, "no such hart")],
    },
    Invocation {
        label: Label::TcbSetTlsBase,
        object: TCB,
        purpose: "sets the thread pointer",
        words: &["address"],
        capabilities: &[],
        answer: &[],
        errors: &[],
    },
    Invocation {
        label: Label::TcbSetFlags,
        object: TCB,
        purpose: "changes flags, none of which has a meaning",
        words: &["flags to clear", "flags to set"],
        capabilities: &[],
        answer: &["flags"],
        errors: &[],
    },
    Invocation {
        label: Label::UintrRegisterReceiver,
        object: "notification",
        purpose: "makes the thread that is bound to the notification a receiver of user interrupts",
        words: &["handler, if given", "`uscratch`, if given"],
        capabilities: &["thread"],
        answer: &["receiver"],
        errors: &[
            (Error::InvalidCapability, "0: no right to read; 1: not a thread"),
            (
                Error::IllegalOperation,
                "the notification is not bound to the thread; the machine has no UINTC",
            ),
            (Error::DeleteFirst, "the thread is a receiver"),
            (Error::NotEnoughMemory, "all receivers are taken"),
        ],
    },
    Invocation {
        label: Label::UintrRegisterSender,
        object: "notification",
        purpose: "lets the caller send the badge of the capability as a vector",
        words: &[],
        capabilities: &[],
        answer: &["index for `UIPI SEND`"],
        errors: &[
            (Error::InvalidCapability, "0: no right to write"),
            (Error::RangeError, "the badge is not a vector"),
            (Error::IllegalOperation, "the notification has no receiver; the machine has no UINTC"),
            (Error::NotEnoughMemory, "all sender tables are taken, or all entries of the caller's"),
        ],
    },
    Invocation {
        label: Label::UintrRegisterAsyncSyscall,
        object: "notification",
        purpose: "gives a thread rings of requests and answers in the frame; answers signal the notification. Size 0 takes them away",
        words: &["slots of each ring, a power of two; 16 if it is not given"],
        capabilities: &["frame, also for size 0", "thread, if given; else the caller"],
        answer: &[],
        errors: &[
            (
                Error::InvalidCapability,
                "0: no right to write; 1: not a frame of memory that may be written; 2: not a thread",
            ),
            (
                Error::RangeError,
                "the size is no power of two, or the rings do not fit into the frame",
            ),
            (Error::DeleteFirst, "the thread has rings"),
            (Error::IllegalOperation, "size 0, and the thread has no rings"),
        ],
    },
];
