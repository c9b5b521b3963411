//! What a debugger sees and changes of a hart that stands still: every CSR whatever the mode, and
//! memory through the hart's translation.

use super::csr_write::Change;
use super::{Hart, Priv, held_address};
use crate::bus::Bus;
use crate::memory::Region;
use crate::soc::csr;

impl Hart {
    /// The value of a CSR as M-mode would read it now; `None` if there is none.
    pub fn peek_csr(&mut self, bus: &Bus, number: u16) -> Option<u64> {
        self.lines = bus.lines(self.id);
        self.time = bus.time();
        self.read_any_csr(number, Priv::M)
    }

    /// Writes a CSR as M-mode would. False if there is none or it cannot be written.
    pub fn poke_csr(&mut self, bus: &Bus, number: u16, value: u64) -> bool {
        let Some(old) = self.peek_csr(bus, number).filter(|_| number >> 10 != 3) else {
            return false;
        };
        if number & !0x1F == csr::MCYCLE {
            // No instruction is counted that the value would have to leave out.
            self.counters.write(usize::from(number & 0x1F), value, 0);
        } else {
            self.write_csr(number, Change::Replace, value, old);
        }
        true
    }

    /// The hart goes on at `pc`, even if it waited.
    pub fn jump(&mut self, pc: u64) {
        self.pc = held_address(pc) & !1;
        self.waiting = false;
    }

    /// Reads memory at a virtual address, as far as it is mapped. Rights do not count. Returns how
    /// many bytes there were; devices, which reading would change, have none.
    pub fn peek(&self, bus: &Bus, vaddr: u64, bytes: &mut [u8]) -> usize {
        for (index, byte) in bytes.iter_mut().enumerate() {
            let place = self.inspected(bus, vaddr.wrapping_add(index as u64));
            let source = place.and_then(|(at, _)| bus.memory.slice(at, 1));
            match source {
                Some(source) => *byte = source[0],
                None => return index,
            }
        }
        bytes.len()
    }

    /// Writes main memory at a virtual address, all bytes or none. The caller has harts fetch anew.
    pub fn poke(&self, bus: &mut Bus, vaddr: u64, bytes: &[u8]) -> bool {
        let places: Option<Vec<usize>> = (0..bytes.len() as u64)
            .map(|index| match self.inspected(bus, vaddr.wrapping_add(index))? {
                (at, Region::Dram) => Some(at),
                _ => None,
            })
            .collect();
        let Some(places) = places else { return false };
        for (at, &byte) in places.into_iter().zip(bytes) {
            bus.memory.write(at, [byte]);
        }
        true
    }

    /// Where in memory a virtual address is, whatever may be done there.
    fn inspected(&self, bus: &Bus, vaddr: u64) -> Option<(usize, Region)> {
        bus.memory.locate(self.inspected_address(bus, vaddr)?)
    }
}
