//! What the boot ROM says about the SoC.

use core::ptr;
use soc::boot_info;

/// The record in the ROM.
#[derive(Clone, Copy)]
pub struct Info(&'static [u8; boot_info::BYTES]);

impl Info {
    /// The record at `address`.
    ///
    /// # Safety
    ///
    /// The record must be there for ever.
    pub unsafe fn at(address: usize) -> Self {
        // SAFETY: the caller promises that the record is there.
        Self(unsafe { &*ptr::with_exposed_provenance(address) })
    }

    /// The whole record.
    pub fn bytes(&self) -> &'static [u8] {
        self.0
    }

    /// The address behind the last byte of the DRAM.
    pub fn dram_end(&self) -> u64 {
        u64::from_le_bytes(self.field(boot_info::DRAM_END))
    }

    /// The clock of the UART.
    pub fn clock_hz(&self) -> u32 {
        self.word(boot_info::CLOCK_HZ)
    }

    /// The address of the reader of the flash, if there is one.
    pub fn flash(&self) -> Option<usize> {
        let base = self.word(boot_info::FLASH_BASE) as usize;
        (base != 0).then_some(base)
    }

    /// The address of an image in the flash.
    pub fn flash_image(&self) -> u32 {
        self.word(boot_info::FLASH_IMAGE)
    }

    /// How long to wait for the host, in ticks of `mtime`.
    pub fn boot_window(&self) -> u64 {
        self.word(boot_info::BOOT_WINDOW).into()
    }

    fn word(&self, offset: usize) -> u32 {
        u32::from_le_bytes(self.field(offset))
    }

    fn field<const N: usize>(&self, offset: usize) -> [u8; N] {
        let mut field = [0; N];
        field.copy_from_slice(&self.0[offset..offset + N]);
        field
    }
}
