//! Which untyped object the next object comes from.
//!
//! The kernel makes objects one behind the other in an untyped object, each at a multiple of its
//! size. This keeps the same account, to know where there is room.

use sel4::abi::boot_info::MAX_UNTYPED;

#[derive(Clone, Copy, Default)]
struct Pool {
    untyped: usize,
    bits: usize,
    /// Bytes from the begin that are in use.
    used: usize,
}

impl Pool {
    /// Where an object would end, if there is room.
    fn end_of(&self, bits: usize) -> Option<usize> {
        if bits > self.bits {
            return None;
        }
        let end = self.used.next_multiple_of(1 << bits) + (1 << bits);
        (end <= 1 << self.bits).then_some(end)
    }

    fn left(&self) -> usize {
        (1 << self.bits) - self.used
    }
}

/// Untyped objects, and how much of each is in use.
pub struct Memory {
    pools: [Pool; MAX_UNTYPED],
    count: usize,
}

impl Default for Memory {
    fn default() -> Self {
        Self { pools: [Pool::default(); MAX_UNTYPED], count: 0 }
    }
}

impl Memory {
    /// Adds an untyped object of which nothing is in use: its capability and size.
    pub fn add(&mut self, untyped: usize, bits: usize) {
        if let Some(pool) = self.pools.get_mut(self.count) {
            *pool = Pool { untyped, bits, used: 0 };
            self.count += 1;
        }
    }

    /// Reserves room for an object of 2^`bits` bytes. Returns the untyped object to make it of: the
    /// one with the least room in which it fits.
    pub fn allocate(&mut self, bits: usize) -> Option<usize> {
        let pools = &mut self.pools[..self.count];
        let fitting = pools.iter_mut().filter_map(|pool| Some((pool.end_of(bits)?, pool)));
        let (end, pool) = fitting.min_by_key(|(_, pool)| pool.left())?;
        pool.used = end;
        Some(pool.untyped)
    }

    /// Bytes that are not in use.
    pub fn left(&self) -> usize {
        self.pools[..self.count].iter().map(Pool::left).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(sizes: &[(usize, usize)]) -> Memory {
        let mut memory = Memory::default();
        sizes.iter().for_each(|(untyped, bits)| memory.add(*untyped, *bits));
        memory
    }

    #[test]
    fn the_smallest_that_fits_is_used_first() {
        let mut memory = memory(&[(1, 20), (2, 12), (3, 13)]);
        assert_eq!(memory.allocate(12), Some(2));
        assert_eq!(memory.allocate(12), Some(3));
        assert_eq!(memory.allocate(4), Some(3));
        // 16 bytes of the second page are in use.
        assert_eq!(memory.allocate(12), Some(1));
        assert_eq!(memory.allocate(21), None);
    }

    #[test]
    fn objects_lie_at_multiples_of_their_size() {
        let mut memory = memory(&[(7, 13)]);
        assert_eq!(memory.allocate(4), Some(7));
        assert_eq!(memory.allocate(12), Some(7));
        assert_eq!((memory.left(), memory.allocate(4)), (0, None));
    }

    #[test]
    fn all_of_it_can_be_used() {
        let mut memory = memory(&[(1, 13), (2, 13)]);
        let mut count = 0;
        while memory.allocate(10).is_some() {
            count += 1;
        }
        assert_eq!((count, memory.left()), (16, 0));
    }
}
