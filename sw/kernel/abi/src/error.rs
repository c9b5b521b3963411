//! Why an invocation failed.

macro_rules! errors {
    ($($name:ident = $number:literal: $words:literal,)*) => {
        /// The label of the reply to an invocation; 0 is success.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(usize)]
        pub enum Error {
            $(#[doc = $words] $name = $number,)*
        }

        /// In the order of their numbers, from 1 on.
        const ALL: &[Error] = &[$(Error::$name,)*];

        impl Error {
            /// What the words of the reply are.
            pub const fn words(self) -> &'static str {
                match self {
                    $(Self::$name => $words,)*
                }
            }
        }
    };
}

errors! {
    InvalidArgument = 1: "0: which argument",
    InvalidCapability = 2: "0: which capability; 0 is the invoked one",
    IllegalOperation = 3: "none",
    RangeError = 4: "0 and 1: least and greatest value",
    AlignmentError = 5: "none",
    FailedLookup = 6: "0: 1 if a source was looked up, 0 for a destination; then the failure as in a fault message",
    TruncatedMessage = 7: "none",
    DeleteFirst = 8: "none",
    RevokeFirst = 9: "none",
    NotEnoughMemory = 10: "0: bytes that are available",
}

impl Error {
    /// The error with a number; `None` for success, which is 0, and for unknown ones.
    pub fn from_number(number: usize) -> Option<Self> {
        ALL.get(number.wrapping_sub(1)).copied()
    }
}

/// Why a capability was not found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LookupFailure {
    /// The root is not a CNode.
    InvalidRoot,
    /// An empty slot, `bits_left` bits before the end of the address.
    MissingCapability { bits_left: usize },
    /// The address ends inside a CNode that resolves `bits_found` bits.
    DepthMismatch { bits_left: usize, bits_found: usize },
    /// The guard `guard` of `bits_found` bits is not in the address.
    GuardMismatch { bits_left: usize, guard: usize, bits_found: usize },
}

impl LookupFailure {
    /// The words of a message: kind, then up to three words, and how many words they are.
    pub const fn words(self) -> ([usize; 4], usize) {
        match self {
            Self::InvalidRoot => ([1, 0, 0, 0], 1),
            Self::MissingCapability { bits_left } => ([2, bits_left, 0, 0], 2),
            Self::DepthMismatch { bits_left, bits_found } => ([3, bits_left, bits_found, 0], 3),
            Self::GuardMismatch { bits_left, guard, bits_found } => {
                ([4, bits_left, guard, bits_found], 4)
            }
        }
    }

    /// The failure with these words of a message.
    pub const fn from_words(words: [usize; 4]) -> Option<Self> {
        let [kind, bits_left, third, fourth] = words;
        match kind {
            1 => Some(Self::InvalidRoot),
            2 => Some(Self::MissingCapability { bits_left }),
            3 => Some(Self::DepthMismatch { bits_left, bits_found: third }),
            4 => Some(Self::GuardMismatch { bits_left, guard: third, bits_found: fourth }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_gives_its_error() {
        for error in ALL {
            assert_eq!(Error::from_number(*error as usize), Some(*error));
        }
        assert_eq!(Error::from_number(0), None);
        assert_eq!(Error::from_number(11), None);
    }

    #[test]
    fn a_lookup_failure_survives_its_message() {
        for failure in [
            LookupFailure::InvalidRoot,
            LookupFailure::MissingCapability { bits_left: 7 },
            LookupFailure::DepthMismatch { bits_left: 3, bits_found: 9 },
            LookupFailure::GuardMismatch { bits_left: 3, guard: 5, bits_found: 9 },
        ] {
            assert_eq!(LookupFailure::from_words(failure.words().0), Some(failure));
        }
    }
}
