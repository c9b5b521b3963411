//! What goes through the rings.

use executor::TaskId;

/// Words of a message.
pub const WORDS: usize = 5;

/// A message: the first word tells what it is about and whose it is, the others are its
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

/// The coroutine of a message with this first word; nonsense may be none, or one that there is not.
#[inline(always)]
pub fn owner(first: u64) -> Option<TaskId> {
    TaskId::from_name((first >> 32) as u32)
}

/// A message.
#[inline(always)]
pub fn compose(owner: TaskId, label: Label, contents: Contents) -> Message {
    let [a, b, c, d] = contents;
    [u64::from(owner.name()) << 32 | label as u64, a, b, c, d]
}
