//! Values to try.

use crate::is_secret;

/// Pseudo-random words (xorshift). None looks like a task of somebody else.
pub struct Random(u64);

impl Random {
    pub fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    pub fn word(&mut self) -> u64 {
        loop {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            if !is_secret(self.0) {
                return self.0;
            }
        }
    }
}
