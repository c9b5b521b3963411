//! Pseudo-random numbers (xorshift).

/// A sequence that depends on its seed alone.
pub struct Random(u64);

impl Random {
    /// Spreads the seed over all bits.
    pub fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number, never 0.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `limit`. The bias is small if `limit` is.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.number() >> 40) as usize % limit
    }
}
