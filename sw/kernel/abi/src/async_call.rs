//! Asynchronous system calls: what requests and answers are, in the rings that a thread shares with the
//! kernel.
//!
//! The frame begins with the ring of the requests, whose consumer is the kernel; behind it is that of
//! the answers, whose producer it is. Both have the same number of slots. A request is a message
//! as of Call, with its capabilities in the request instead of the IPC buffer.

/// Words of a request, and of an answer.
pub const REQUEST_WORDS: usize = 15;
pub const ANSWER_WORDS: usize = 7;
/// Slots of a ring, if the registration does not say how many. Both fit into a page.
pub const SLOTS: usize = 16;
/// Most slots of a ring.
pub const MAX_SLOTS: usize = 1 << 12;

/// Places in a request, in words.
pub mod request {
    use super::REQUEST_WORDS;
    use crate::message::MAX_EXTRA_CAPS;

    /// Comes back in the answer: the coroutine in the low half, a channel in the high one.
    pub const COOKIE: usize = 0;
    /// A [`crate::MessageInfo`].
    pub const INFO: usize = 1;
    /// The capability that is invoked.
    pub const CAP: usize = 2;
    /// The capabilities of the message.
    pub const CAPS: usize = 3;
    /// The words of the message.
    pub const WORDS: usize = CAPS + MAX_EXTRA_CAPS;
    /// Most words of a message.
    pub const MAX_LENGTH: usize = REQUEST_WORDS - WORDS;
}

/// Places in an answer, in words.
pub mod answer {
    use super::ANSWER_WORDS;

    pub const COOKIE: usize = 0;
    /// A [`crate::MessageInfo`]; the label is 0, or the error.
    pub const INFO: usize = 1;
    pub const WORDS: usize = 2;
    pub const MAX_LENGTH: usize = ANSWER_WORDS - WORDS;
}
