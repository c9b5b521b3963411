//! Capabilities, interrupts and domains.

use super::{Invocation, SLOT_ERRORS, TAKEN};
use crate::{Error, Label};

const CNODE: &str = "CNode";
const DESTINATION: [&str; 2] = ["index: of the destination", "depth"];
const SLOT: [&str; 2] = ["index", "depth"];
const SOURCE: [&str; 2] = ["source index", "source depth"];
const NO_SOURCE: (Error, &str) =
    (Error::FailedLookup, "no slot has such an index and depth, or the source is empty");
const CHILDREN: (Error, &str) =
    (Error::RevokeFirst, "the source is an untyped object of which something was made");
const NOT_COPIED: (Error, &str) = (
    Error::IllegalOperation,
    "the capability cannot be copied (reply, IRQ control, page table that is not mapped), or not have that badge or guard",
);
const NOT_CHANGED: (Error, &str) =
    (Error::IllegalOperation, "the capability cannot have that badge or guard");

/// Of both ways to make the handler of an interrupt.
const IRQ_HANDLER_ERRORS: &[(Error, &str)] = &[
    (Error::RangeError, "an interrupt that is not 1 to 127; a depth that is not 1 to 64"),
    (Error::RevokeFirst, "the interrupt has a handler"),
    SLOT_ERRORS[1],
    TAKEN,
];

pub const INVOCATIONS: &[Invocation] = &[
    Invocation {
        label: Label::CNodeCopy,
        object: CNODE,
        purpose: "copies a capability, with these rights at most",
        words: &[DESTINATION[0], DESTINATION[1], SOURCE[0], SOURCE[1], "rights"],
        capabilities: &["root of the source"],
        answer: &[],
        errors: &[SLOT_ERRORS[0], NO_SOURCE, TAKEN, CHILDREN, NOT_COPIED],
    },
    Invocation {
        label: Label::CNodeMint,
        object: CNODE,
        purpose: "copies a capability, with a badge or a guard",
        words: &[DESTINATION[0], DESTINATION[1], SOURCE[0], SOURCE[1], "rights", "badge or guard"],
        capabilities: &["root of the source"],
        answer: &[],
        errors: &[SLOT_ERRORS[0], NO_SOURCE, TAKEN, CHILDREN, NOT_COPIED],
    },
    Invocation {
        label: Label::CNodeMove,
        object: CNODE,
        purpose: "moves a capability",
        words: &[DESTINATION[0], DESTINATION[1], SOURCE[0], SOURCE[1]],
        capabilities: &["root of the source"],
        answer: &[],
        errors: &[SLOT_ERRORS[0], NO_SOURCE, TAKEN],
    },
    Invocation {
        label: Label::CNodeMutate,
        object: CNODE,
        purpose: "moves a capability and gives it a guard",
        words: &[DESTINATION[0], DESTINATION[1], SOURCE[0], SOURCE[1], "guard"],
        capabilities: &["root of the source"],
        answer: &[],
        errors: &[SLOT_ERRORS[0], NO_SOURCE, TAKEN, NOT_CHANGED],
    },
    Invocation {
        label: Label::CNodeRotate,
        object: CNODE,
        purpose: "moves the pivot to the destination and the source to the pivot; source and destination may be one slot",
        words: &[
            DESTINATION[0],
            DESTINATION[1],
            "guard of the pivot",
            "pivot index",
            "pivot depth",
            "guard of the source",
            SOURCE[0],
            SOURCE[1],
        ],
        capabilities: &["root of the pivot", "root of the source"],
        answer: &[],
        errors: &[
            SLOT_ERRORS[0],
            NO_SOURCE,
            TAKEN,
            (
                Error::IllegalOperation,
                "the pivot is the source or the destination; a capability cannot have that guard",
            ),
        ],
    },
    Invocation {
        label: Label::CNodeDelete,
        object: CNODE,
        purpose: "deletes a capability; the object too, if it was the last one",
        words: &SLOT,
        capabilities: &[],
        answer: &[],
        errors: &SLOT_ERRORS,
    },
    Invocation {
        label: Label::CNodeRevoke,
        object: CNODE,
        purpose: "deletes all capabilities that were derived from one",
        words: &SLOT,
        capabilities: &[],
        answer: &[],
        errors: &SLOT_ERRORS,
    },
    Invocation {
        label: Label::CNodeCancelBadgedSends,
        object: CNODE,
        purpose: "ends the sends through an endpoint that wait with the badge of the capability",
        words: &SLOT,
        capabilities: &[],
        answer: &[],
        errors: &[
            SLOT_ERRORS[0],
            SLOT_ERRORS[1],
            (Error::IllegalOperation, "not an endpoint with all rights"),
        ],
    },
    Invocation {
        label: Label::CNodeSaveCaller,
        object: CNODE,
        purpose: "moves the reply capability of the thread into a slot",
        words: &DESTINATION,
        capabilities: &[],
        answer: &[],
        errors: &[SLOT_ERRORS[0], SLOT_ERRORS[1], TAKEN],
    },
    Invocation {
        label: Label::IrqIssueHandler,
        object: "IRQ control",
        purpose: "makes the handler of a device interrupt",
        words: &["interrupt", DESTINATION[0], DESTINATION[1]],
        capabilities: &["root of the destination"],
        answer: &[],
        errors: IRQ_HANDLER_ERRORS,
    },
    Invocation {
        label: Label::IrqIssueHandlerTrigger,
        object: "IRQ control",
        purpose: "as the one before; the interrupt controller knows the trigger itself",
        words: &["interrupt", "trigger: ignored", DESTINATION[0], DESTINATION[1]],
        capabilities: &["root of the destination"],
        answer: &[],
        errors: IRQ_HANDLER_ERRORS,
    },
    Invocation {
        label: Label::IrqAck,
        object: "IRQ handler",
        purpose: "lets the interrupt come again",
        words: &[],
        capabilities: &[],
        answer: &[],
        errors: &[],
    },
    Invocation {
        label: Label::IrqSetNotification,
        object: "IRQ handler",
        purpose: "has the interrupt signal a notification with the badge of its capability",
        words: &[],
        capabilities: &["notification"],
        answer: &[],
        errors: &[(Error::InvalidCapability, "0: not a notification with the right to write")],
    },
    Invocation {
        label: Label::IrqClear,
        object: "IRQ handler",
        purpose: "has the interrupt signal nothing",
        words: &[],
        capabilities: &[],
        answer: &[],
        errors: &[],
    },
    Invocation {
        label: Label::DomainSet,
        object: "domain control",
        purpose: "puts a thread into a domain",
        words: &["domain"],
        capabilities: &["thread"],
        answer: &[],
        errors: &[(Error::InvalidArgument, "0: no such domain; 1: not a thread")],
    },
    Invocation {
        label: Label::DomainScheduleConfigure,
        object: "domain control",
        purpose: "sets an entry of the schedule; 0 ticks end it",
        words: &["entry", "domain", "ticks"],
        capabilities: &[],
        answer: &[],
        errors: &[
            (Error::RangeError, "entry or domain"),
            (
                Error::InvalidArgument,
                "1: an end with a domain; 2: too many ticks, or an end where the schedule starts",
            ),
        ],
    },
    Invocation {
        label: Label::DomainScheduleSetStart,
        object: "domain control",
        purpose: "starts the schedule at an entry",
        words: &["entry"],
        capabilities: &[],
        answer: &[],
        errors: &[
            (Error::RangeError, "no such entry"),
            (Error::InvalidArgument, "0: the entry ends the schedule"),
        ],
    },
];
