//! What goes through the rings.

use ring::Ring;

/// Words of a message: its header, and its contents.
const WORDS: usize = 5;

/// Ports of a side. A ring has a place for a message to each.
pub const PORTS: usize = 32;

/// A ring in shared memory. All zeros is an empty one.
pub type Messages = Ring<WORDS, PORTS>;
pub type Producer<R> = ring::Producer<R, WORDS, PORTS>;
pub type Consumer<R> = ring::Consumer<R, WORDS, PORTS>;

pub type Contents = [u64; WORDS - 1];

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is about, as both sides have agreed.
    pub label: u32,
    pub contents: Contents,
}

impl Message {
    /// To the port with this [`header`], as it lies in the ring.
    #[inline(always)]
    pub(crate) const fn to(self, header: u64) -> [u64; WORDS] {
        let [a, b, c, d] = self.contents;
        [header | self.label as u64, a, b, c, d]
    }

    #[inline(always)]
    pub(crate) const fn from_words([header, a, b, c, d]: [u64; WORDS]) -> Self {
        Self { label: header as u32, contents: [a, b, c, d] }
    }
}

/// The header of a message to this port, with label 0.
#[inline(always)]
pub const fn header(port: u32) -> u64 {
    (port as u64) << 32
}

/// The port to which a message with this header is. Bits that no port needs are ignored.
#[inline(always)]
pub const fn port(header: u64) -> usize {
    const { assert!(PORTS.is_power_of_two(), "all numbers of so many bits are ports") }
    (header >> 32) as usize % PORTS
}
