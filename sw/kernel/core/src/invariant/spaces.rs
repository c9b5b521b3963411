//! Address spaces: what page tables link to and map has capabilities.

use super::{Checked, census::Census, marks::Found, require};
use crate::{
    Cap, Kernel,
    machine::{Machine, Memory},
    paging::{self, Entry, Target},
};
use abi::object::{ASID_POOL_INDEX_BITS, GIGA_PAGE_BITS, PAGE_BITS, PAGE_TABLE_INDEX_BITS};

const ENTRIES: usize = 1 << PAGE_TABLE_INDEX_BITS;
/// Entries of a root table that users have.
const USER_ENTRIES: usize = ENTRIES / 2;

impl<M: Machine> Kernel<M> {
    /// Counts a page table, by the first of its capabilities.
    pub(super) fn count_table(&self, cap: Cap, census: &mut Census) -> Checked {
        if !cap.is_mapped() {
            let empty = (0..ENTRIES).all(|index| self.load(cap.pointer() + 8 * index) == 0);
            return require(empty, "a page table that is not mapped is empty", cap.pointer());
        }
        if self.space(cap).is_some() {
            census.roots += 1;
        } else if let Ok(root) = self.root_of(cap.mapping().asid) {
            census.linked += usize::from(self.entry_of_table(root, cap).is_some());
        }
        Ok(())
    }

    /// Checks all ASID pools and the tables of all address spaces.
    pub(super) fn check_spaces(&self, census: &Census) -> Checked {
        let (mut pools, mut roots, mut linked) = (0, 0, 0);
        for pool in self.asid_pools.iter().copied().filter(|pool| *pool != 0) {
            require(self.marks.has(pool, Found::AsidPool), "an ASID pool that exists", pool)?;
            pools += 1;
            for index in 0..1 << ASID_POOL_INDEX_BITS {
                let root = self.load(pool + 8 * index);
                if root != 0 {
                    require(self.marks.has(root, Found::PageTable), "a root that exists", root)?;
                    roots += 1;
                    linked += self.check_table(root, GIGA_PAGE_BITS, USER_ENTRIES)?;
                }
            }
        }
        require(pools == census.pools, "ASID pools have capabilities", pools)?;
        require(roots == census.roots, "root tables have capabilities", roots)?;
        require(linked == census.linked, "linked page tables have capabilities", linked)?;
        for node in self.nodes.iter().filter(|node| node.space != 0) {
            let there = self.marks.has(node.space, Found::PageTable);
            require(there, "the address space of a hart exists", node.space)?;
        }
        Ok(())
    }

    /// Checks a page table and those below it. Returns how many these are.
    fn check_table(&self, table: usize, bits: usize, entries: usize) -> Checked<usize> {
        let mut linked = 0;
        for index in 0..entries {
            let entry = Entry { address: table + 8 * index, bits };
            match paging::target(&self.machine, entry) {
                Target::Nothing => {}
                Target::Table(physical) => {
                    let below = self.machine.window(physical);
                    let there = bits > PAGE_BITS && self.marks.has(below, Found::PageTable);
                    require(there, "a page table that exists", entry.address)?;
                    linked += 1;
                    linked += self.check_table(below, bits - PAGE_TABLE_INDEX_BITS, ENTRIES)?;
                }
                Target::Frame(physical) => {
                    let frame = self.machine.window(physical);
                    let there = self.marks.has(frame, Found::Frame) || self.is_queue_page(physical);
                    require(there, "a mapped frame that exists", entry.address)?;
                }
            }
        }
        Ok(linked)
    }
}
