//! What TAIC refuses, and the registers that tell of it.

/// The bits of ERROR of a page (TAIC-9.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    Full = 1 << 0,
    NoOwner = 1 << 1,
    NoSend = 1 << 2,
    NoReceive = 1 << 3,
    NoQueue = 1 << 4,
    NotPermitted = 1 << 5,
}

/// Why an access to the control page, to a record, or to nothing is refused (TAIC-9.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    NoRegister = 1,
    Width = 2,
    Limit = 3,
    NoQueue = 4,
    InQueue = 5,
    NoNumber = 6,
}

/// The register `refused`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Refusals {
    last: u64,
    count: u16,
}

impl Refusals {
    pub fn add(&mut self, reason: Reason, offset: u64, write: bool) {
        self.last = reason as u64 | u64::from(write) << 4 | offset << 32;
        self.count = self.count.saturating_add(1);
    }

    pub fn read(&self) -> u64 {
        self.last | u64::from(self.count) << 16
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
