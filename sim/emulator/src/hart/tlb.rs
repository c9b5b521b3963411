//! What the interpreter knows about pages: where they are in memory, and what may be done there.
//!
//! Not the hart's TLBs: it is only a way to be fast. An entry holds the outcome of a whole
//! translation, with PMP and attributes, for one *context*: mode of translation, privilege, SUM, MXR.

const SETS: usize = 256;
/// Pages of devices that are known at a time.
const DEVICE_SETS: usize = 32;
/// Contexts of loads and stores.
pub const DATA_CONTEXTS: usize = 8;
/// Contexts of fetches.
pub const FETCH_CONTEXTS: usize = 4;
const PAGE_MASK: u64 = !0xFFF;
/// A tag that no access has: bits of the offset within a page are never all 1 in what is compared.
const NONE: u64 = u64::MAX;

/// A page for loads and stores.
#[derive(Clone, Copy, Debug)]
pub struct DataEntry {
    /// Page that may be read, or none.
    pub load: u64,
    /// Page that may be written, or none.
    pub store: u64,
    /// Offset in memory less virtual address.
    pub addend: u64,
}

/// A page for fetches.
#[derive(Clone, Copy, Debug)]
struct FetchEntry {
    page: u64,
    addend: u64,
}

/// A page of a device.
#[derive(Clone, Copy, Debug)]
struct DeviceEntry {
    /// Page that may be read, or none; page that may be written, or none.
    load: u64,
    store: u64,
    /// Physical address less virtual address.
    addend: u64,
    context: usize,
}

const NO_DEVICE: DeviceEntry = DeviceEntry { load: NONE, store: NONE, addend: 0, context: 0 };

/// Known pages.
#[derive(Clone)]
pub struct Tlb {
    devices: [DeviceEntry; DEVICE_SETS],
    data: Box<[DataEntry; SETS * DATA_CONTEXTS]>,
    fetch: Box<[FetchEntry; SETS * FETCH_CONTEXTS]>,
    /// Changes when entries are forgotten.
    generation: u32,
}

impl Tlb {
    /// Knows nothing.
    pub fn new() -> Self {
        Self {
            devices: [NO_DEVICE; DEVICE_SETS],
            data: Box::new([DataEntry { load: NONE, store: NONE, addend: 0 }; _]),
            fetch: Box::new([FetchEntry { page: NONE, addend: 0 }; _]),
            generation: 0,
        }
    }

    /// Forgets everything.
    pub fn flush(&mut self) {
        self.devices = [NO_DEVICE; DEVICE_SETS];
        for entry in self.data.iter_mut() {
            entry.load = NONE;
            entry.store = NONE;
        }
        for entry in self.fetch.iter_mut() {
            entry.page = NONE;
        }
        self.generation = self.generation.wrapping_add(1);
    }

    /// A number that changes with every [`Tlb::flush`].
    #[inline(always)]
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The entry that would know the page of `vaddr`.
    #[inline(always)]
    pub fn data(&self, context: usize, vaddr: u64) -> &DataEntry {
        &self.data[index(context, vaddr) & (SETS * DATA_CONTEXTS - 1)]
    }

    /// Learns a page.
    pub fn learn_data(&mut self, context: usize, vaddr: u64, offset: usize, rights: (bool, bool)) {
        let page = vaddr & PAGE_MASK;
        let entry = &mut self.data[index(context, vaddr)];
        if entry.load != page && entry.store != page {
            *entry = DataEntry { load: NONE, store: NONE, addend: 0 };
        }
        entry.addend = (offset as u64 & PAGE_MASK).wrapping_sub(page);
        if rights.0 {
            entry.load = page;
        }
        if rights.1 {
            entry.store = page;
        }
    }

    /// The physical address of an access to a device, if its page is known.
    #[inline]
    pub fn device(&self, context: usize, vaddr: u64, stores: bool) -> Option<u64> {
        let entry = &self.devices[device_index(vaddr)];
        let page = if stores { entry.store } else { entry.load };
        let known = page == vaddr & PAGE_MASK && entry.context == context;
        known.then(|| vaddr.wrapping_add(entry.addend))
    }

    /// Learns a page of a device.
    pub fn learn_device(&mut self, context: usize, vaddr: u64, paddr: u64, stores: bool) {
        let page = vaddr & PAGE_MASK;
        let addend = paddr.wrapping_sub(vaddr);
        let entry = &mut self.devices[device_index(vaddr)];
        let same = entry.context == context && entry.addend == addend;
        if !same || entry.load != page && entry.store != page {
            *entry = DeviceEntry { addend, context, ..NO_DEVICE };
        }
        if stores {
            entry.store = page;
        } else {
            entry.load = page;
        }
    }

    /// The offset in memory of an instruction, if its page is known.
    #[inline(always)]
    pub fn fetch(&self, context: usize, vaddr: u64) -> Option<usize> {
        let entry = &self.fetch[index(context, vaddr) & (SETS * FETCH_CONTEXTS - 1)];
        (entry.page == vaddr & PAGE_MASK).then(|| vaddr.wrapping_add(entry.addend) as usize)
    }

    /// Learns a page of instructions.
    pub fn learn_fetch(&mut self, context: usize, vaddr: u64, offset: usize) {
        let page = vaddr & PAGE_MASK;
        let addend = (offset as u64 & PAGE_MASK).wrapping_sub(page);
        self.fetch[index(context, vaddr)] = FetchEntry { page, addend };
    }
}

#[inline(always)]
fn device_index(vaddr: u64) -> usize {
    (vaddr >> 12) as usize % DEVICE_SETS
}

#[inline(always)]
fn index(context: usize, vaddr: u64) -> usize {
    context * SETS + (vaddr >> 12) as usize % SETS
}
