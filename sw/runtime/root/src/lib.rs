//! What a root task does with what the kernel gives it: objects out of untyped memory, slots for
//! them, address spaces, threads, processes from ELF files, memory that two of them share.
//!
//! [`Root`] is where to begin. Everything else is made by it.

#![no_std]

mod archive;
mod error;
mod memory;
mod process;
mod program;
mod slots;
mod space;
mod tasks;
mod thread;

pub use archive::archive;
pub use error::{Error, Result};
pub use memory::Memory;
pub use process::Process;
pub use program::{Part, parts};
pub use slots::Slots;
pub use space::{FLAT, PAGE, Space};
pub use thread::Thread;

use sel4::{
    CNode, Cap, ObjectType, Place, Tcb, Untyped,
    abi::{boot_info::BootInfo, slot},
};

/// The root task's own resources.
pub struct Root {
    pub info: &'static BootInfo,
    pub slots: Slots,
    pub memory: Memory,
    /// Its own address space.
    pub space: Space,
    /// Where the next page goes that this library maps in its own address space.
    next_page: usize,
}

/// Where this library maps pages in the root task's own address space.
const WINDOW: usize = 0x10_0000_0000;

impl Root {
    pub const CNODE: CNode = CNode(slot::CNODE);
    pub const TCB: Tcb = Tcb(slot::TCB);

    pub fn new(info: &'static BootInfo) -> Self {
        let mut memory = Memory::default();
        let slots = info.untyped.start..info.untyped.end;
        for (slot, untyped) in slots.zip(&info.untyped_list) {
            if untyped.is_device == 0 {
                memory.add(slot, untyped.size_bits.into());
            }
        }
        Self {
            info,
            slots: Slots::new(info.empty.start..info.empty.end),
            memory,
            space: Space::own(),
            next_page: WINDOW,
        }
    }

    /// An empty slot of the root task's CNode.
    pub fn slot(&mut self) -> Result<Place> {
        self.slots.allocate().map(|slot| Self::CNODE.slot(slot)).ok_or(Error::NoSlots)
    }

    /// Makes an object. `size_bits` counts for untyped memory and CNodes.
    pub fn object<T: Cap>(&mut self, kind: ObjectType, size_bits: usize) -> Result<T> {
        let untyped = self.memory.allocate(kind.bits(size_bits)).ok_or(Error::NoMemory)?;
        let slot = self.slots.allocate().ok_or(Error::NoSlots)?;
        let node = Self::CNODE.own_slot(0, 0);
        Untyped(untyped).retype(kind, size_bits, node, slot, 1)?;
        Ok(T::at(slot))
    }

    /// Deletes what [`Root::object`] has made; its memory is not used again.
    pub fn delete(&mut self, cap: impl Cap) -> Result {
        Self::CNODE.slot(cap.address()).delete()?;
        self.slots.free(cap.address());
        Ok(())
    }

    /// A copy of a capability with other rights or another badge.
    pub fn mint<T: Cap>(&mut self, cap: T, rights: sel4::Rights, badge: usize) -> Result<T> {
        let slot = self.slot()?;
        slot.mint_from(Self::CNODE.slot(cap.address()), rights, badge)?;
        Ok(T::at(slot.index))
    }

    /// The untyped object of a device that holds a physical address, and where in it the address
    /// lies.
    pub fn device(&self, physical: usize) -> Option<(Untyped, usize)> {
        let slots = self.info.untyped.start..self.info.untyped.end;
        slots.zip(&self.info.untyped_list).find_map(|(slot, untyped)| {
            let range = untyped.physical..untyped.physical + (1 << untyped.size_bits);
            let fits = untyped.is_device != 0 && range.contains(&physical);
            fits.then(|| (Untyped(slot), physical - untyped.physical))
        })
    }
}
