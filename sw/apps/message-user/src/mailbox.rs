//! Where the dispatcher leaves a message for a coroutine.

use crate::message::{Message, WORDS};
use core::cell::Cell;

/// Room for one message, in a cache line; a first word of 0 is none.
#[repr(align(64))]
pub struct Mailbox([Cell<u64>; WORDS]);

impl Mailbox {
    pub const fn new() -> Self {
        Self([const { Cell::new(0) }; WORDS])
    }

    /// Leaves a message.
    #[inline(always)]
    pub fn put(&self, message: Message) {
        for (word, value) in self.0.iter().zip(message) {
            word.set(value);
        }
    }

    /// Takes the message.
    #[inline(always)]
    pub fn take(&self) -> Option<Message> {
        let first = self.0[0].replace(0);
        (first != 0).then(|| {
            let mut message = core::array::from_fn(|index| self.0[index].get());
            message[0] = first;
            message
        })
    }
}
