//! Compares `cycle` of both harts.

use crate::shared::{Step, shared};
use user::measure::cycle_of_time_zero;

/// `cycle` of the peer's hart less that of this one.
pub fn offset() -> i64 {
    shared().begin(Step::Clock);
    let own = cycle_of_time_zero();
    shared().finish();
    shared().result.get() as i64 - own
}

/// On the peer.
pub fn serve() {
    shared().result.set(cycle_of_time_zero() as u64);
}
