//! The reader of the SPI flash.

use core::ptr;
use soc::boot_image::{FLASH_ADDRESS, FLASH_DATA};

/// The reader. It has the flash for itself.
pub struct Flash {
    base: usize,
}

impl Flash {
    /// The reader at `base`. It reads from `address` on.
    ///
    /// # Safety
    ///
    /// There must be a reader at `base`.
    pub unsafe fn from(base: usize, address: u32) -> Self {
        let register = ptr::with_exposed_provenance_mut::<u32>(base + FLASH_ADDRESS);
        // SAFETY: the caller's word; the register touches no memory.
        unsafe { register.write_volatile(address) };
        Self { base }
    }

    /// The next 8 bytes.
    pub fn dword(&mut self) -> u64 {
        let register = ptr::with_exposed_provenance::<u64>(self.base + FLASH_DATA);
        // SAFETY: the caller of `new` promised that the reader is there.
        unsafe { register.read_volatile() }
    }
}
