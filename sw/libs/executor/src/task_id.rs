//! Names of tasks.

use core::num::NonZeroU64;

/// Of the flags of a TAIC: they leave the slot's number alone.
const FLAG_BITS: u32 = 6;

/// The task in a slot, as the word by which the TAIC knows it: the number of the slot, counted from
/// one, above six bits of flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct TaskId(NonZeroU64);

impl TaskId {
    /// The task in slot `index`, without flags.
    pub const fn new(index: usize) -> Self {
        match NonZeroU64::new((index as u64 + 1) << FLAG_BITS) {
            Some(word) => Self(word),
            None => panic!("no such slot"),
        }
    }

    /// The task that a word names, whatever its flags; 0 names none.
    #[inline(always)]
    pub const fn from_word(word: u64) -> Option<Self> {
        match NonZeroU64::new(word) {
            Some(word) => Some(Self(word)),
            None => None,
        }
    }

    /// The word.
    #[inline(always)]
    pub const fn word(self) -> u64 {
        self.0.get()
    }

    /// The number of the slot. A word that was not made here may name a slot that there is not.
    #[inline(always)]
    pub const fn index(self) -> usize {
        ((self.0.get() >> FLAG_BITS) as usize).wrapping_sub(1)
    }
}
