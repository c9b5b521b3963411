//! The entry of a receiver.

/// What UINTC holds for one receiver (UINTC-1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Entry {
    pub active: bool,
    pub mode: bool,
    pub hart: u16,
    /// Bit `v` is vector `v`.
    pub pending: u64,
}

const ACTIVE: u64 = 1;
const MODE: u64 = 1 << 1;
const HART_SHIFT: u32 = 16;

impl Entry {
    /// The hart that this entry interrupts, if it interrupts any (UINTC-4.1).
    pub fn interrupts(&self) -> Option<usize> {
        (self.active && self.pending != 0).then_some(usize::from(self.hart))
    }

    /// READ_LOW.
    pub fn low(&self) -> u64 {
        u64::from(self.active)
            | u64::from(self.mode) << MODE.trailing_zeros()
            | u64::from(self.hart) << HART_SHIFT
    }

    /// WRITE_LOW: pending vectors stay (UINTC-3.2).
    pub fn set_low(&mut self, value: u64) {
        self.active = value & ACTIVE != 0;
        self.mode = value & MODE != 0;
        self.hart = (value >> HART_SHIFT) as u16;
    }

    /// READ_HIGH: takes what is pending (UINTC-3.3).
    pub fn take(&mut self) -> u64 {
        std::mem::take(&mut self.pending)
    }

    /// WRITE_HIGH and SEND: adds to what is pending (UINTC-3.4).
    pub fn post(&mut self, vectors: u64) {
        self.pending |= vectors;
    }

    /// SET_ACTIVE: bit 0 counts (UINTC-3.5).
    pub fn set_active(&mut self, value: u64) {
        self.active = value & ACTIVE != 0;
    }
}
