//! What client and server have agreed on.

use core::{ops::Deref, ptr};
use ipc::Messages;
use rt::SHARED;

/// What a call asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Label {
    /// Numbers: each plus one.
    Add = 1,
    /// The server's counters.
    Count = 2,
    /// The server's end.
    Stop = 3,
}

impl Label {
    /// `None` of what is no label.
    #[inline(always)]
    pub fn from_number(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::Add),
            2 => Some(Self::Count),
            3 => Some(Self::Stop),
            _ => None,
        }
    }
}

const PAGE: usize = 4096;
/// Of the second ring in its page: busy lines of both lie in different sets of the cache.
const OFFSET: usize = 0x700;
const _: () = assert!(OFFSET + size_of::<Messages>() <= PAGE);

/// The ring from the client to the server, in the first page that both see.
pub struct Requests;

/// The ring from the server to the client, in the second.
pub struct Replies;

impl Deref for Requests {
    type Target = Messages;

    #[inline(always)]
    fn deref(&self) -> &Messages {
        // SAFETY: mapped for the whole life of both processes, zeros at first; all of it is atomic.
        unsafe { &*ptr::with_exposed_provenance(SHARED) }
    }
}

impl Deref for Replies {
    type Target = Messages;

    #[inline(always)]
    fn deref(&self) -> &Messages {
        // SAFETY: as above.
        unsafe { &*ptr::with_exposed_provenance(SHARED + PAGE + OFFSET) }
    }
}
