//! A memory to load programs into.

use bootlink::Memory;
use std::ops::Range;

pub const BASE: u64 = 0x8000_0000;
pub const BYTES: usize = 4096;

pub struct Ram(pub Vec<u8>);

impl Memory for Ram {
    fn range(&self) -> Range<u64> {
        BASE..BASE + BYTES as u64
    }

    fn bytes(&mut self, addresses: Range<u64>) -> &mut [u8] {
        &mut self.0[(addresses.start - BASE) as usize..(addresses.end - BASE) as usize]
    }
}
