//! What goes through the rings.

use ring::Ring;

/// Words of a message: its header, and its contents.
const WORDS: usize = 5;

/// Ports of a side. A ring has a place for a message to each.
pub const PORTS: usize = 32;

/// A ring in shared memory. All zeros is an empty one.
pub type Messages = Ring<WORDS, PORTS>;
pub type Producer = ring::Producer<'static, WORDS, PORTS>;
pub type Consumer = ring::Consumer<'static, WORDS, PORTS>;

pub type Contents = [u64; WORDS - 1];

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is about, as both sides have agreed.
    pub label: u32,
    pub contents: Contents,
}

impl Message {
    /// To this port, as it lies in the ring.
    #[inline(always)]
    pub(crate) const fn to(self, port: u32) -> [u64; WORDS] {
        let [a, b, c, d] = self.contents;
        [(port as u64) << 32 | self.label as u64, a, b, c, d]
    }

    #[inline(always)]
    pub(crate) const fn from_words([header, a, b, c, d]: [u64; WORDS]) -> Self {
        Self { label: header as u32, contents: [a, b, c, d] }
    }
}

/// The port to which a message with this header is, which may be one that there is not.
#[inline(always)]
pub const fn port(header: u64) -> u32 {
    (header >> 32) as u32
}
