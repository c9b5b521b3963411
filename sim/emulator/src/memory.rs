//! Main memory and boot ROM, in one array: the DRAM first, then the ROM. A place in it is an
//! *offset*, which the address decoder makes from a physical address.

use crate::soc;

/// What is at a physical page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// Main memory.
    Dram,
    /// Boot ROM: can be read and executed.
    Rom,
    /// Devices: no execution, no atomics, no misaligned accesses.
    Io,
}

/// Bytes of DRAM and ROM.
#[derive(Clone)]
pub struct Memory {
    bytes: Vec<u8>,
    dram_bytes: u64,
}

impl Memory {
    /// DRAM full of zeros, and the ROM.
    pub fn new(dram_bytes: u64, rom: &[u8]) -> Self {
        let mut bytes = vec![0; dram_bytes as usize];
        bytes.extend_from_slice(rom);
        Self { bytes, dram_bytes }
    }

    /// Size of the DRAM.
    pub fn dram_bytes(&self) -> u64 {
        self.dram_bytes
    }

    /// The offset of `paddr` and what is there, if it is memory.
    #[inline]
    pub fn locate(&self, paddr: u64) -> Option<(usize, Region)> {
        let dram = paddr.wrapping_sub(soc::DRAM_BASE as u64);
        if dram < self.dram_bytes {
            return Some((dram as usize, Region::Dram));
        }
        let rom = paddr.wrapping_sub(soc::BOOTROM_BASE as u64);
        let rom_bytes = self.bytes.len() as u64 - self.dram_bytes;
        (rom < rom_bytes).then(|| ((self.dram_bytes + rom) as usize, Region::Rom))
    }

    /// The physical address at `offset`.
    pub fn paddr(&self, offset: usize) -> u64 {
        let offset = offset as u64;
        if offset < self.dram_bytes {
            soc::DRAM_BASE as u64 + offset
        } else {
            soc::BOOTROM_BASE as u64 + offset - self.dram_bytes
        }
    }

    /// `N` bytes from `offset` on, which the caller knows to be in memory.
    #[inline(always)]
    pub fn read<const N: usize>(&self, offset: usize) -> [u8; N] {
        *self.bytes[offset..].first_chunk().expect("a place in memory")
    }

    /// Replaces `N` bytes from `offset` on.
    #[inline(always)]
    pub fn write<const N: usize>(&mut self, offset: usize, value: [u8; N]) {
        *self.bytes[offset..].first_chunk_mut().expect("a place in memory") = value;
    }

    /// A dword.
    #[inline(always)]
    pub fn dword(&self, offset: usize) -> u64 {
        u64::from_le_bytes(self.read(offset))
    }

    /// Some bytes, if they are all there.
    pub fn slice(&self, offset: usize, count: usize) -> Option<&[u8]> {
        self.bytes.get(offset..offset.checked_add(count)?)
    }

    /// The same, to be changed.
    pub fn slice_mut(&mut self, offset: usize, count: usize) -> Option<&mut [u8]> {
        self.bytes.get_mut(offset..offset.checked_add(count)?)
    }

    /// The DRAM.
    pub fn dram(&self) -> &[u8] {
        &self.bytes[..self.dram_bytes as usize]
    }

    /// The DRAM, to be loaded.
    pub fn dram_mut(&mut self) -> &mut [u8] {
        let end = self.dram_bytes as usize;
        &mut self.bytes[..end]
    }
}
