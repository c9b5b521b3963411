//! UINTC and the user interrupts of one hart, as `docs/spec` defines them; shares no code with the
//! kernel.

use crate::UserState;
use std::{vec, vec::Vec};

/// Receivers of the machine.
pub const RECEIVERS: usize = 4;

/// A receiver: whether it interrupts, which hart, and its pending vectors.
#[derive(Clone, Copy, Default)]
pub struct Entry {
    pub active: bool,
    pub hart: usize,
    pub pending: usize,
}

/// The controller, and the CSRs of hart 0.
pub struct UserHart {
    pub entries: Vec<Entry>,
    pub state: UserState,
    /// `sideleg`: whether U-mode takes user interrupts.
    pub takes: bool,
    /// `suirs`: the receiver of U-mode.
    pub receiver: Option<usize>,
    /// `suist`: address of the sender table.
    pub senders: Option<usize>,
    /// `sie.USIE` while no receiver is in use.
    pub listening: bool,
}

impl UserHart {
    pub fn new() -> Self {
        Self {
            entries: vec![Entry::default(); RECEIVERS],
            state: UserState::default(),
            takes: false,
            receiver: None,
            senders: None,
            listening: false,
        }
    }

    /// The line of hart 0.
    pub fn line(&self) -> bool {
        self.entries.iter().any(|entry| entry.active && entry.hart == 0 && entry.pending != 0)
    }

    /// SEND of a table's entry. Returns the receiver and the vector that it reached.
    pub fn send(&mut self, entry: usize) -> Option<(usize, usize)> {
        let (valid, vector, receiver) = (entry & 1 != 0, entry >> 16 & 0xffff, entry >> 48);
        if !valid || vector > 63 || receiver >= RECEIVERS {
            return None;
        }
        self.entries[receiver].pending |= 1 << vector;
        Some((receiver, vector))
    }
}
