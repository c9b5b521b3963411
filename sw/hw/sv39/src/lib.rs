//! Sv39 page tables.
//!
//! Invariant: the tables of an address space lie in one pool, at most one entry links to a table,
//! and every table from the pool starts empty. There is no `unsafe`: the pool is an ordinary slice
//! with a known physical address. So everything runs on the host as well.

#![cfg_attr(not(test), no_std)]

use core::ops::BitOr;

/// Bytes of a page, and of a table.
pub const PAGE: usize = 4096;
/// Entries of a table.
pub const ENTRIES: usize = 512;
/// Level of the root table: its leaves map 1 GiB. Leaves of level 1 map 2 MiB, of level 0 a page.
pub const ROOT_LEVEL: usize = 2;

/// Bytes that a leaf of `level` maps.
pub const fn size(level: usize) -> usize {
    PAGE << (9 * level)
}

/// Index of the entry for `vaddr` in a table of `level`.
pub const fn index(vaddr: usize, level: usize) -> usize {
    vaddr / size(level) % ENTRIES
}

/// Whether bits 63 to 39 of an address equal bit 38.
pub const fn canonical(vaddr: usize) -> bool {
    let sign = (vaddr as i64) >> 38;
    sign == 0 || sign == -1
}

/// Where the ASID stands in `satp`.
pub const ASID_SHIFT: u32 = 44;

/// The value of `satp` for a root table at physical address `root`.
#[inline]
pub const fn satp(asid: usize, root: usize) -> usize {
    (8 << 60) | (asid << ASID_SHIFT) | (root / PAGE)
}

/// Flag bits of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(pub usize);

impl Flags {
    pub const NONE: Self = Self(0);
    pub const VALID: Self = Self(1 << 0);
    pub const READ: Self = Self(1 << 1);
    pub const WRITE: Self = Self(1 << 2);
    pub const EXECUTE: Self = Self(1 << 3);
    pub const USER: Self = Self(1 << 4);
    pub const GLOBAL: Self = Self(1 << 5);
    pub const ACCESSED: Self = Self(1 << 6);
    pub const DIRTY: Self = Self(1 << 7);

    /// Any of these makes an entry a leaf.
    pub const RWX: Self = Self(Self::READ.0 | Self::WRITE.0 | Self::EXECUTE.0);
    /// Accessed and dirty: for leaves that software does not track.
    pub const READY: Self = Self(Self::VALID.0 | Self::ACCESSED.0 | Self::DIRTY.0);

    /// Whether all of `other` are in `self`.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Flags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A page-table entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Entry(pub usize);

impl Entry {
    pub const INVALID: Self = Self(0);

    /// The entry for physical address `paddr`.
    pub const fn new(paddr: usize, flags: Flags) -> Self {
        Self(((paddr / PAGE) << 10) | flags.0)
    }

    /// The physical address it points to.
    pub const fn paddr(self) -> usize {
        ((self.0 << 10) >> 20) * PAGE
    }

    pub const fn flags(self) -> Flags {
        Flags(self.0 & 0xff)
    }

    pub const fn is_valid(self) -> bool {
        self.flags().contains(Flags::VALID)
    }

    pub const fn is_leaf(self) -> bool {
        self.0 & Flags::RWX.0 != 0
    }
}

/// A page table.
#[derive(Clone, Debug)]
#[repr(C, align(4096))]
pub struct Table([Entry; ENTRIES]);

impl Table {
    pub const EMPTY: Self = Self([Entry::INVALID; ENTRIES]);
}

/// Why a mapping was refused. Empty tables may have been linked; nothing else has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The virtual address is not a sign-extended 39-bit number.
    NotCanonical,
    /// An address is not a multiple of the page's size.
    Misaligned,
    /// There is a mapping already, here or above.
    Occupied,
    /// The pool has no table left.
    NoTableLeft,
}

/// An address space: a root table and the tables below it.
#[derive(Debug)]
pub struct AddressSpace<'a> {
    pool: &'a mut [Table],
    base: usize,
    used: usize,
}

impl<'a> AddressSpace<'a> {
    /// An empty address space whose tables come from `pool`, which lies at physical address `base`.
    /// The root is the first table.
    pub fn new(pool: &'a mut [Table], base: usize) -> Result<Self, Error> {
        if !base.is_multiple_of(PAGE) {
            return Err(Error::Misaligned);
        }
        let mut space = Self { pool, base, used: 0 };
        space.take()?;
        Ok(space)
    }

    /// The value of `satp` that selects it.
    pub fn satp(&self, asid: usize) -> usize {
        satp(asid, self.base)
    }

    /// Maps one page of `level` from `vaddr` to `paddr`. `flags` are used as they are.
    pub fn map(
        &mut self,
        vaddr: usize,
        paddr: usize,
        level: usize,
        flags: Flags,
    ) -> Result<(), Error> {
        if !vaddr.is_multiple_of(size(level)) || !paddr.is_multiple_of(size(level)) {
            return Err(Error::Misaligned);
        }
        let entry = self.entry(vaddr, level)?;
        if entry.is_valid() {
            return Err(Error::Occupied);
        }
        *entry = Entry::new(paddr, flags);
        Ok(())
    }

    /// The entry of `level` for `vaddr`. Adds the tables above it as needed.
    pub fn entry(&mut self, vaddr: usize, level: usize) -> Result<&mut Entry, Error> {
        if !canonical(vaddr) {
            return Err(Error::NotCanonical);
        }
        let mut table = 0;
        for above in (level + 1..=ROOT_LEVEL).rev() {
            let entry = self.pool[table].0[index(vaddr, above)];
            table = if !entry.is_valid() {
                let next = self.take()?;
                let paddr = self.base + next * PAGE;
                self.pool[table].0[index(vaddr, above)] = Entry::new(paddr, Flags::VALID);
                next
            } else if entry.is_leaf() {
                return Err(Error::Occupied);
            } else {
                (entry.paddr() - self.base) / PAGE
            };
        }
        Ok(&mut self.pool[table].0[index(vaddr, level)])
    }

    /// Where `vaddr` leads, and the flags of its leaf.
    pub fn translate(&self, vaddr: usize) -> Option<(usize, Flags)> {
        let mut table = 0;
        for level in (0..=ROOT_LEVEL).rev() {
            let entry = self.pool[table].0[index(vaddr, level)];
            if !canonical(vaddr) || !entry.is_valid() {
                return None;
            }
            if entry.is_leaf() {
                return Some((entry.paddr() + vaddr % size(level), entry.flags()));
            }
            table = (entry.paddr() - self.base) / PAGE;
        }
        None
    }

    fn take(&mut self) -> Result<usize, Error> {
        let table = self.pool.get_mut(self.used).ok_or(Error::NoTableLeft)?;
        *table = Table::EMPTY;
        self.used += 1;
        Ok(self.used - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: usize = 0x8040_0000;
    const RW: Flags = Flags(Flags::READY.0 | Flags::READ.0 | Flags::WRITE.0);

    #[test]
    fn pages_of_every_level_translate() {
        let mut pool = vec![Table::EMPTY; 8];
        let mut space = AddressSpace::new(&mut pool, BASE).unwrap();
        space.map(0x4000_0000, 0x8000_0000, 2, RW).unwrap();
        space.map(0x20_0000, 0x8020_0000, 1, RW).unwrap();
        space.map(0x1000, 0x8000_3000, 0, RW).unwrap();
        space.map(usize::MAX - 0xfff, 0x9000_0000, 0, RW).unwrap();
        assert_eq!(space.translate(0x4765_4321), Some((0x8765_4321, RW)));
        assert_eq!(space.translate(0x0034_5678), Some((0x8034_5678, RW)));
        assert_eq!(space.translate(0x1234), Some((0x8000_3234, RW)));
        assert_eq!(space.translate(usize::MAX), Some((0x9000_0fff, RW)));
        assert_eq!(space.translate(0x2000), None);
    }

    #[test]
    fn refusals_say_why() {
        let mut pool = vec![Table::EMPTY; 2];
        let mut space = AddressSpace::new(&mut pool, BASE).unwrap();
        assert_eq!(space.map(0x1000, 0, 1, RW), Err(Error::Misaligned));
        assert_eq!(space.map(0, 0x1000, 2, RW), Err(Error::Misaligned));
        assert_eq!(space.map(1 << 38, 0, 0, RW), Err(Error::NotCanonical));
        space.map(0, 0, 2, RW).unwrap();
        assert_eq!(space.map(0, 0, 2, RW), Err(Error::Occupied));
        assert_eq!(space.map(0x1000, 0, 0, RW), Err(Error::Occupied));
        assert_eq!(space.map(0x4000_0000, 0, 0, RW), Err(Error::NoTableLeft));
        assert_eq!(AddressSpace::new(&mut [], BASE).unwrap_err(), Error::NoTableLeft);
    }

    #[test]
    fn satp_selects_sv39_the_asid_and_the_root() {
        let mut pool = vec![Table::EMPTY; 1];
        let space = AddressSpace::new(&mut pool, BASE).unwrap();
        assert_eq!(space.satp(5), 0x8000_5000_0008_0400);
    }

    #[test]
    fn tables_start_empty_whatever_the_pool_held() {
        let mut pool = vec![Table([Entry(!0); ENTRIES]); 3];
        let mut space = AddressSpace::new(&mut pool, BASE).unwrap();
        space.map(0, 0x8000_0000, 0, RW).unwrap();
        assert_eq!(space.translate(0x1000), None);
    }
}
