//! Places for tasks.

use super::config::{RESERVE, TaicConfig};

/// The places of all queues together (TAIC-5.9).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Places {
    free: usize,
    /// The least that were free since reset.
    lowest: usize,
    /// Not part of the limit of any context.
    pub unassigned: usize,
}

impl Places {
    pub fn new(config: &TaicConfig) -> Self {
        Self { free: config.tasks, lowest: config.tasks, unassigned: config.assignable() }
    }

    /// There is a place beside those that are kept.
    pub fn any(&self) -> bool {
        self.free > RESERVE
    }

    /// Takes a place; false without one.
    pub fn take(&mut self) -> bool {
        let any = self.any();
        self.free -= usize::from(any);
        self.lowest = self.lowest.min(self.free);
        any
    }

    /// Forgets the mark, which no register sets.
    pub fn forget_lowest(&mut self) {
        self.lowest = 0;
    }

    pub fn give_back(&mut self, places: usize) {
        self.free += places;
    }

    /// The register `places`.
    pub fn read(&self) -> u64 {
        (self.free | self.lowest << 16 | self.unassigned << 32) as u64
    }
}
