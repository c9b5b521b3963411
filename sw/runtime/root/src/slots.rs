//! Empty slots of a CNode.

use core::ops::Range;

const KEPT: usize = 256;

/// Hands out slots. Those that were given back come first.
pub struct Slots {
    fresh: Range<usize>,
    freed: [usize; KEPT],
    count: usize,
}

impl Slots {
    pub fn new(empty: Range<usize>) -> Self {
        Self { fresh: empty, freed: [0; KEPT], count: 0 }
    }

    pub fn allocate(&mut self) -> Option<usize> {
        if self.count > 0 {
            self.count -= 1;
            return self.freed.get(self.count).copied();
        }
        self.fresh.next()
    }

    /// `count` slots in a row; the first of them.
    pub fn allocate_row(&mut self, count: usize) -> Option<usize> {
        let start = self.fresh.start;
        let end = start.checked_add(count).filter(|end| *end <= self.fresh.end)?;
        self.fresh.start = end;
        Some(start)
    }

    /// Takes an empty slot back. It is lost if very many are waiting already.
    pub fn free(&mut self, slot: usize) {
        if let Some(place) = self.freed.get_mut(self.count) {
            *place = slot;
            self.count += 1;
        }
    }

    /// Slots that can still be handed out.
    pub fn left(&self) -> usize {
        self.fresh.len() + self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slot_is_handed_out_once() {
        let mut slots = Slots::new(10..14);
        assert_eq!(slots.allocate(), Some(10));
        assert_eq!(slots.allocate_row(2), Some(11));
        assert_eq!(slots.allocate_row(2), None);
        assert_eq!((slots.allocate(), slots.allocate(), slots.left()), (Some(13), None, 0));
        slots.free(11);
        assert_eq!((slots.left(), slots.allocate(), slots.allocate()), (1, Some(11), None));
    }

    #[test]
    fn more_freed_slots_than_are_kept_are_lost() {
        let mut slots = Slots::new(0..0);
        (0..2 * KEPT).for_each(|slot| slots.free(slot));
        assert_eq!(slots.left(), KEPT);
        assert_eq!(slots.allocate(), Some(KEPT - 1));
    }
}
