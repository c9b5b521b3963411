//! The part of the DRAM that programs are loaded to.

use bootlink::Memory;
use core::{ops::Range, ptr, slice};
use soc::DRAM_BASE;

/// The DRAM below the loader's own part.
pub struct Dram {
    end: u64,
}

impl Dram {
    /// The DRAM from its start to `end`.
    pub fn up_to(end: u64) -> Self {
        Self { end }
    }
}

impl Memory for Dram {
    fn range(&self) -> Range<u64> {
        DRAM_BASE as u64..self.end
    }

    fn bytes(&mut self, addresses: Range<u64>) -> &mut [u8] {
        let length = (addresses.end - addresses.start) as usize;
        // SAFETY: `addresses` lie in the range above. There is memory, nothing else of the loader
        // uses it, and the other harts sleep.
        unsafe {
            slice::from_raw_parts_mut(
                ptr::with_exposed_provenance_mut(addresses.start as usize),
                length,
            )
        }
    }
}
