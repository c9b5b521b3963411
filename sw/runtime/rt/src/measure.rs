//! For programs that measure between harts.

use core::{
    arch::asm,
    hint::{black_box, spin_loop},
    sync::atomic::{AtomicU64, Ordering},
};
use soc::{CLOCK_HZ, TIMEBASE_HZ};

/// A word in memory that two processes share, in a line of its own. All zeros is one that holds 0.
#[repr(C, align(64))]
pub struct Word(AtomicU64);

impl Word {
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    pub fn set(&self, value: u64) {
        self.0.store(value, Ordering::Release);
    }

    pub fn wait_for(&self, value: u64) {
        while self.get() != value {
            spin_loop();
        }
    }
}

/// The step in which a peer takes part, as a number of the program's own, in a word that two
/// processes share. All zeros is none.
#[repr(transparent)]
pub struct Step(Word);

impl Step {
    /// Lets the peer begin a step, which is not 0, after the end of the one before.
    pub fn begin(&self, number: u64) {
        self.finish();
        self.0.set(number);
    }

    /// Waits for the end of the step.
    pub fn finish(&self) {
        self.0.wait_for(0);
    }

    /// On the peer: waits for a step.
    pub fn next(&self) -> u64 {
        loop {
            match self.0.get() {
                0 => spin_loop(),
                number => return number,
            }
        }
    }

    /// On the peer: the step has ended.
    pub fn end(&self) {
        self.0.set(0);
    }

    /// `cycle` of the peer's hart less that of this one. In step `number` the peer is to leave its
    /// [`cycle_of_time_zero`] in `result`.
    pub fn cycle_offset(&self, number: u64, result: &Word) -> i64 {
        self.begin(number);
        let own = cycle_of_time_zero();
        self.finish();
        result.get() as i64 - own
    }
}

/// Delays that no loop of the other side keeps in step with (xorshift).
pub struct Phase(u64);

impl Default for Phase {
    fn default() -> Self {
        Self(1)
    }
}

impl Phase {
    /// Goes round `least` to `least + most` times; `most` is a power of two.
    pub fn delay(&mut self, least: u64, most: u64) {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        for _ in 0..least + (self.0 >> 32) % most {
            black_box(());
        }
    }
}

/// Cycles of a tick of `time`, which all harts see the same.
const TICK: i64 = (CLOCK_HZ / TIMEBASE_HZ) as i64;

/// The `cycle` of this hart at which `time` became, or would have become, 0: the earliest that any
/// reading of `time` allows. Readings in all phases of a tick make it exact. Harts whose `cycle`
/// counts from the same cycle get the same.
pub fn cycle_of_time_zero() -> i64 {
    let readings = (0..400).map(|index| {
        for _ in 0..index % 13 {
            // SAFETY: does nothing.
            unsafe { asm!("nop") };
        }
        let (time, cycle): (i64, i64);
        // SAFETY: reads two counters.
        unsafe {
            asm!("csrr {0}, time", "csrr {1}, cycle", out(reg) time, out(reg) cycle);
        }
        cycle - time * TICK
    });
    readings.min().unwrap_or_default()
}
