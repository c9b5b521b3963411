//! Places of a ring, by indices that go on beyond the end.

use super::atomics::AtomicU64;
use core::array;

/// By how much indices differ: they count bytes, which saves a shift.
pub const STEP: usize = size_of::<u64>();

/// `N` places, all 0: nothing is there. `N` is a power of two.
#[derive(Debug)]
#[repr(C)]
pub struct Places<const N: usize>([AtomicU64; N]);

impl<const N: usize> Places<N> {
    const MASK: usize = {
        assert!(N.is_power_of_two());
        N - 1
    };

    /// How far a first and a last index of all places are apart.
    pub const BYTES: usize = N * STEP;

    pub fn new() -> Self {
        Self(array::from_fn(|_| AtomicU64::new(0)))
    }

    #[inline(always)]
    pub fn at(&self, index: usize) -> &AtomicU64 {
        &self.0[(index / STEP) & Self::MASK]
    }
}
