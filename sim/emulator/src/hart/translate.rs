//! Sv39, with PMP and physical memory attributes.

use super::{Hart, Priv};
use crate::bus::Bus;
use crate::choices;
use crate::memory::Region;

/// Why an address cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The page table forbids it.
    Page,
    /// PMP or the attributes of the memory forbid it.
    Access,
}

/// What is to be done at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read.
    Load,
    /// To write, or to read and write.
    Store,
    /// To execute.
    Fetch,
}

/// A translated address.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Physical address.
    pub paddr: u64,
    /// What is there.
    pub region: Region,
}

const PTE_V: u64 = 1 << 0;
const PTE_R: u64 = 1 << 1;
const PTE_W: u64 = 1 << 2;
const PTE_X: u64 = 1 << 3;
const PTE_U: u64 = 1 << 4;
const PTE_A: u64 = 1 << 6;
const PTE_D: u64 = 1 << 7;
const PTE_RESERVED: u64 = 0x3FF << 54;
const LEVELS: u32 = 3;
const LEVEL_BITS: u32 = 9;
const PAGE_BITS: u32 = 12;
const VADDR_BITS: u32 = 39;
const SV39: u64 = 8;

/// A leaf of the page table, for one page.
struct Leaf {
    ppn: u64,
    flags: u64,
}

impl Hart {
    /// Contexts of loads and stores, and of fetches, for the TLB. They must be computed again when
    /// one of their parts changes.
    pub fn contexts(&self) -> (usize, usize) {
        let status = self.csr.status;
        let sv39 = self.csr.satp >> 60 == SV39;
        let data = match status.effective(self.privilege) {
            Priv::M => 0,
            _ if !sv39 => 1,
            Priv::U => 2 + 3 * usize::from(status.mxr()),
            Priv::S => 3 + 3 * usize::from(status.mxr()) + usize::from(status.sum()),
        };
        let fetch = match self.privilege {
            Priv::M => 0,
            _ if !sv39 => 1,
            Priv::U => 2,
            Priv::S => 3,
        };
        (data, fetch)
    }

    /// Translates an address for `access` in the present mode, and checks all rights. The page table
    /// comes first: [`choices::PAGE_FAULT_FIRST`].
    pub fn translate(&self, bus: &Bus, vaddr: u64, access: Access) -> Result<Place, Fault> {
        let mode = match access {
            Access::Fetch => self.privilege,
            _ => self.csr.status.effective(self.privilege),
        };
        let paddr = if mode == Priv::M || self.csr.satp >> 60 != SV39 {
            vaddr
        } else {
            let leaf = self.walk(bus, vaddr)?;
            if !self.allows(&leaf, access, mode) {
                return Err(Fault::Page);
            }
            leaf.ppn << PAGE_BITS | vaddr & 0xFFF
        };
        let region = self.check(bus, paddr, access, mode == Priv::M)?;
        Ok(Place { paddr, region })
    }

    /// The physical address of what a debugger looks at. Rights do not count, nor does MPRV.
    pub fn inspected_address(&self, bus: &Bus, vaddr: u64) -> Option<u64> {
        if self.privilege == Priv::M || self.csr.satp >> 60 != SV39 {
            return Some(vaddr);
        }
        let leaf = self.walk(bus, vaddr).ok()?;
        Some(leaf.ppn << PAGE_BITS | vaddr & 0xFFF)
    }

    /// The rights of PMP and of the region on a physical address.
    pub fn check(
        &self,
        bus: &Bus,
        paddr: u64,
        access: Access,
        machine: bool,
    ) -> Result<Region, Fault> {
        if paddr >> choices::PADDR_BITS != 0 {
            return Err(Fault::Access);
        }
        let region = bus.region(paddr).ok_or(Fault::Access)?;
        let rights = self.csr.pmp.rights(paddr, machine);
        let allowed = match access {
            Access::Load => rights.read,
            Access::Store => rights.write && region != Region::Rom,
            Access::Fetch => rights.execute && region != Region::Io,
        };
        if allowed { Ok(region) } else { Err(Fault::Access) }
    }

    /// Whether the leaf allows an access; software sets A and D (Svade).
    fn allows(&self, leaf: &Leaf, access: Access, mode: Priv) -> bool {
        let status = self.csr.status;
        let has = |bits: u64| leaf.flags & bits == bits;
        let page_of_mode = match (has(PTE_U), mode) {
            (true, Priv::U) | (false, Priv::S) => true,
            (true, _) => access != Access::Fetch && status.sum(),
            (false, _) => false,
        };
        page_of_mode
            && match access {
                Access::Load => has(PTE_R) || status.mxr() && has(PTE_X),
                Access::Store => has(PTE_W) && (choices::HARDWARE_SETS_A_AND_D || has(PTE_D)),
                Access::Fetch => has(PTE_X),
            }
    }

    /// Walks the page table ("Virtual Address Translation Process").
    fn walk(&self, bus: &Bus, vaddr: u64) -> Result<Leaf, Fault> {
        if super::sign_extend(vaddr, VADDR_BITS) != vaddr {
            return Err(Fault::Page);
        }
        let mut ppn = self.csr.satp & ((1 << 44) - 1);
        for level in (0..LEVELS).rev() {
            let shift = PAGE_BITS + LEVEL_BITS * level;
            let index = vaddr >> shift & ((1 << LEVEL_BITS) - 1);
            let pte = self.table_entry(bus, (ppn << PAGE_BITS) + 8 * index)?;
            ppn = pte >> 10 & ((1 << 44) - 1);
            let has = |bit: u64| pte & bit != 0;
            if !has(PTE_V) || has(PTE_W) && !has(PTE_R) || has(PTE_RESERVED) {
                return Err(Fault::Page);
            }
            if has(PTE_R) || has(PTE_X) {
                let within = (1 << (LEVEL_BITS * level)) - 1;
                if !has(PTE_A) || ppn & within != 0 {
                    return Err(Fault::Page);
                }
                let ppn = ppn | vaddr >> PAGE_BITS & within;
                return Ok(Leaf { ppn, flags: pte & 0xFF });
            }
            if has(PTE_A) || has(PTE_D) || has(PTE_U) {
                return Err(Fault::Page);
            }
        }
        Err(Fault::Page)
    }

    /// Reads an entry of a page table, with the rights of S-mode.
    fn table_entry(&self, bus: &Bus, paddr: u64) -> Result<u64, Fault> {
        match self.check(bus, paddr, Access::Load, false)? {
            Region::Io => Err(Fault::Access),
            _ => bus.memory.locate(paddr).map(|(at, _)| bus.memory.dword(at)).ok_or(Fault::Access),
        }
    }
}
