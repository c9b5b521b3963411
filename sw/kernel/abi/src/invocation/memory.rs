//! Memory: untyped objects, frames, page tables, address spaces.

use super::{Invocation, SLOT_ERRORS, TAKEN};
use crate::{Error, Label};

const SPACE_ENDED: (Error, &str) = (Error::FailedLookup, "the address space ended");
const BAD_ADDRESS: (Error, &str) = (
    Error::InvalidArgument,
    "0: the address is not one of users, or the frame is mapped at another",
);

pub const INVOCATIONS: &[Invocation] = &[
    Invocation {
        label: Label::UntypedRetype,
        object: "untyped object",
        purpose: "makes objects out of its free memory; clears the memory first if nothing made of it is left",
        words: &[
            "type",
            "size_bits: of a CNode or an untyped object",
            "index: of the CNode for the new capabilities",
            "depth: of the index; 0 for the root itself",
            "offset: first slot",
            "count: 1 to 256",
        ],
        capabilities: &["root of the index"],
        answer: &[],
        errors: &[
            (
                Error::InvalidArgument,
                "0: no such type, or an endpoint in a kernel without them; 1: too small a size, or memory of a device cannot be that",
            ),
            (Error::RangeError, "size, offset or count; a depth above 64"),
            SLOT_ERRORS[1],
            TAKEN,
            (Error::NotEnoughMemory, "the bytes that are free"),
        ],
    },
    Invocation {
        label: Label::PageMap,
        object: "frame",
        purpose: "maps the frame, or changes the rights of its mapping",
        words: &["address", "rights", "attributes: bit 0 forbids execution"],
        capabilities: &["root table"],
        answer: &[],
        errors: &[
            (
                Error::InvalidCapability,
                "1: not the root table of an address space, or not that of its mapping",
            ),
            BAD_ADDRESS,
            (Error::AlignmentError, "the address is not a multiple of the frame's size"),
            (Error::FailedLookup, "the address space ended, or a page table is missing"),
            (Error::DeleteFirst, "something else is mapped there"),
        ],
    },
    Invocation {
        label: Label::PageUnmap,
        object: "frame",
        purpose: "takes the frame out of its address space, if it is in one",
        words: &[],
        capabilities: &[],
        answer: &[],
        errors: &[],
    },
    Invocation {
        label: Label::PageGetAddress,
        object: "frame",
        purpose: "tells where the frame is",
        words: &[],
        capabilities: &[],
        answer: &["physical address"],
        errors: &[],
    },
    Invocation {
        label: Label::PageTableMap,
        object: "page table",
        purpose: "puts the table into the first free level above an address",
        words: &["address", "attributes: none has a meaning"],
        capabilities: &["root table"],
        answer: &[],
        errors: &[
            (
                Error::InvalidCapability,
                "0: the table is mapped; 1: not the root table of an address space",
            ),
            (Error::InvalidArgument, "0: the address is not one of users"),
            SPACE_ENDED,
            (Error::DeleteFirst, "all levels have tables, or a frame is mapped there"),
        ],
    },
    Invocation {
        label: Label::PageTableUnmap,
        object: "page table",
        purpose: "takes the table out of its address space, and empties it",
        words: &[],
        capabilities: &[],
        answer: &[],
        errors: &[(
            Error::RevokeFirst,
            "there are copies of the capability, or it is the root of an address space",
        )],
    },
    Invocation {
        label: Label::AsidControlMakePool,
        object: "ASID control",
        purpose: "makes a pool for 512 address spaces out of 4 KiB of untyped memory",
        words: &["index: of the destination", "depth"],
        capabilities: &["untyped object", "root of the index"],
        answer: &[],
        errors: &[
            (Error::DeleteFirst, "the destination is not empty, or there are all pools"),
            (Error::InvalidCapability, "1: not an untyped object of 4 KiB"),
            (Error::RevokeFirst, "something was made of the memory"),
            SLOT_ERRORS[0],
            SLOT_ERRORS[1],
        ],
    },
    Invocation {
        label: Label::AsidPoolAssign,
        object: "ASID pool",
        purpose: "makes a page table the root of an address space",
        words: &[],
        capabilities: &["page table"],
        answer: &[],
        errors: &[
            (
                Error::InvalidCapability,
                "0: another pool took its place; 1: not a page table, or one that is mapped",
            ),
            (Error::FailedLookup, "the pool ended"),
            (Error::DeleteFirst, "the pool is full"),
        ],
    },
];
