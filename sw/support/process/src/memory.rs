//! Pages, page tables, and the kernel's part of an address space.

use core::{ptr, sync::atomic::AtomicUsize, sync::atomic::Ordering};
use supervisor::hal::soc::{CLINT_BASE, DRAM_BASE, PLIC_BASE, TAIC_BASE, TAIC_SIZE, UINTC_BASE};
use sv39::{AddressSpace, Error, Flags, PAGE, ROOT_LEVEL, Table, size};
use taic::Taic;
use uintc::Uintc;

const PAGES: usize = 128;
const TABLES: usize = 12;

static mut POOL: [Page; PAGES] = [Page([0; PAGE]); PAGES];
static TAKEN: AtomicUsize = AtomicUsize::new(0);

#[derive(Clone, Copy)]
#[repr(C, align(4096))]
pub struct Page(pub [u8; PAGE]);

/// Pages of 2 MiB of the devices, mapped for the kernel alone.
fn devices() -> impl Iterator<Item = usize> {
    [CLINT_BASE, UINTC_BASE / MEGAPAGE * MEGAPAGE, PLIC_BASE, PLIC_BASE + MEGAPAGE]
        .into_iter()
        .chain((TAIC_BASE..TAIC_BASE + TAIC_SIZE).step_by(MEGAPAGE))
}

const MEGAPAGE: usize = size(1);

/// Takes a page of zeros for ever.
pub fn take_page() -> Option<&'static mut Page> {
    let index = TAKEN.fetch_add(1, Ordering::Relaxed);
    let pool = &raw mut POOL;
    // SAFETY: each index is taken once.
    unsafe { (*pool).get_mut(index) }
}

/// A new address space with the kernel's part. `tables` are for it alone.
pub fn new_space(tables: &'static mut [Table; TABLES]) -> Result<AddressSpace<'static>, Error> {
    let base = tables.as_ptr() as usize;
    let mut space = AddressSpace::new(tables, base)?;
    let data = Flags::READY | Flags::READ | Flags::WRITE | Flags::GLOBAL;
    space.map(DRAM_BASE, DRAM_BASE, ROOT_LEVEL, data | Flags::EXECUTE)?;
    for device in devices() {
        space.map(device, device, 1, data)?;
    }
    Ok(space)
}

/// The user-interrupt controller.
pub fn uintc() -> Uintc {
    // SAFETY: mapped in every address space, and there without translation.
    unsafe { Uintc::new(ptr::with_exposed_provenance_mut(UINTC_BASE)) }
}

/// The task-aware interrupt controller, if there is one.
pub fn taic() -> Option<Taic> {
    // SAFETY: as above.
    unsafe { Taic::at(TAIC_BASE) }
}

/// Tables of one address space.
pub type Tables = [Table; TABLES];
