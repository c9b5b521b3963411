//! Whether `cycle` of both harts counts from the same cycle.

use crate::{
    PEER,
    shared::{Step, shared},
};
use user::measure::cycle_of_time_zero;

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
