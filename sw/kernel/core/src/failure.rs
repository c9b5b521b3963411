//! Why an invocation did not succeed.

use abi::{Error, LookupFailure};

/// An error that is reported to the user, or an interruption that it does not see.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// An interrupt waits; the invocation starts again afterwards, and goes on.
    Preempted,
    InvalidArgument(usize),
    InvalidCapability(usize),
    IllegalOperation,
    RangeError(usize, usize),
    AlignmentError,
    FailedLookup {
        source: bool,
        failure: LookupFailure,
    },
    TruncatedMessage,
    DeleteFirst,
    RevokeFirst,
    NotEnoughMemory(usize),
}

impl Failure {
    /// The destination, or a capability, was not found.
    pub(crate) const fn lookup(failure: LookupFailure) -> Self {
        Self::FailedLookup { source: false, failure }
    }

    /// The label and the words of the reply, and how many words they are.
    pub fn message(self) -> (usize, [usize; 5], usize) {
        let (error, words, count) = match self {
            Self::Preempted => return (0, [0; 5], 0),
            Self::InvalidArgument(number) => (Error::InvalidArgument, [number, 0, 0, 0, 0], 1),
            Self::InvalidCapability(number) => (Error::InvalidCapability, [number, 0, 0, 0, 0], 1),
            Self::IllegalOperation => (Error::IllegalOperation, [0; 5], 0),
            Self::RangeError(least, most) => (Error::RangeError, [least, most, 0, 0, 0], 2),
            Self::AlignmentError => (Error::AlignmentError, [0; 5], 0),
            Self::FailedLookup { source, failure } => {
                let ([kind, second, third, fourth], count) = failure.words();
                (Error::FailedLookup, [source as usize, kind, second, third, fourth], 1 + count)
            }
            Self::TruncatedMessage => (Error::TruncatedMessage, [0; 5], 0),
            Self::DeleteFirst => (Error::DeleteFirst, [0; 5], 0),
            Self::RevokeFirst => (Error::RevokeFirst, [0; 5], 0),
            Self::NotEnoughMemory(bytes) => (Error::NotEnoughMemory, [bytes, 0, 0, 0, 0], 1),
        };
        (error as usize, words, count)
    }
}
