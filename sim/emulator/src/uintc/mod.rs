//! UINTC, the user-interrupt controller, as `docs/spec/uintc.md` defines it.
//!
//! Every access takes effect at once and as a whole (UINTC-3.7). The table of receivers is at
//! offset 0, the error page behind it.

mod entry;
mod refusals;
#[cfg(test)]
mod tests;

use crate::bus::BusError;
use entry::Entry;
use refusals::{Reason, Refusals};

const TABLE_BYTES: u64 = 0x4000;
const WINDOW_BYTES: u64 = 0x8000;
const ENTRY_BYTES: u64 = 32;
const VECTORS: u64 = 64;

const MAGIC: u64 = 0x5549;
const VERSION: u64 = 1;

/// Offsets within an entry, divided by 8 (UINTC-2.2).
const ID_OR_SEND: u64 = 0;
const LOW: u64 = 1;
const HIGH: u64 = 2;
const ACTIVE: u64 = 3;

/// The controller: a table of receivers and a line to each hart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Uintc {
    entries: Vec<Entry>,
    /// For each hart, the entries that interrupt it.
    interrupting: Vec<usize>,
    refusals: Refusals,
}

impl Uintc {
    /// A controller after reset: every entry is 0 (UINTC-2.6).
    pub fn new(receivers: usize, harts: usize) -> Self {
        Self {
            entries: vec![Entry::default(); receivers],
            interrupting: vec![0; harts],
            refusals: Refusals::default(),
        }
    }

    /// A load of `size` bytes. An access of another width than 8 bytes is a bus error, and so is
    /// one beyond the window.
    pub fn read(&mut self, offset: u64, size: u32) -> Result<u64, BusError> {
        if offset >= WINDOW_BYTES {
            return Err(BusError);
        }
        if offset >= TABLE_BYTES {
            return match (size, offset) {
                (8, TABLE_BYTES) => Ok(self.refusals.read()),
                (8, _) => Ok(0), // UINTC-2.7
                _ => Err(BusError),
            };
        }
        let (index, register) = locate(offset);
        match self.refusal(index, size) {
            Some(reason) => {
                self.refusals.add(reason, index, register, false);
                if reason == Reason::Width { Err(BusError) } else { Ok(0) }
            }
            None => Ok(self.load(index, register)),
        }
    }

    /// A store of `size` bytes. A refused store raises nothing (UINTC-5.2).
    pub fn write(&mut self, offset: u64, size: u32, value: u64) -> Result<(), BusError> {
        if offset >= WINDOW_BYTES {
            return Err(BusError);
        }
        if offset >= TABLE_BYTES {
            if size == 8 && offset == TABLE_BYTES {
                self.refusals.clear();
            }
            return Ok(());
        }
        let (index, register) = locate(offset);
        let no_vector = register == ID_OR_SEND && value >= VECTORS;
        match self.refusal(index, size).or(no_vector.then_some(Reason::Vector)) {
            Some(reason) => self.refusals.add(reason, index, register, true),
            None => self.store(index, register, value),
        }
        Ok(())
    }

    /// The writes of 8 bytes that bring a controller after reset to this state: offset and value.
    pub fn restoration(&self) -> Vec<(u64, u64)> {
        let changed = (0..).zip(&self.entries).filter(|&(_, entry)| *entry != Entry::default());
        changed
            .flat_map(|(index, entry)| {
                let at = |register: u64| index * ENTRY_BYTES + 8 * register;
                [(at(HIGH), entry.pending), (at(LOW), entry.low())]
            })
            .collect()
    }

    /// The state without what tells of refusals, which nothing can set.
    pub fn essence(&self) -> Self {
        Self { refusals: Refusals::default(), ..self.clone() }
    }

    /// A bit for each hart: its user software interrupt line (UINTC-4.1).
    pub fn lines(&self) -> u64 {
        (0..self.interrupting.len())
            .fold(0, |lines, hart| lines | u64::from(self.interrupting[hart] != 0) << hart)
    }

    fn refusal(&self, index: usize, size: u32) -> Option<Reason> {
        if size != 8 {
            Some(Reason::Width)
        } else if index >= self.entries.len() {
            Some(Reason::Receiver)
        } else {
            None
        }
    }

    fn load(&mut self, index: usize, register: u64) -> u64 {
        match register {
            LOW => self.entries[index].low(),
            HIGH => self.change(index, Entry::take),
            ACTIVE => u64::from(self.entries[index].active),
            _ => self.id(),
        }
    }

    fn store(&mut self, index: usize, register: u64, value: u64) {
        self.change(index, |entry| match register {
            LOW => entry.set_low(value),
            HIGH => entry.post(value),
            ACTIVE => entry.set_active(value),
            _ => entry.post(1 << value),
        });
    }

    /// Changes an entry and keeps the counts of its old and its new hart.
    fn change<T>(&mut self, index: usize, operation: impl FnOnce(&mut Entry) -> T) -> T {
        let entry = &mut self.entries[index];
        let before = entry.interrupts();
        let result = operation(entry);
        let after = entry.interrupts();
        // A number that no hart has interrupts nobody (UINTC-4.4).
        if let Some(count) = before.and_then(|hart| self.interrupting.get_mut(hart)) {
            *count -= 1;
        }
        if let Some(count) = after.and_then(|hart| self.interrupting.get_mut(hart)) {
            *count += 1;
        }
        result
    }

    /// The identity, the same in every entry (UINTC-2.5).
    fn id(&self) -> u64 {
        let (harts, receivers) = (self.interrupting.len() as u64, self.entries.len() as u64);
        MAGIC << 48 | VERSION << 32 | harts << 16 | receivers
    }
}

/// The entry of an offset in the table, and the register within it.
fn locate(offset: u64) -> (usize, u64) {
    ((offset / ENTRY_BYTES) as usize, offset % ENTRY_BYTES / 8)
}
