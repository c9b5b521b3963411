//! Taking samples.

use crate::{Collected, WARM_UP};

/// Takes all samples of what `sample` measures, after some that are not counted, and reports.
pub fn collect(
    collected: &mut Collected,
    name: &'static str,
    parameters: &'static str,
    mut sample: impl FnMut() -> i64,
) {
    for _ in 0..WARM_UP {
        sample();
    }
    while !collected.is_full() {
        collected.push(sample());
    }
    user::println!("{}", collected.report(name, parameters));
    collected.clear();
}

/// Delays that no loop of the other side keeps in step with (xorshift).
pub struct Phase(u64);

impl Phase {
    pub fn new() -> Self {
        Self(1)
    }

    /// Goes round `least` to `least + most` times; `most` is a power of two.
    pub fn delay(&mut self, least: u64, most: u64) {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        for _ in 0..least + (self.0 >> 32) % most {
            core::hint::black_box(());
        }
    }
}
