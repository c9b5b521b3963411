//! Contexts: what each may, and what it has.

use crate::window::{field, place};
use soc::taic_control as register;

/// What a context may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// Bits 5:2 of a task identifier are its priority.
    pub priorities: bool,
    /// Its pages permit compatible registration.
    pub compatible: bool,
    /// Hart to interrupt, in S-mode, for a preempting task while none of its queues is installed.
    pub fallback: u8,
    /// Tasks that may be in its queues for software to add one.
    pub limit: u16,
}

impl Context {
    pub const fn encode(self) -> u64 {
        place(self.priorities as u64, register::CONTEXT_PRIORITIES)
            | place(self.compatible as u64, register::CONTEXT_COMPATIBLE)
            | place(self.fallback as u64, register::CONTEXT_FALLBACK)
            | place(self.limit as u64, register::CONTEXT_LIMIT)
    }

    pub const fn decode(word: u64) -> Self {
        Self {
            priorities: field(word, register::CONTEXT_PRIORITIES) != 0,
            compatible: field(word, register::CONTEXT_COMPATIBLE) != 0,
            fallback: field(word, register::CONTEXT_FALLBACK) as u8,
            limit: field(word, register::CONTEXT_LIMIT) as u16,
        }
    }
}

/// Tasks in the queues of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occupancy {
    pub tasks: u16,
    /// At most, since it was reset.
    pub high_water: u16,
}

impl Occupancy {
    pub(crate) const fn decode(word: u64) -> Self {
        Self {
            tasks: field(word, register::OCCUPANCY_TASKS) as u16,
            high_water: field(word, register::OCCUPANCY_HIGH_WATER) as u16,
        }
    }
}

/// Places for tasks, of all contexts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    pub free: u16,
    /// That were free at least, since reset.
    pub lowest: u16,
    /// That no context has in its limit.
    pub unassigned: u16,
}

impl Places {
    pub(crate) const fn decode(word: u64) -> Self {
        Self {
            free: field(word, register::PLACES_FREE) as u16,
            lowest: field(word, register::PLACES_LOWEST) as u16,
            unassigned: field(word, register::PLACES_UNASSIGNED) as u16,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_laid_out_as_specified() {
        let context = Context { priorities: true, compatible: false, fallback: 3, limit: 64 };
        assert_eq!(context.encode(), 0x0040_0301);
        assert_eq!(Context::decode(0x0040_0301), context);
        assert!(Context::decode(2).compatible);
    }

    #[test]
    fn counts_are_taken_apart() {
        let occupancy = Occupancy { tasks: 3, high_water: 9 };
        assert_eq!(Occupancy::decode(0x0009_0003), occupancy);
        let places = Places { free: 3, lowest: 2, unassigned: 1 };
        assert_eq!(Places::decode(0x1_0002_0003), places);
    }
}
