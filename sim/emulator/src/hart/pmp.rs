//! Physical memory protection, with a granularity of a page.

use crate::choices;

const R: u8 = 1;
const W: u8 = 2;
const X: u8 = 4;
const A_SHIFT: u32 = 3;
const A_MASK: u8 = 3 << A_SHIFT;
const TOR: u8 = 1;
const NA4: u8 = 2;
const NAPOT: u8 = 3;
const LOCK: u8 = 0x80;
/// Bits of `pmpcfg` that exist.
const FIELDS: u8 = R | W | X | A_MASK | LOCK;
/// `pmpaddr` holds address bits from 2 up, so a page starts here.
const PAGE_START: u32 = choices::PMP_GRAIN_BITS - 2;

/// Rights on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// It may be read.
    pub read: bool,
    /// It may be written.
    pub write: bool,
    /// It may be executed.
    pub execute: bool,
}

impl Rights {
    const ALL: Self = Self { read: true, write: true, execute: true };
    const NONE: Self = Self { read: false, write: false, execute: false };
}

/// The entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pmp {
    config: Vec<u8>,
    address: Vec<u64>,
}

impl Pmp {
    /// All entries off.
    pub fn new(entries: usize) -> Self {
        Self { config: vec![0; entries], address: vec![0; entries] }
    }

    /// Whether the CSRs exist.
    pub fn exists(&self) -> bool {
        !self.config.is_empty()
    }

    /// The rights that `machine` or lower modes have on the page at `paddr`.
    pub fn rights(&self, paddr: u64, machine: bool) -> Rights {
        let page = paddr >> choices::PMP_GRAIN_BITS;
        let mut bottom = 0;
        for (&config, &address) in self.config.iter().zip(&self.address) {
            let top = address >> PAGE_START;
            let matches = match config >> A_SHIFT & 3 {
                TOR => bottom <= page && page < top,
                NAPOT => {
                    // Trailing ones and the zero above them cover what may differ.
                    let range = address >> (PAGE_START - 1);
                    let varying = range ^ (range + 1);
                    (page << 1 ^ range) & !varying == 0
                }
                _ => false,
            };
            if matches {
                return if machine && config & LOCK == 0 {
                    Rights::ALL
                } else {
                    let has = |bit| config & bit != 0;
                    Rights { read: has(R), write: has(W), execute: has(X) }
                };
            }
            bottom = top;
        }
        if machine || !self.exists() { Rights::ALL } else { Rights::NONE }
    }

    /// `pmpcfg0` or `pmpcfg2`: eight entries from `first` on.
    pub fn read_config(&self, first: usize) -> u64 {
        let byte = |i| self.config.get(first + i).copied().unwrap_or(0);
        u64::from_le_bytes(std::array::from_fn(byte))
    }

    /// Writes eight entries from `first` on.
    pub fn write_config(&mut self, first: usize, value: u64) {
        let entries = self.config.iter_mut().skip(first);
        for (byte, config) in value.to_le_bytes().into_iter().zip(entries) {
            if *config & LOCK != 0 {
                continue;
            }
            let mut new = byte & FIELDS;
            if choices::PMP_WRITE_NEEDS_READ && new & (R | W) == W {
                new &= !W;
            }
            if new >> A_SHIFT & 3 == NA4 {
                new = new & !A_MASK | *config & A_MASK;
            }
            *config = new;
        }
    }

    /// `pmpaddr`. The bits below the granularity read as the mode implies.
    pub fn read_address(&self, n: usize) -> u64 {
        let (Some(&config), Some(&address)) = (self.config.get(n), self.address.get(n)) else {
            return 0;
        };
        if config >> A_SHIFT & 2 != 0 {
            address | ((1 << (PAGE_START - 1)) - 1)
        } else {
            address & !((1 << PAGE_START) - 1)
        }
    }

    /// Writes `pmpaddr`, unless it is locked.
    pub fn write_address(&mut self, n: usize, value: u64) {
        let locked = |config: u8| config & LOCK != 0;
        let Some(&own) = self.config.get(n) else { return };
        let bounds_next =
            self.config.get(n + 1).is_some_and(|&next| locked(next) && next >> A_SHIFT & 3 == TOR);
        if !locked(own) && !bounds_next {
            self.address[n] = held(value);
        }
    }
}

/// Bits of `pmpaddr` that the privileged specification has.
const ADDRESS_FIELD: u64 = (1 << 54) - 1;

/// What is kept of a value written to `pmpaddr`. An address beyond physical memory becomes the first
/// one beyond it, but a region without an end keeps none.
fn held(value: u64) -> u64 {
    let value = value & ADDRESS_FIELD;
    if value >> choices::PMPADDR_BITS == 0 {
        value
    } else if value & (value + 1) == 0 {
        (1 << choices::PMPADDR_BITS) - 1
    } else {
        1 << (choices::PADDR_BITS - 2)
    }
}
