//! Names of tasks.

use core::num::NonZeroU64;

/// Of the flags of a TAIC: they leave the slot's number alone.
const FLAG_BITS: u32 = 6;
const NAME: u32 = u32::MAX << FLAG_BITS;

/// The argument is above this bit.
const ARGUMENT: u32 = 32;

/// The task in a slot, as the word by which the TAIC knows it: six bits of flags, the number of the
/// slot, counted from one, and an argument of 32 bits that a wake-up takes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct TaskId(NonZeroU64);

impl TaskId {
    /// The task in slot `index`, without flags, with argument 0.
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

    /// The word without argument and flags, for [`TaskId::from_name`].
    #[inline(always)]
    pub const fn name(self) -> u32 {
        self.0.get() as u32 & NAME
    }

    /// The task of this name, which may be one that there is not; `None` of 0.
    #[inline(always)]
    pub const fn from_name(name: u32) -> Option<Self> {
        Self::from_word((name & NAME) as u64)
    }

    /// The number of the slot. A word that was not made here may name a slot that there is not.
    #[inline(always)]
    pub const fn index(self) -> usize {
        ((self.0.get() as u32 >> FLAG_BITS) as usize).wrapping_sub(1)
    }

    /// The task's wake-up with this argument.
    #[inline(always)]
    pub const fn with_argument(self, argument: u32) -> Self {
        let task = self.0.get() as u32 as u64;
        match NonZeroU64::new(task | (argument as u64) << ARGUMENT) {
            Some(word) => Self(word),
            None => self,
        }
    }

    /// The argument.
    #[inline(always)]
    pub const fn argument(self) -> u32 {
        Self::argument_of(self.0.get())
    }

    /// The argument in a word; of 0 it is 0.
    #[inline(always)]
    pub(crate) const fn argument_of(word: u64) -> u32 {
        (word >> ARGUMENT) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_number_and_argument() {
        let task = TaskId::new(31);
        assert_eq!((task.word(), task.index(), task.argument()), (0x800, 31, 0));
        let called = task.with_argument(u32::MAX).with_argument(0x8000_0001);
        assert_eq!((called.word(), called.index()), (0x8000_0001_0000_0800, 31));
        assert_eq!(called.argument(), 0x8000_0001);
        assert_eq!((called.name(), TaskId::from_name(0x83f)), (0x800, Some(task)));
        assert_eq!(TaskId::from_name(0x3f), None);
        assert_eq!(called.with_argument(0), task);
        assert_eq!(TaskId::from_word(task.word() | 0x3f).map(TaskId::index), Some(31));
        assert_eq!(TaskId::from_word(0), None);
    }
}
