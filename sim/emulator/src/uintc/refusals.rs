//! What UINTC refuses, and the register that tells of it.

/// Why an access to the table is refused. If several apply, the greatest counts (UINTC-5.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reason {
    Vector = 1,
    Receiver = 2,
    Width = 3,
}

/// The register `error` (UINTC-5.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Refusals {
    last: u64,
    count: u16,
}

impl Refusals {
    /// Records a refused access to `register` (0 to 3) of entry `index`.
    pub fn add(&mut self, reason: Reason, index: usize, register: u64, write: bool) {
        self.last = reason as u64 | register << 8 | u64::from(write) << 10 | (index as u64) << 16;
        self.count = self.count.saturating_add(1);
    }

    pub fn read(&self) -> u64 {
        self.last | u64::from(self.count) << 32
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
