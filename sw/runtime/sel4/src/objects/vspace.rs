//! Address spaces.

use super::{AsidControl, AsidPool, Page, PageTable, Place, Untyped};
use crate::{Label, Result, Rights, invoke};

impl Page {
    /// Maps the frame. `attributes` is 0 or [`abi::EXECUTE_NEVER`].
    pub fn map(self, space: PageTable, vaddr: usize, rights: Rights, attributes: usize) -> Result {
        invoke(self.0, Label::PageMap, &[space.0], &[vaddr, rights.0, attributes]).map(drop)
    }

    pub fn unmap(self) -> Result {
        invoke(self.0, Label::PageUnmap, &[], &[]).map(drop)
    }

    /// The physical address.
    pub fn physical_address(self) -> Result<usize> {
        invoke(self.0, Label::PageGetAddress, &[], &[]).map(|words| words[0])
    }
}

impl PageTable {
    /// Maps the table where the walk to `vaddr` ends.
    pub fn map(self, space: PageTable, vaddr: usize) -> Result {
        invoke(self.0, Label::PageTableMap, &[space.0], &[vaddr, 0]).map(drop)
    }

    pub fn unmap(self) -> Result {
        invoke(self.0, Label::PageTableUnmap, &[], &[]).map(drop)
    }
}

impl AsidPool {
    /// Makes a page table the root of an address space.
    pub fn assign(self, root: PageTable) -> Result {
        invoke(self.0, Label::AsidPoolAssign, &[root.0], &[]).map(drop)
    }
}

impl AsidControl {
    /// Makes an ASID pool of an untyped object of its size.
    pub fn make_pool(self, untyped: Untyped, to: Place) -> Result {
        let caps = [untyped.0, to.root.0];
        invoke(self.0, Label::AsidControlMakePool, &caps, &[to.index, to.depth]).map(drop)
    }
}
