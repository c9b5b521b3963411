//! Page tables of Sv39, in memory that users provided.

use crate::{
    cap::FrameRights,
    machine::{Machine, Memory},
};
use abi::object::{GIGA_PAGE_BITS, PAGE_BITS, PAGE_TABLE_INDEX_BITS};

const VALID: usize = 1 << 0;
const READ: usize = 1 << 1;
const WRITE: usize = 1 << 2;
const EXECUTE: usize = 1 << 3;
const USER: usize = 1 << 4;
const ACCESSED: usize = 1 << 6;
const DIRTY: usize = 1 << 7;
const NUMBER: u32 = 10;

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
    let word = memory.load(entry.address);
    let physical = word >> NUMBER << PAGE_BITS;
    if word & VALID == 0 {
        Target::Nothing
    } else if word & (READ | WRITE | EXECUTE) == 0 {
        Target::Table(physical)
    } else {
        Target::Frame(physical)
    }
}

/// The entry that links to a table.
pub(crate) fn table_entry(physical: usize) -> usize {
    physical >> PAGE_BITS << NUMBER | VALID
}

/// The entry that maps a frame. Without the right to read, nobody can use the page.
pub(crate) fn frame_entry(physical: usize, rights: FrameRights, execute: bool) -> usize {
    let flags = match rights {
        FrameRights::None => READ, // the kernel's alone
        FrameRights::Read => USER | READ | if execute { EXECUTE } else { 0 },
        FrameRights::ReadWrite => USER | READ | WRITE | if execute { EXECUTE } else { 0 },
    };
    physical >> PAGE_BITS << NUMBER | VALID | ACCESSED | DIRTY | flags
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
