//! Where an access is in memory.

use super::order::Bytes;
use super::record::{Record, byte_mask};
use crate::hart::Access;
use crate::machine::Machine;
use crate::memory::Region;

/// A part of an access that lies in one aligned dword.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Place of the dword in memory.
    pub offset: usize,
    /// Its bytes that are accessed, with what was read or written.
    pub bytes: Bytes,
}

/// Where the access of `seen` is, with `value` in its bytes. Nothing of it if it is no access to memory, or
/// if the hart may not make it.
pub fn parts(machine: &Machine, id: usize, seen: &Record, value: u64) -> Vec<Part> {
    let mask = byte_mask(seen.mem_rmask | seen.mem_wmask);
    let size = u64::from(mask.count_ones() / 8);
    let access = if seen.mem_wmask == 0 { Access::Load } else { Access::Store };
    let in_first = (8 - (seen.mem_addr & 7)).min(size);
    let part = |vaddr: u64, done: u64| {
        let place = machine.harts[id].translate(&machine.bus, vaddr, access).ok()?;
        let dword = place.paddr & !7;
        let shift = 8 * (place.paddr & 7);
        let bytes = Bytes {
            dword,
            mask: mask >> (8 * done) << shift,
            data: (value & mask) >> (8 * done) << shift,
        };
        let (offset, region) = machine.bus.memory.locate(dword)?;
        (region == Region::Dram).then_some(Part { offset, bytes })
    };
    let mut parts = Vec::new();
    if size > 0 {
        parts.extend(part(seen.mem_addr, 0));
    }
    if size > in_first && !parts.is_empty() {
        match part(seen.mem_addr.wrapping_add(in_first), in_first) {
            Some(second) => parts.push(second),
            None => parts.clear(),
        }
    }
    parts
}
