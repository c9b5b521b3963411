//! Receivers and a sender table for tests of user interrupts.

use crate::{
    check::Check,
    space::{data_page, poke},
};
use bare::{
    encode::Uipi,
    machine::{read, write},
};
use core::ptr;
use hal::soc::{UINTC_BASE, csr as number};
use uintc::{Location, Reason, Refusal, SenderEntry, Uintc, suirs, suist};
use uintr::{Pending, Vector};

/// The receiver of this hart, and another one.
pub const OWN: u16 = 4;
pub const PEER: u16 = 36;

/// All entries that tests use: these two, the first one and the last one.
const USED: [u16; 4] = [0, OWN, PEER, 511];

/// A hart that does not exist.
pub const NO_HART: u16 = 0x100;

/// An entry of the sender table.
pub fn entry(vector: Vector, receiver: u16) -> u64 {
    SenderEntry { vector, receiver }.encode()
}

/// [`OWN`] and [`PEER`], active, without pending vectors and on no hart, and a sender table of one
/// page. In the table [`Receivers::to_peer`] sends vector 9 to the peer, and
/// [`Receivers::to_itself`] sends vector 5 to this hart. Dropping this ends all of it.
pub struct Receivers {
    pub uintc: Uintc,
    pub to_peer: usize,
    pub to_itself: usize,
}

impl Receivers {
    pub fn new() -> Self {
        // SAFETY: M-mode, without translation.
        let uintc = unsafe { Uintc::new(ptr::with_exposed_provenance_mut(UINTC_BASE)) };
        let receivers = Self { uintc, to_peer: 2, to_itself: 1 };
        receivers.clear();
        for index in 0..1024 {
            receivers.table(index, 0);
        }
        receivers.table(receivers.to_itself, entry(Vector::new(5), OWN));
        receivers.table(receivers.to_peer, entry(Vector::new(9), PEER));
        receivers.select_table(1);
        for entry in [OWN, PEER] {
            uintc.set_location(entry, Location::on(NO_HART));
        }
        write::<{ number::SUIRS }>(suirs(OWN));
        write::<{ number::SUIERR }>(0);
        receivers
    }

    fn clear(&self) {
        for entry in USED {
            self.uintc.clear(entry);
        }
        self.uintc.forget_refused();
        write::<{ number::SUIST }>(0);
        write::<{ number::SUIRS }>(0);
        write::<{ number::SUIERR }>(0);
    }

    /// Address of the sender table.
    pub fn table_address(&self) -> usize {
        data_page(0)
    }

    /// Writes an entry of the sender table.
    pub fn table(&self, index: usize, word: u64) {
        poke(self.table_address() + 8 * index, word as usize);
    }

    /// Makes the table `pages` pages large.
    pub fn select_table(&self, pages: usize) {
        write::<{ number::SUIST }>(suist(self.table_address(), pages));
    }

    /// Puts the own receiver on this hart.
    pub fn run_here(&self) {
        self.uintc.set_location(OWN, Location::on(0));
    }

    /// Takes what is pending for the peer.
    pub fn take_peer(&self) -> u64 {
        self.uintc.take_pending(PEER).0
    }

    /// Whether anything is pending for the entries that tests use.
    pub fn anything_pending(&self) -> bool {
        self.state().iter().any(|(_, pending)| *pending != Pending(0))
    }

    /// The entries.
    pub fn state(&self) -> [(Location, Pending); USED.len()] {
        USED.map(|entry| {
            let pending = self.uintc.take_pending(entry);
            self.uintc.add_pending(entry, pending);
            (self.uintc.location(entry), pending)
        })
    }

    /// Expects exactly one refusal, and forgets it.
    pub fn is_refused(&self, check: &mut Check, reason: Reason, operation: Uipi, operand: u32) {
        let refusal = Refusal::decode(read::<{ number::SUIERR }>());
        let expected = Refusal { reason, operation: operation as u8, count: 1, operand };
        let word = |refusal: Refusal| {
            usize::from(refusal.count) << 16
                | refusal.reason as usize
                | usize::from(refusal.operation) << 8
                | (refusal.operand as usize) << 32
        };
        check.eq("refusal", refusal.map_or(0, word), word(expected));
        write::<{ number::SUIERR }>(0);
    }

    /// Expects this number of refusals.
    pub fn count_is(&self, check: &mut Check, count: u16) {
        let refusal = Refusal::decode(read::<{ number::SUIERR }>());
        check.eq("refusals", refusal.map_or(0, |refusal| refusal.count), count);
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        self.clear();
    }
}
