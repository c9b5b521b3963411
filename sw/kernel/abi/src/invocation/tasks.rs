//! Contexts of TAIC, and their channels.

use super::Invocation;
use crate::{Error, Label};

const CONTEXT: &str = "task context";
const NO_TAIC: (Error, &str) = (Error::IllegalOperation, "the machine has no TAIC");
const NOT_BEGUN: (Error, &str) =
    (Error::IllegalOperation, "the context has no queue; the machine has no TAIC");
const NO_NUMBER: (Error, &str) = (Error::RangeError, "the queue's number is too great");
const NO_QUEUE: (Error, &str) = (Error::InvalidArgument, "0: the context does not have this queue");

pub const INVOCATIONS: &[Invocation] = &[
    Invocation {
        label: Label::TaskAllocateQueue,
        object: CONTEXT,
        purpose: "allocates a local queue; the context begins with its first",
        words: &[],
        capabilities: &[],
        answer: &["queue"],
        errors: &[
            NO_TAIC,
            (
                Error::NotEnoughMemory,
                "0: all contexts of the device are taken, or all queues of this one",
            ),
        ],
    },
    Invocation {
        label: Label::TaskFreeQueue,
        object: CONTEXT,
        purpose: "frees a queue, whose tasks go to another; the context ends with its last",
        words: &["queue"],
        capabilities: &[],
        answer: &[],
        errors: &[NO_TAIC, NO_NUMBER, NO_QUEUE],
    },
    Invocation {
        label: Label::TaskMapQueue,
        object: CONTEXT,
        purpose: "maps the page of a queue, for reading and writing",
        words: &["queue", "address"],
        capabilities: &["root table"],
        answer: &[],
        errors: &[
            NO_TAIC,
            NO_NUMBER,
            (
                Error::InvalidArgument,
                "0: the context does not have this queue, or the address is not one of users",
            ),
            (Error::InvalidCapability, "1: not the root table of an address space"),
            (Error::AlignmentError, "the address is not a multiple of 4096"),
            (Error::FailedLookup, "the address space ended, or a page table is missing"),
            (Error::DeleteFirst, "the page is mapped, or something else is there"),
        ],
    },
    Invocation {
        label: Label::TaskUnmapQueue,
        object: CONTEXT,
        purpose: "takes the page of a queue out of its address space, if it is in one",
        words: &["queue"],
        capabilities: &[],
        answer: &[],
        errors: &[NO_TAIC, NO_NUMBER, NO_QUEUE],
    },
    Invocation {
        label: Label::TaskBindWorker,
        object: CONTEXT,
        purpose: "makes a thread the worker of a queue, which is installed where the thread runs",
        words: &["queue"],
        capabilities: &["thread"],
        answer: &[],
        errors: &[
            NO_TAIC,
            NO_NUMBER,
            NO_QUEUE,
            (Error::InvalidCapability, "1: not a thread"),
            (Error::DeleteFirst, "the queue has a worker, or the thread is one"),
        ],
    },
    Invocation {
        label: Label::TaskUnbindWorker,
        object: CONTEXT,
        purpose: "ends that, if the queue has a worker",
        words: &["queue"],
        capabilities: &[],
        answer: &[],
        errors: &[NO_TAIC, NO_NUMBER, NO_QUEUE],
    },
    Invocation {
        label: Label::TaskSetNotification,
        object: CONTEXT,
        purpose: "lets whoever may signal the notification connect to the context; it is signalled for a task that could interrupt no worker",
        words: &["queue into which channels wake; all ones for the least loaded"],
        capabilities: &["notification"],
        answer: &[],
        errors: &[
            NOT_BEGUN,
            NO_NUMBER,
            NO_QUEUE,
            (Error::InvalidCapability, "1: not a notification with the right to read"),
            (
                Error::DeleteFirst,
                "the context has a notification, or the notification is that of a context",
            ),
        ],
    },
    Invocation {
        label: Label::TaskClearNotification,
        object: CONTEXT,
        purpose: "ends that, and all channels to the context",
        words: &[],
        capabilities: &[],
        answer: &[],
        errors: &[NO_TAIC],
    },
    Invocation {
        label: Label::TaskConnect,
        object: "notification",
        purpose: "opens a channel from a context to that of the notification, armed with the badge unless that is 0",
        words: &[],
        capabilities: &["task context of the sender"],
        answer: &["channel"],
        errors: &[
            (Error::InvalidCapability, "0: no right to write; 1: not a task context"),
            (
                Error::IllegalOperation,
                "the notification is that of no context; the sender's context has no queue",
            ),
            (Error::RangeError, "the badge is no task that a channel can be armed with"),
            (Error::NotEnoughMemory, "0: all channels are taken"),
        ],
    },
    Invocation {
        label: Label::TaskFindChannel,
        object: CONTEXT,
        purpose: "finds a channel to the context that was made from a capability with a badge",
        words: &["badge", "first channel that counts"],
        capabilities: &[],
        answer: &["channel"],
        errors: &[NOT_BEGUN, (Error::InvalidArgument, "0: there is none")],
    },
    Invocation {
        label: Label::TaskGrantLine,
        object: CONTEXT,
        purpose: "gives the line of a device to the context, and takes it from another",
        words: &[],
        capabilities: &["IRQ handler"],
        answer: &["line"],
        errors: &[
            NOT_BEGUN,
            (Error::InvalidCapability, "1: not an IRQ handler"),
            (Error::RangeError, "TAIC does not have this line"),
        ],
    },
    Invocation {
        label: Label::TaskSetPriorities,
        object: CONTEXT,
        purpose: "says whether bits 5 to 2 of a task are its priority",
        words: &["0 or 1"],
        capabilities: &[],
        answer: &[],
        errors: &[NOT_BEGUN],
    },
];
