//! The order in which registers of a thread stand in messages.

use crate::object::reg;
use abi::registers::{ORDER, PC};

/// Places of the context, in the order of ReadRegisters.
pub(crate) const PLACES: [usize; ORDER.len()] = {
    let mut places = ORDER;
    let mut index = 0;
    while index < places.len() {
        if places[index] == PC {
            places[index] = reg::FAULT_IP;
        }
        index += 1;
    }
    places
};
