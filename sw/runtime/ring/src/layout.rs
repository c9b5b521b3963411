//! Where the parts of a ring lie, for whoever reaches it by the addresses of words, as a kernel does.

use crate::{Line, Native, Ring, Slot};
use core::{mem::offset_of, sync::atomic::AtomicU64};

/// Number of the first message.
pub const FIRST: u64 = crate::FIRST;
/// What is added to the number of a message for the next one.
pub const STEP: u64 = 2;

/// The number after this one; after 0, the first.
pub const fn after(number: u64) -> u64 {
    crate::after(number)
}

/// A ring of messages with `words` words each, and room for `slots` of them, a power of two. All
/// offsets are in bytes, from its begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    words: usize,
    slots: usize,
}

type Any = Ring<1, 1, Native>;

impl Layout {
    /// Number of the message that was taken last.
    pub const TAKEN: usize = offset_of!(Any, taken);
    /// Whether the consumer sleeps.
    pub const SLEEPING: usize = offset_of!(Any, sleeping);
    const SLOTS: usize = offset_of!(Any, slots);
    const WORDS: usize = offset_of!(Slot<1, AtomicU64>, words);
    const NUMBER: usize = offset_of!(Slot<1, AtomicU64>, number);

    pub const fn new(words: usize, slots: usize) -> Self {
        assert!(slots.is_power_of_two());
        Self { words, slots }
    }

    pub const fn slots(self) -> usize {
        self.slots
    }

    /// Bytes of a message with its number.
    const fn stride(self) -> usize {
        (Self::WORDS + 8 * self.words).next_multiple_of(align_of::<Line<u64>>())
    }

    /// Bytes of the ring.
    pub const fn bytes(self) -> usize {
        Self::SLOTS + self.slots * self.stride()
    }

    const fn slot(self, number: u64) -> usize {
        Self::SLOTS + (number >> 1) as usize % self.slots * self.stride()
    }

    /// Where the number of a message is, once the message is there.
    pub const fn number(self, number: u64) -> usize {
        self.slot(number) + Self::NUMBER
    }

    /// Where a word of a message is.
    pub const fn word(self, number: u64, index: usize) -> usize {
        self.slot(number) + Self::WORDS + 8 * index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Consumer, Producer};

    fn check<const WORDS: usize, const SLOTS: usize>() {
        let layout = Layout::new(WORDS, SLOTS);
        assert_eq!(layout.bytes(), size_of::<Ring<WORDS, SLOTS>>());
        let ring = Ring::<WORDS, SLOTS>::new();
        let offset = |word: &AtomicU64| (&raw const *word).addr() - (&raw const ring).addr();
        let mut number = FIRST;
        for _ in 0..2 * SLOTS {
            let slot = ring.slot(number);
            assert_eq!(layout.number(number), offset(&slot.number));
            for (index, word) in slot.words.iter().enumerate() {
                assert_eq!(layout.word(number, index), offset(word));
            }
            number += STEP;
        }
        assert_eq!(Layout::TAKEN, offset(&ring.taken.0));
        assert_eq!(Layout::SLEEPING, offset(&ring.sleeping.0));
    }

    #[test]
    fn offsets_are_those_of_the_ring() {
        check::<1, 1>();
        check::<7, 16>();
        check::<8, 4>();
        check::<15, 16>();
    }

    #[test]
    fn messages_of_two_lines_arrive() {
        let ring = Ring::<15, 4>::new();
        let (producer, consumer) = (Producer::new(&ring), Consumer::new(&ring));
        let message = core::array::from_fn(|index| index as u64 + 7);
        assert_eq!(producer.send(message), Ok(false));
        assert_eq!(consumer.pop(), Some(message));
    }
}
