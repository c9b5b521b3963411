//! Untyped objects of the root task: devices, then the memory that is left.

use super::{BootError, Region, root_task::Builder};
use crate::{Cap, machine::Machine};
use abi::{
    boot_info::{MAX_UNTYPED, place},
    object::{MAX_UNTYPED_BITS, MIN_UNTYPED_BITS},
};

impl<M: Machine> Builder<'_, M> {
    pub(super) fn untyped(&mut self, devices: &[Region]) -> Result<(), BootError> {
        let first = self.next_slot;
        for region in devices {
            self.cut(*region, true, first)?;
        }
        let memory = self.memory;
        for region in memory.iter() {
            self.cut(region, false, first)?;
        }
        self.set_info(place::UNTYPED, first);
        self.set_info(place::UNTYPED + 1, self.next_slot);
        Ok(())
    }

    /// Cuts a region into aligned powers of two. What the boot information has no place for stays
    /// unused.
    fn cut(&mut self, region: Region, device: bool, first: usize) -> Result<(), BootError> {
        let mut start = region.start;
        while start < region.end {
            let left = (region.end - start).ilog2() as usize;
            let bits = left.min(start.trailing_zeros() as usize).min(MAX_UNTYPED_BITS);
            let number = self.next_slot - first;
            if bits >= MIN_UNTYPED_BITS && number < MAX_UNTYPED {
                // Memory counts as used: it is cleared before the first object.
                let address = self.kernel.machine.window(start);
                self.add(Cap::untyped(address, bits, device, 1 << bits))?;
                let word = place::UNTYPED_LIST + 2 * number;
                self.set_info(word, start);
                self.set_info(word + 1, bits | (device as usize) << 8);
            }
            start += 1 << bits;
        }
        Ok(())
    }
}
