//! What the hart counts: the firmware has chosen the events.

use core::ops::{Add, Sub};
use hal::{csr, soc::csr as number};

/// Events so far, or in between.
#[derive(Clone, Copy, Debug)]
pub struct Counters {
    pub traps: u64,
    pub user_interrupts: u64,
    pub wakes: u64,
}

impl Counters {
    /// Those of this hart, and wake-ups sent as the program has counted them.
    pub fn read(wakes: u64) -> Self {
        let traps_m = csr::read::<{ number::HPMCOUNTER3 }>();
        let traps_s = csr::read::<{ number::HPMCOUNTER3 + 1 }>();
        let user_interrupts = csr::read::<{ number::HPMCOUNTER3 + 2 }>() as u64;
        Self { traps: (traps_m + traps_s) as u64, user_interrupts, wakes }
    }
}

impl Add for Counters {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            traps: self.traps + other.traps,
            user_interrupts: self.user_interrupts + other.user_interrupts,
            wakes: self.wakes + other.wakes,
        }
    }
}

impl Sub for Counters {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            traps: self.traps - other.traps,
            user_interrupts: self.user_interrupts - other.user_interrupts,
            wakes: self.wakes - other.wakes,
        }
    }
}
