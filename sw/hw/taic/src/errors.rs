//! What a page reports.

use core::{fmt, ops::BitOr};
use soc::taic_queue as register;

/// Errors of accesses through a page, since they were taken last.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Errors(u8);

impl Errors {
    pub const NONE: Self = Self(0);
    /// An enqueue while the context was at its limit, or a registration without a free slot.
    pub const FULL: Self = Self(register::ERROR_FULL as u8);
    /// The context has no owner. Then no other error is told.
    pub const NO_OWNER: Self = Self(register::ERROR_NO_OWNER as u8);
    /// No permission to send there.
    pub const NO_SEND: Self = Self(register::ERROR_NO_SEND as u8);
    /// No permission to arm that, or the receiver has no owner.
    pub const NO_RECEIVE: Self = Self(register::ERROR_NO_RECEIVE as u8);
    /// The queue is not allocated.
    pub const NO_QUEUE: Self = Self(register::ERROR_NO_QUEUE as u8);
    /// An enqueue of 0, no such hart, no such register, or not through this page.
    pub const NOT_PERMITTED: Self = Self(register::ERROR_NOT_PERMITTED as u8);

    const NAMES: [(Self, &str); 6] = [
        (Self::FULL, "full"),
        (Self::NO_OWNER, "no owner"),
        (Self::NO_SEND, "no send"),
        (Self::NO_RECEIVE, "no receive"),
        (Self::NO_QUEUE, "no queue"),
        (Self::NOT_PERMITTED, "not permitted"),
    ];

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits as u8)
    }

    pub const fn bits(self) -> u8 {
        self.0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `errors` are among these.
    pub const fn contains(self, errors: Self) -> bool {
        self.0 & errors.0 == errors.0
    }
}

impl BitOr for Errors {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for Errors {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let names = Self::NAMES.iter().filter(|(error, _)| self.contains(*error));
        f.debug_set().entries(names.map(|(_, name)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_as_published() {
        let all = Errors::NAMES.map(|(error, _)| error.bits());
        assert_eq!(all, [1, 2, 4, 8, 16, 32]);
        let errors = Errors::FULL | Errors::NO_SEND;
        assert!(errors.contains(Errors::FULL) && !errors.contains(Errors::NO_OWNER));
        assert_eq!(format!("{errors:?}"), r#"{"full", "no send"}"#);
    }
}
