//! Sender tables.

use core::sync::atomic::{AtomicU64, Ordering};
use soc::sender_entry;
use uintr::{SenderIndex, Vector};

const PAGE_BYTES: usize = 4096;
const VALID: u64 = sender_entry::VALID as u64;
const VECTOR: u64 = sender_entry::VECTOR as u64;
const VECTOR_SHIFT: u32 = VECTOR.trailing_zeros();
const RECEIVER_SHIFT: u32 = sender_entry::RECEIVER.trailing_zeros();

/// What an index of SEND leads to: a vector of a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderEntry {
    pub vector: Vector,
    pub receiver: u16,
}

impl SenderEntry {
    /// As the hart reads it.
    pub const fn encode(self) -> u64 {
        VALID
            | (self.vector.number() as u64) << VECTOR_SHIFT
            | (self.receiver as u64) << RECEIVER_SHIFT
    }

    /// `None` if the entry is not valid, or leads to no vector.
    pub fn decode(word: u64) -> Option<Self> {
        let vector = Vector::try_from(((word & VECTOR) >> VECTOR_SHIFT) as usize).ok()?;
        let receiver = (word >> RECEIVER_SHIFT) as u16;
        (word & VALID != 0).then_some(Self { vector, receiver })
    }
}

/// One page of entries, which harts may read at any time.
#[derive(Debug)]
#[repr(C, align(4096))]
pub struct SenderTable([AtomicU64; SenderTable::ENTRIES]);

impl Default for SenderTable {
    fn default() -> Self {
        Self::new()
    }
}

impl SenderTable {
    pub const ENTRIES: usize = PAGE_BYTES / sender_entry::BYTES;

    /// No entry is valid.
    pub const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; Self::ENTRIES])
    }

    /// The entry at `index`.
    pub fn get(&self, index: SenderIndex) -> Option<SenderEntry> {
        SenderEntry::decode(self.0.get(index.0)?.load(Ordering::Relaxed))
    }

    /// Puts an entry into the first free place; `None` if there is none.
    pub fn insert(&self, entry: SenderEntry) -> Option<SenderIndex> {
        let free = self.0.iter().position(|word| word.load(Ordering::Relaxed) & VALID == 0)?;
        self.0[free].store(entry.encode(), Ordering::Release);
        Some(SenderIndex(free))
    }

    /// Makes all entries for `receiver` invalid and returns their number. A hart may have read one
    /// already, so the kernel must fence the other harts before it gives the receiver's entry to
    /// another thread.
    pub fn revoke(&self, receiver: u16) -> usize {
        let found = (0..Self::ENTRIES).filter(|index| {
            self.get(SenderIndex(*index)).is_some_and(|entry| entry.receiver == receiver)
        });
        found.map(|index| self.0[index].store(0, Ordering::Release)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: SenderEntry = SenderEntry { vector: Vector::new(5), receiver: 0x123 };

    #[test]
    fn an_entry_is_laid_out_as_specified() {
        assert_eq!(ENTRY.encode(), 0x0123_0000_0005_0001);
        assert_eq!(SenderEntry::decode(ENTRY.encode()), Some(ENTRY));
        assert_eq!(SenderEntry::decode(0x0123_0000_0005_0000), None);
        assert_eq!(SenderEntry::decode(0x0123_0000_0040_0001), None);
    }

    #[test]
    fn places_are_given_once_until_revoked() {
        let table = SenderTable::new();
        for index in 0..SenderTable::ENTRIES {
            let entry = SenderEntry { receiver: index as u16 % 2, ..ENTRY };
            assert_eq!(table.insert(entry), Some(SenderIndex(index)));
        }
        assert_eq!(table.insert(ENTRY), None);
        assert_eq!(table.revoke(1), 256);
        assert_eq!(table.get(SenderIndex(1)), None);
        assert_eq!(table.insert(ENTRY), Some(SenderIndex(1)));
        assert_eq!(table.get(SenderIndex(1)), Some(ENTRY));
        assert_eq!(table.get(SenderIndex(512)), None);
    }
}
