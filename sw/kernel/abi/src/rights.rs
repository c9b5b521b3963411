//! Rights of a capability, as a message carries them.

/// A set of rights; bits 0 to 3.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rights(pub usize);

impl Rights {
    pub const NONE: Self = Self(0);
    pub const WRITE: Self = Self(1);
    pub const READ: Self = Self(2);
    pub const GRANT: Self = Self(4);
    pub const GRANT_REPLY: Self = Self(8);
    pub const READ_WRITE: Self = Self(3);
    pub const ALL: Self = Self(15);

    /// Whether all of `other` are in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The rights of both sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The rights that both sets have.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}
