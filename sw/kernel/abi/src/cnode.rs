//! The guard of a CNode capability, as a badge or as TCB configuration carries it.

/// Guard size in bits 0 to 5, guard above.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CNodeData(pub usize);

impl CNodeData {
    const SIZE_BITS: usize = 6;

    pub const fn new(guard: usize, guard_bits: usize) -> Self {
        Self(guard << Self::SIZE_BITS | guard_bits & ((1 << Self::SIZE_BITS) - 1))
    }

    pub const fn guard(self) -> usize {
        self.0 >> Self::SIZE_BITS
    }

    pub const fn guard_bits(self) -> usize {
        self.0 & ((1 << Self::SIZE_BITS) - 1)
    }
}
