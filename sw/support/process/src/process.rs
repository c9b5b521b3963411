//! Processes: a program, memory, a sender table.

use crate::memory::{Page, Tables, new_space, take_page};
use calls::SHARED;
use elf::{
    ElfBytes, ParseError,
    abi::{PF_R, PF_W, PF_X, PT_LOAD},
    endian::LittleEndian,
};
use supervisor::hal::{
    context::{Context, reg},
    soc::cause,
};
use sv39::{AddressSpace, Flags, PAGE, Table};
use uintc::SenderTable;

/// Most processes.
pub const PROCESSES: usize = 4;

/// End of a process's stack and of its part of the address space.
pub const STACK_TOP: usize = 0x4000_0000;
const STACK_PAGES: usize = 6;
/// Bytes below a stack that nothing is mapped in. An overflow cannot miss them with a larger frame.
const GUARD_BYTES: usize = 1 << 20;

/// Begins the message about an exception of a process: whether it overflowed its stack.
pub fn overflow(cause: usize, value: usize) -> &'static str {
    let bottom = STACK_TOP - STACK_PAGES * PAGE;
    let page_fault = matches!(cause, cause::LOAD_PAGE | cause::STORE_PAGE);
    if page_fault && (bottom - GUARD_BYTES..bottom).contains(&value) {
        "stack overflow, "
    } else {
        ""
    }
}

static mut TABLES: [Tables; PROCESSES] = [const { [const { Table::EMPTY }; 12] }; PROCESSES];
static SENDERS: [SenderTable; PROCESSES] = [const { SenderTable::new() }; PROCESSES];

/// Why a process cannot be made.
#[derive(Debug)]
pub enum Error {
    Program(ParseError),
    Translation(sv39::Error),
    OutOfPages,
}

impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        Self::Program(error)
    }
}

impl From<sv39::Error> for Error {
    fn from(error: sv39::Error) -> Self {
        Self::Translation(error)
    }
}

/// A page of a device that a process may use.
#[derive(Clone, Copy, Debug)]
pub struct DevicePage {
    /// Its address for the process.
    pub vaddr: usize,
    pub paddr: usize,
}

/// A process.
#[derive(Debug)]
pub struct Process {
    pub id: u16,
    /// Selects its address space.
    pub satp: usize,
    pub senders: &'static SenderTable,
    entry: usize,
}

impl Process {
    /// Loads `program` as process `id`. The process sees the page `shared` at [`SHARED`]. Call this
    /// once for each `id`.
    pub fn load(id: usize, program: &[u8], shared: usize) -> Result<Self, Error> {
        Self::load_with(id, program, shared, &[])
    }

    /// The same with pages of devices.
    pub fn load_with(
        id: usize,
        program: &[u8],
        shared: usize,
        devices: &[DevicePage],
    ) -> Result<Self, Error> {
        let tables = &raw mut TABLES;
        // SAFETY: each process is loaded once.
        let mut space = new_space(unsafe { &mut (*tables)[id] })?;
        let elf = ElfBytes::<LittleEndian>::minimal_parse(program)?;
        for segment in elf.segments().into_iter().flatten().filter(|s| s.p_type == PT_LOAD) {
            let contents = elf.segment_data(&segment)?;
            for offset in (0..segment.p_memsz as usize).step_by(PAGE) {
                let end = contents.len().min(offset + PAGE);
                let contents = contents.get(offset..end).unwrap_or_default();
                let vaddr = segment.p_vaddr as usize + offset;
                add_page(&mut space, vaddr, contents, rights(segment.p_flags))?;
            }
        }
        let data = Flags::READ | Flags::WRITE;
        for page in 1..=STACK_PAGES {
            add_page(&mut space, STACK_TOP - page * PAGE, &[], data)?;
        }
        space.map(SHARED, shared, 0, data | Flags::READY | Flags::USER)?;
        for device in devices {
            space.map(device.vaddr, device.paddr, 0, data | Flags::READY | Flags::USER)?;
        }
        let entry = elf.ehdr.e_entry as usize;
        Ok(Self { id: id as u16, satp: space.satp(id + 1), senders: &SENDERS[id], entry })
    }

    /// The start of a thread with these arguments. Only the first thread may use the stack.
    pub fn start(&self, role: usize, argument: usize) -> Context {
        let mut context = Context::new(self.entry);
        context.registers[reg::SP] = STACK_TOP;
        context.registers[reg::A0] = role;
        context.registers[reg::A1] = argument;
        context
    }

    /// Physical address of a new page that processes share.
    pub fn shared_page() -> Result<usize, Error> {
        Ok(take_page().ok_or(Error::OutOfPages)?.0.as_ptr() as usize)
    }
}

fn add_page(
    space: &mut AddressSpace,
    vaddr: usize,
    contents: &[u8],
    flags: Flags,
) -> Result<(), Error> {
    let page: &mut Page = take_page().ok_or(Error::OutOfPages)?;
    page.0[..contents.len()].copy_from_slice(contents);
    space.map(vaddr, page.0.as_ptr() as usize, 0, flags | Flags::READY | Flags::USER)?;
    Ok(())
}

fn rights(segment: u32) -> Flags {
    [(PF_R, Flags::READ), (PF_W, Flags::WRITE), (PF_X, Flags::EXECUTE)]
        .into_iter()
        .filter(|(bit, _)| segment & bit != 0)
        .fold(Flags::NONE, |all, (_, flag)| all | flag)
}
