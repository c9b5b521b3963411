//! Whether `cycle` of both harts counts from the same cycle.

use crate::{
    PEER,
    shared::{Step, shared},
};
use core::arch::asm;
use hal::soc::{CLOCK_HZ, TIMEBASE_HZ};

/// Cycles of a tick of `time`, which all harts see the same.
const TICK: i64 = (CLOCK_HZ / TIMEBASE_HZ) as i64;

/// `cycle` of the peer's hart less that of this one.
pub fn offset() -> i64 {
    shared().begin(PEER, Step::Clock);
    let own = cycle_of_time_zero();
    shared().finish(PEER);
    shared().result.get() as i64 - own
}

/// On the peer.
pub fn serve() {
    shared().result.set(cycle_of_time_zero() as u64);
}

/// The `cycle` at which `time` became, or would have become, 0: the earliest that any reading of
/// `time` allows. Readings in all phases of a tick make it exact.
fn cycle_of_time_zero() -> i64 {
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
