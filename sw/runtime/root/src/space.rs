//! Address spaces, and pages in them.

use crate::{Error, Result, Root};
use core::{ptr, slice};
use sel4::{
    Cap, ObjectType, Page, PageTable, Rights,
    abi::{
        EXECUTE_NEVER, Error as Refusal,
        object::{MEGA_PAGE_BITS, PAGE_BITS},
        slot,
    },
};

/// Bytes of a page.
pub const PAGE: usize = 1 << PAGE_BITS;
/// Attributes of a page without instructions.
pub const FLAT: usize = EXECUTE_NEVER;

/// An address space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Space {
    pub table: PageTable,
}

impl Space {
    /// The root task's.
    pub const fn own() -> Self {
        Self { table: PageTable(slot::VSPACE) }
    }
}

impl Root {
    /// An address space with nothing in it.
    pub fn new_space(&mut self) -> Result<Space> {
        let table: PageTable = self.object(ObjectType::PageTable, 0)?;
        sel4::AsidPool::at(slot::ASID_POOL).assign(table)?;
        Ok(Space { table })
    }

    /// Maps a frame, and the page tables that it needs.
    pub fn map(
        &mut self,
        space: Space,
        page: Page,
        vaddr: usize,
        rights: Rights,
        attributes: usize,
    ) -> Result {
        self.with_tables(space, vaddr, || page.map(space.table, vaddr, rights, attributes))
    }

    /// Maps something at an address, and the page tables that it needs.
    pub(crate) fn with_tables(
        &mut self,
        space: Space,
        vaddr: usize,
        map: impl Fn() -> sel4::Result,
    ) -> Result {
        loop {
            match map() {
                Err(failure) if failure.error == Refusal::FailedLookup => {
                    let table: PageTable = self.object(ObjectType::PageTable, 0)?;
                    table.map(space.table, vaddr)?;
                }
                other => return other.map_err(Error::from),
            }
        }
    }

    /// A new page, mapped in the root task for reading and writing. Returns the frame and where it
    /// is.
    pub fn new_page(&mut self) -> Result<(Page, usize)> {
        let page: Page = self.object(ObjectType::Page, 0)?;
        let vaddr = self.map_here(page, PAGE)?;
        Ok((page, vaddr))
    }

    /// Maps a frame of `bytes` in the root task.
    pub fn map_here(&mut self, page: Page, bytes: usize) -> Result<usize> {
        let vaddr = self.reserve(bytes);
        self.map(self.space, page, vaddr, Rights::READ_WRITE, FLAT)?;
        Ok(vaddr)
    }

    /// Addresses of the root task's own space where nothing is mapped. Those of large frames are
    /// multiples of their size; others never share a page table's range with them.
    pub fn reserve(&mut self, bytes: usize) -> usize {
        let start = self.next_page.next_multiple_of(bytes.max(PAGE));
        self.next_page = start + bytes.max(PAGE);
        if bytes > PAGE {
            self.next_page = self.next_page.next_multiple_of(1 << MEGA_PAGE_BITS);
        }
        start
    }

    /// Maps a frame of the root task's into another address space as well: memory that both share.
    pub fn share(
        &mut self,
        page: Page,
        space: Space,
        vaddr: usize,
        rights: Rights,
    ) -> Result<Page> {
        let copy = self.copy(page)?;
        self.map(space, copy, vaddr, rights, FLAT)?;
        Ok(copy)
    }

    /// A copy of a capability with all its rights.
    pub fn copy<T: Cap>(&mut self, cap: T) -> Result<T> {
        let slot = self.slot()?;
        slot.copy_from(Self::CNODE.slot(cap.address()), Rights::ALL)?;
        Ok(T::at(slot.index))
    }

    /// A new page for another address space, with contents and zeros behind them.
    pub(crate) fn filled_page(
        &mut self,
        space: Space,
        vaddr: usize,
        (offset, contents): (usize, &[u8]),
        rights: Rights,
        attributes: usize,
    ) -> Result<Page> {
        let (own, here) = self.new_page()?;
        // SAFETY: the page was just mapped here, and nothing else uses it. New frames are zero.
        let bytes =
            unsafe { slice::from_raw_parts_mut(ptr::with_exposed_provenance_mut(here), PAGE) };
        bytes[offset..offset + contents.len()].copy_from_slice(contents);
        own.unmap()?;
        self.map(space, own, vaddr, rights, attributes)?;
        Ok(own)
    }
}
