//! Invocations in general.

use crate::{
    Failure, Result,
    syscall::{Call, IpcBuffer, system_call},
};
use abi::{
    Error, Label, MessageInfo, Syscall,
    message::{MAX_EXTRA_CAPS, MAX_LENGTH, REGISTERS},
};

/// Calls an object: a label, capabilities and words. Returns the first words of the answer.
///
/// The methods of the capabilities do this; it is public for tests of what they do not allow.
pub fn invoke(
    cap: usize,
    label: Label,
    caps: &[usize],
    words: &[usize],
) -> Result<[usize; REGISTERS]> {
    invoke_words(cap, label as usize, caps, words)
}

/// The same with a label as a number, which may be unknown.
///
/// Panics if there are more capabilities or words than a message holds.
pub fn invoke_words(
    cap: usize,
    label: usize,
    caps: &[usize],
    words: &[usize],
) -> Result<[usize; REGISTERS]> {
    assert!(caps.len() <= MAX_EXTRA_CAPS && words.len() <= MAX_LENGTH);
    let buffer = IpcBuffer::own();
    for (index, cap) in caps.iter().enumerate() {
        buffer.set_cap(index, *cap);
    }
    let mut first = [0; REGISTERS];
    for (index, word) in words.iter().enumerate() {
        match first.get_mut(index) {
            Some(register) => *register = *word,
            None => buffer.set_word(index, *word),
        }
    }
    let info = MessageInfo::new(label, 0, caps.len(), words.len());
    let answer = system_call(Syscall::Call, Call { cap, info, words: first });
    match Error::from_number(answer.info.label()) {
        None => Ok(answer.words),
        Some(error) => {
            let [a, b, c, d] = answer.words;
            let last = if answer.info.length() > REGISTERS { buffer.word(REGISTERS) } else { 0 };
            Err(Failure { error, words: [a, b, c, d, last] })
        }
    }
}
