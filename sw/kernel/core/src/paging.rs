//! Page tables of Sv39, in memory that users provided.

use crate::{
    cap::FrameRights,
    machine::{Machine, Memory},
};
use abi::object::{GIGA_PAGE_BITS, PAGE_BITS, PAGE_TABLE_INDEX_BITS};
use sv39::Flags;

/// An entry: its address in a table, and how many bits of a virtual address remain there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub address: usize,
    pub bits: usize,
}

/// What an entry holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    Nothing,
    /// A table, by its physical address.
    Table(usize),
    /// A frame, by its physical address.
    Frame(usize),
}

/// Reads an entry.
pub(crate) fn target(memory: &impl Memory, entry: Entry) -> Target {
    let entry = sv39::Entry(memory.load(entry.address));
    if !entry.is_valid() {
        Target::Nothing
    } else if entry.is_leaf() {
        Target::Frame(entry.paddr())
    } else {
        Target::Table(entry.paddr())
    }
}

/// The entry that links to a table.
pub(crate) fn table_entry(physical: usize) -> usize {
    sv39::Entry::new(physical, Flags::VALID).0
}

/// The entry that maps a frame. Without the right to read, nobody can use the page.
pub(crate) fn frame_entry(physical: usize, rights: FrameRights, execute: bool) -> usize {
    let flags = match rights {
        FrameRights::None => Flags::READ, // the kernel's alone
        FrameRights::Read => Flags::USER | Flags::READ,
        FrameRights::ReadWrite => Flags::USER | Flags::READ | Flags::WRITE,
    };
    let run = execute && rights != FrameRights::None;
    let flags = Flags::READY | flags | if run { Flags::EXECUTE } else { Flags::NONE };
    sv39::Entry::new(physical, flags).0
}

/// Walks from the root table as far as there are tables.
pub(crate) fn walk(machine: &impl Machine, root: usize, vaddr: usize) -> Entry {
    let mut bits = GIGA_PAGE_BITS;
    let mut table = root;
    loop {
        let index = vaddr >> bits & ((1 << PAGE_TABLE_INDEX_BITS) - 1);
        let entry = Entry { address: table + 8 * index, bits };
        match target(machine, entry) {
            Target::Table(physical) if bits > PAGE_BITS => {
                table = machine.window(physical);
                bits -= PAGE_TABLE_INDEX_BITS;
            }
            _ => return entry,
        }
    }
}
