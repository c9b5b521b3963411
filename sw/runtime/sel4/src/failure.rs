//! Why the kernel refused an invocation.

use abi::{Error, LookupFailure};

/// An invocation that had no effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failure {
    pub error: Error,
    /// What [`Error`] says of the message registers.
    pub words: [usize; 5],
}

/// What an invocation returns.
pub type Result<T = ()> = core::result::Result<T, Failure>;

impl Failure {
    /// For [`Error::FailedLookup`]: whether the source was looked up, and why it failed.
    pub fn lookup(&self) -> Option<(bool, LookupFailure)> {
        let [source, kind, a, b, c] = self.words;
        let failure = LookupFailure::from_words([kind, a, b, c])?;
        (self.error == Error::FailedLookup).then_some((source != 0, failure))
    }

    /// For [`Error::RangeError`]: the least and the greatest value.
    pub fn range(&self) -> Option<(usize, usize)> {
        (self.error == Error::RangeError).then_some((self.words[0], self.words[1]))
    }

    /// For [`Error::InvalidArgument`] and [`Error::InvalidCapability`]: which one.
    pub fn which(&self) -> Option<usize> {
        matches!(self.error, Error::InvalidArgument | Error::InvalidCapability)
            .then_some(self.words[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(error: Error, words: [usize; 5]) -> Failure {
        Failure { error, words }
    }

    #[test]
    fn words_are_read_as_the_error_says() {
        let lookup = failure(Error::FailedLookup, [1, 2, 21, 0, 0]);
        let missing = LookupFailure::MissingCapability { bits_left: 21 };
        assert_eq!(lookup.lookup(), Some((true, missing)));
        assert_eq!((lookup.range(), lookup.which()), (None, None));
        assert_eq!(failure(Error::RangeError, [1, 9, 0, 0, 0]).range(), Some((1, 9)));
        assert_eq!(failure(Error::InvalidCapability, [2, 0, 0, 0, 0]).which(), Some(2));
        assert_eq!(failure(Error::RangeError, [1, 2, 21, 0, 0]).lookup(), None);
    }
}
