//! The interrupt controller of the devices (PLIC). All interrupts go to the S-mode context of the
//! hart that booted.

use abi::boot::PHYSICAL_WINDOW;
use core::ptr::{with_exposed_provenance as at, with_exposed_provenance_mut as at_mut};

const PRIORITY: usize = 0;
const ENABLE: usize = 0x2000;
const ENABLE_BYTES: usize = 0x80;
const CONTEXT: usize = 0x20_0000;
const CONTEXT_BYTES: usize = 0x1000;
const CLAIM: usize = 4;

/// A PLIC; without an address, none.
#[derive(Clone, Copy)]
pub struct Plic {
    base: usize,
    context: usize,
    sources: usize,
}

impl Plic {
    pub const NONE: Self = Self { base: 0, context: 0, sources: 0 };

    /// The PLIC at a physical address, with interrupts 1 to `sources`. `context` is that of S-mode on
    /// the hart that takes them.
    pub fn new(physical: usize, context: usize, sources: usize) -> Self {
        let plic = Self { base: physical + PHYSICAL_WINDOW, context, sources };
        for irq in 1..=sources {
            plic.enable(irq, false);
        }
        plic.write(CONTEXT + CONTEXT_BYTES * context, 0);
        plic
    }

    pub fn enable(&self, irq: usize, enabled: bool) {
        if irq > self.sources {
            return;
        }
        let place = ENABLE + ENABLE_BYTES * self.context + irq / 32 * 4;
        let bit = 1 << (irq % 32);
        let word = self.read(place);
        self.write(PRIORITY + 4 * irq, 1);
        self.write(place, if enabled { word | bit } else { word & !bit });
    }

    /// Takes an interrupt that waits; 0 if none does.
    pub fn claim(&self) -> usize {
        if self.base == 0 {
            return 0;
        }
        self.read(CONTEXT + CONTEXT_BYTES * self.context + CLAIM) as usize
    }

    pub fn complete(&self, irq: usize) {
        if irq <= self.sources {
            self.write(CONTEXT + CONTEXT_BYTES * self.context + CLAIM, irq as u32);
        }
    }

    fn read(&self, offset: usize) -> u32 {
        // SAFETY: a register of the PLIC, which no user can map.
        unsafe { at::<u32>(self.base + offset).read_volatile() }
    }

    fn write(&self, offset: usize, value: u32) {
        // SAFETY: as for `read`.
        unsafe { at_mut::<u32>(self.base + offset).write_volatile(value) };
    }
}
