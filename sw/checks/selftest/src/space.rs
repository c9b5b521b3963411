//! Memory that tests may use: data pages, and page tables for address spaces of two kinds.

use bare::{guest, machine};
use core::ptr;
use hal::soc::{DRAM_BASE, csr as number};
use sv39::{AddressSpace, Flags, PAGE, ROOT_LEVEL, Table};

const DATA_PAGES: usize = 8;
const TABLES: usize = 8;
/// Most address spaces at the same time.
pub const SPACES: usize = 2;

#[repr(C, align(4096))]
struct Pages([[u8; PAGE]; DATA_PAGES]);
static mut DATA: Pages = Pages([[0; PAGE]; DATA_PAGES]);
static mut POOL: [[Table; TABLES]; SPACES] = [const { [Table::EMPTY; TABLES] }; SPACES];

/// Where [`guest::code_page`] is mapped for U-mode.
pub const USER_CODE: usize = 0x1000;

/// Read, write and execute, ready to be used.
pub const RWX: Flags = Flags(Flags::READY.0 | Flags::READ.0 | Flags::WRITE.0 | Flags::EXECUTE.0);

/// Physical address of a data page.
pub fn data_page(index: usize) -> usize {
    assert!(index < DATA_PAGES);
    &raw const DATA as usize + index * PAGE
}

/// Reads memory at a physical address.
pub fn peek(address: usize) -> usize {
    // SAFETY: tests pass addresses of data pages. No Rust object lies there.
    unsafe { ptr::with_exposed_provenance::<usize>(address).read_volatile() }
}

/// Writes memory at a physical address.
pub fn poke(address: usize, value: usize) {
    // SAFETY: as for `peek`, or an address in page tables that nobody borrows meanwhile.
    unsafe { ptr::with_exposed_provenance_mut::<usize>(address).write_volatile(value) }
}

/// A new address space in the given place: DRAM at its own addresses for S-mode, the guest's code
/// at [`USER_CODE`] for U-mode.
pub fn new(place: usize) -> AddressSpace<'static> {
    let pool = &raw mut POOL;
    // SAFETY: a test makes a space in a place only after it is done with the previous one.
    let tables = unsafe { &mut (*pool)[place] };
    let base = tables.as_ptr() as usize;
    let mut space = AddressSpace::new(tables, base).expect("the pool is large enough");
    space.map(DRAM_BASE, DRAM_BASE, ROOT_LEVEL, RWX).expect("the space is empty");
    space.map(USER_CODE, guest::code_page(), 0, RWX | Flags::USER).expect("the space is empty");
    space
}

/// Selects an address space, with `asid`, and forgets all translations.
pub fn select(space: &AddressSpace, asid: usize) {
    machine::write::<{ number::SATP }>(space.satp(asid));
    machine::sfence();
}

/// Selects an address space without forgetting anything.
pub fn switch(space: &AddressSpace, asid: usize) {
    machine::write::<{ number::SATP }>(space.satp(asid));
}

/// Runs a guest where it is mapped for its mode.
pub fn run(mode: guest::Mode, code: &[u32], arguments: &[usize]) -> guest::Trap {
    let pc = match mode {
        guest::Mode::User => USER_CODE,
        _ => guest::code_page(),
    };
    guest::run_at(mode, pc, code, arguments)
}
