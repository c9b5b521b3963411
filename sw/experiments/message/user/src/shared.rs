//! The two pages that both processes see: a ring in each.

use crate::message::WORDS;
use core::ptr;
use ring::Ring;
use user::SHARED;

/// Messages that fit into a ring: as many as there can be calls.
const SLOTS: usize = 32;

pub type Messages = Ring<WORDS, SLOTS>;
pub type Producer = ring::Producer<'static, WORDS, SLOTS>;
pub type Consumer = ring::Consumer<'static, WORDS, SLOTS>;

const PAGE: usize = 4096;
/// Of the second ring in its page: busy lines of both lie in different sets of the cache.
const OFFSET: usize = 0x700;
const _: () = assert!(OFFSET + size_of::<Messages>() <= PAGE);

/// From the client to the server.
pub fn requests() -> &'static Messages {
    // SAFETY: mapped for the whole life of both processes, zeros at first; all of it is atomic.
    unsafe { &*ptr::with_exposed_provenance(SHARED) }
}

/// From the server to the client.
pub fn replies() -> &'static Messages {
    // SAFETY: as above.
    unsafe { &*ptr::with_exposed_provenance(SHARED + PAGE + OFFSET) }
}
