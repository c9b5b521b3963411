//! What goes through the rings.

/// Words of a message.
pub const WORDS: usize = 5;

/// A message: the first word, never 0, tells what it is about and whose it is, the others are its
/// contents.
pub type Message = [u64; WORDS];

/// Contents.
pub type Contents = [u64; WORDS - 1];

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

/// The label of a message; nonsense is [`Label::Stop`].
#[inline(always)]
pub fn label(message: &Message) -> Label {
    match message[0] as u32 {
        1 => Label::Add,
        2 => Label::Count,
        _ => Label::Stop,
    }
}

/// The coroutine of a message.
#[inline(always)]
pub fn owner(message: &Message) -> usize {
    (message[0] >> 32) as usize
}

/// A message.
#[inline(always)]
pub fn compose(owner: usize, label: Label, contents: Contents) -> Message {
    let [a, b, c, d] = contents;
    [(owner as u64) << 32 | label as u64, a, b, c, d]
}
