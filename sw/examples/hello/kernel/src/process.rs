//! The one user process: its program, its memory, its registers.
//!
//! The kernel's part of the address space is DRAM at its physical addresses, in one global page of
//! 1 GiB.

use core::slice;
use elf::{
    ElfBytes, ParseError,
    abi::{PF_R, PF_W, PF_X, PT_LOAD},
    endian::LittleEndian,
};
use supervisor::hal::{
    context::{Context, reg},
    csr,
    soc::{self, csr as number},
};
use sv39::{AddressSpace, Flags, PAGE, ROOT_LEVEL, Table};

const STACK_TOP: usize = 0x4000_0000;
const STACK_BOTTOM: usize = STACK_TOP - STACK_PAGES * PAGE;
const STACK_PAGES: usize = 4;
/// Bytes below the stack that nothing is mapped in.
const GUARD_BYTES: usize = 1 << 20;

/// Page tables and the process' pages.
static mut TABLES: [Table; 8] = [Table::EMPTY; 8];
static mut PAGES: [Page; 32] = [Page([0; PAGE]); 32];

#[derive(Clone, Copy)]
#[repr(C, align(4096))]
struct Page([u8; PAGE]);

/// Why the program cannot be loaded.
#[derive(Debug)]
#[expect(dead_code, reason = "for the message")]
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

/// Loads the program and turns translation on. To be called once.
pub fn load() -> Result<Context, Error> {
    let (tables, pages) = (&raw mut TABLES, &raw mut PAGES);
    // SAFETY: nobody else names these, and this runs once.
    let (tables, pages) = unsafe { (&mut *tables, &mut *pages) };
    let base = tables.as_ptr() as usize;
    let mut space = AddressSpace::new(tables, base)?;
    let kernel = Flags::READY | Flags::READ | Flags::WRITE | Flags::EXECUTE | Flags::GLOBAL;
    space.map(soc::DRAM_BASE, soc::DRAM_BASE, ROOT_LEVEL, kernel)?;

    let mut free = pages.iter_mut();
    let mut add_page = |vaddr: usize, contents: &[u8], flags: Flags| {
        let page = free.next().ok_or(Error::OutOfPages)?;
        page.0[..contents.len()].copy_from_slice(contents);
        let flags = flags | Flags::READY | Flags::USER;
        Ok::<_, Error>(space.map(vaddr, page.0.as_ptr() as usize, 0, flags)?)
    };

    let elf = ElfBytes::<LittleEndian>::minimal_parse(image::root_task())?;
    for segment in elf.segments().into_iter().flatten().filter(|s| s.p_type == PT_LOAD) {
        let contents = elf.segment_data(&segment)?;
        for offset in (0..segment.p_memsz as usize).step_by(PAGE) {
            let end = contents.len().min(offset + PAGE);
            let contents = contents.get(offset..end).unwrap_or_default();
            add_page(segment.p_vaddr as usize + offset, contents, rights(segment.p_flags))?;
        }
    }
    for page in 1..=STACK_PAGES {
        add_page(STACK_TOP - page * PAGE, &[], Flags::READ | Flags::WRITE)?;
    }

    // SAFETY: the kernel is mapped where it is.
    unsafe { csr::write::<{ number::SATP }>(space.satp(1)) };
    riscv::asm::sfence_vma_all();
    // What was written above is to be executed.
    riscv::asm::fence_i();
    let mut process = Context::new(elf.ehdr.e_entry as usize);
    process.registers[reg::SP] = STACK_TOP;
    Ok(process)
}

/// Begins the message about a fault at an address: whether the stack overflowed.
pub fn overflow(address: usize) -> &'static str {
    let guard = STACK_BOTTOM - GUARD_BYTES..STACK_BOTTOM;
    if guard.contains(&address) { "stack overflow, " } else { "" }
}

fn rights(segment: u32) -> Flags {
    [(PF_R, Flags::READ), (PF_W, Flags::WRITE), (PF_X, Flags::EXECUTE)]
        .into_iter()
        .filter(|(bit, _)| segment & bit != 0)
        .fold(Flags::NONE, |all, (_, flag)| all | flag)
}

/// Lets `read` see memory of the process; `None` if that is not in the user's half.
pub fn read_user(address: usize, length: usize, read: impl FnOnce(&[u8])) -> Option<()> {
    let end = address.checked_add(length)?;
    if address == 0 || end > STACK_TOP {
        return None;
    }
    // SAFETY: the process does not run; a page that is not mapped ends in a trap.
    unsafe {
        csr::set::<{ number::SSTATUS }>(csr::status::SUM);
        read(slice::from_raw_parts(core::ptr::with_exposed_provenance(address), length));
        csr::clear::<{ number::SSTATUS }>(csr::status::SUM);
    }
    Some(())
}
