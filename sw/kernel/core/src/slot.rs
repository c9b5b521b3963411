//! Slots of CNodes and threads: a capability, and its place in the derivation tree.

use crate::{Cap, machine::Memory, object::Word};

/// A slot: 32 bytes, at an address that is a multiple of 32.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slot(pub usize);

impl Word for Option<Slot> {
    #[inline]
    fn from_word(word: usize) -> Self {
        if word == 0 { None } else { Some(Slot(word)) }
    }
    #[inline]
    fn word(self) -> usize {
        self.map_or(0, |slot| slot.0)
    }
}

const PREVIOUS: usize = 16;
const NEXT: usize = 24;
/// Copies of the capability can be children of it.
const REVOCABLE: usize = 1;
/// The first of the capabilities with its badge.
const FIRST_BADGED: usize = 2;
/// Entries of sender tables were made from the capability.
const SENDING: usize = 4;
const FLAGS: usize = 31;

/// A node of the derivation tree: the tree is a list in the order of a depth-first walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Node {
    pub previous: Option<Slot>,
    pub next: Option<Slot>,
    pub revocable: bool,
    pub first_badged: bool,
    /// Entries of sender tables may have been made from the capability.
    pub sending: bool,
}

impl Node {
    pub const ALONE: Self =
        Self { previous: None, next: None, revocable: false, first_badged: false, sending: false };
}

impl Slot {
    #[inline]
    pub fn cap(self, memory: &impl Memory) -> Cap {
        Cap { words: [memory.load(self.0), memory.load(self.0 + 8)] }
    }

    #[inline]
    pub fn set_cap(self, memory: &mut impl Memory, cap: Cap) {
        memory.store(self.0, cap.words[0]);
        memory.store(self.0 + 8, cap.words[1]);
    }

    #[inline]
    pub(crate) fn is_empty(self, memory: &impl Memory) -> bool {
        self.cap(memory).is_null()
    }

    pub fn node(self, memory: &impl Memory) -> Node {
        let next = memory.load(self.0 + NEXT);
        Node {
            previous: Option::from_word(memory.load(self.0 + PREVIOUS)),
            next: Option::from_word(next & !FLAGS),
            revocable: next & REVOCABLE != 0,
            first_badged: next & FIRST_BADGED != 0,
            sending: next & SENDING != 0,
        }
    }

    pub(crate) fn set_node(self, memory: &mut impl Memory, node: Node) {
        let flags = if node.revocable { REVOCABLE } else { 0 }
            | if node.first_badged { FIRST_BADGED } else { 0 }
            | if node.sending { SENDING } else { 0 };
        memory.store(self.0 + PREVIOUS, node.previous.word());
        memory.store(self.0 + NEXT, node.next.word() | flags);
    }

    /// Notes that an entry of a sender table was made from the capability.
    pub(crate) fn set_sending(self, memory: &mut impl Memory) {
        let word = memory.load(self.0 + NEXT) | SENDING;
        memory.store(self.0 + NEXT, word);
    }

    #[inline]
    pub(crate) fn next(self, memory: &impl Memory) -> Option<Slot> {
        Option::from_word(memory.load(self.0 + NEXT) & !FLAGS)
    }

    #[cfg(any(test, feature = "checks"))]
    pub(crate) fn previous(self, memory: &impl Memory) -> Option<Slot> {
        Option::from_word(memory.load(self.0 + PREVIOUS))
    }

    #[inline]
    pub(crate) fn set_next(self, memory: &mut impl Memory, next: Option<Slot>) {
        let flags = memory.load(self.0 + NEXT) & FLAGS;
        memory.store(self.0 + NEXT, next.word() | flags);
    }

    #[inline]
    pub(crate) fn set_previous(self, memory: &mut impl Memory, previous: Option<Slot>) {
        memory.store(self.0 + PREVIOUS, previous.word());
    }
}
