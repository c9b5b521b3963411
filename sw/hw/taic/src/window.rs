//! Register accesses, and fields of registers.

use core::ptr;

/// Registers from an address on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window(usize);

impl Window {
    /// # Safety
    /// Registers of a TAIC must be mapped from `base` on, as far as offsets are used, for as long
    /// as this or a copy of it is used. Nothing else that Rust knows of may lie there.
    pub const unsafe fn new(base: usize) -> Self {
        Self(base)
    }

    /// The registers from `offset` on.
    pub const fn at(self, offset: usize) -> Self {
        Self(self.0 + offset)
    }

    #[inline(always)]
    pub fn read(self, offset: usize) -> u64 {
        // SAFETY: a register, by the caller of `new`.
        unsafe { ptr::with_exposed_provenance::<u64>(self.0 + offset).read_volatile() }
    }

    #[inline(always)]
    pub fn write(self, offset: usize, value: u64) {
        // SAFETY: a register, by the caller of `new`; it changes no memory.
        unsafe { ptr::with_exposed_provenance_mut::<u64>(self.0 + offset).write_volatile(value) }
    }
}

/// The field of `word` that `mask` covers.
pub const fn field(word: u64, mask: usize) -> u64 {
    (word & mask as u64) >> mask.trailing_zeros()
}

/// `value` in the field that `mask` covers; what does not fit is cut off.
pub const fn place(value: u64, mask: usize) -> u64 {
    value << mask.trailing_zeros() & mask as u64
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Memory in the place of the registers: what is written is there, what is there is read.
    pub struct Memory {
        words: *mut [u64],
    }

    impl Memory {
        pub fn new(bytes: usize) -> Self {
            Self { words: Box::into_raw(vec![0; bytes / 8].into_boxed_slice()) }
        }

        pub fn address(&self) -> usize {
            self.words.cast::<u64>().expose_provenance()
        }

        pub fn window(&self) -> Window {
            // SAFETY: as long as this; it is accessed through pointers only.
            unsafe { Window::new(self.address()) }
        }

        pub fn word(&self, offset: usize) -> u64 {
            self.window().read(offset)
        }

        pub fn set(&self, offset: usize, value: u64) {
            self.window().write(offset, value);
        }
    }

    impl Drop for Memory {
        fn drop(&mut self) {
            // SAFETY: from `into_raw`.
            drop(unsafe { Box::from_raw(self.words) });
        }
    }

    #[test]
    fn fields_are_placed_and_found() {
        assert_eq!(place(0x1ff, 0xff00), 0xff00);
        assert_eq!(place(1, 1 << 63), 1 << 63);
        assert_eq!(field(0x1234_5678, 0xff_0000), 0x34);
        assert_eq!(field(u64::MAX, 1 << 63), 1);
    }
}
