//! A process that tries everything: system calls and invocations with random arguments, of what its
//! CSpace holds and of what it does not. Its argument is the seed.

#![no_std]
#![no_main]

use sel4::{IpcBuffer, abi::message::MAX_LENGTH, invoke_words, raw_call};

sel4::process!("rel4test-hostile", main);

/// Labels up to here are drawn; the last ones exist no more.
const LABELS: usize = 64;
/// Slots of the CSpace.
const SLOTS: usize = 32;
/// Words of most messages.
const WORDS: usize = 9;

/// Random numbers (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) as usize
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16) % end
    }

    /// A slot of the CSpace; most are in use. An address that is none ends a caller by a fault.
    fn cap(&mut self) -> usize {
        self.below(SLOTS)
    }

    /// A word that could mean something: small, a size, an address, or anything.
    fn word(&mut self) -> usize {
        match self.below(8) {
            0..=3 => self.below(SLOTS),
            4 => 1 << self.below(64),
            5 => self.below(64) << 12,
            6 => 64,
            _ => self.next(),
        }
    }
}

fn main(seed: usize) -> ! {
    let mut random = Random(seed as u64 | 1 << 63);
    loop {
        match random.below(256) {
            0 => any_call(&mut random),
            1..=32 => message(&mut random),
            _ => invocation(&mut random),
        }
    }
}

/// An invocation with a label, words and capabilities.
fn invocation(random: &mut Random) {
    let caps: [usize; 3] = core::array::from_fn(|_| random.cap());
    let words: [usize; WORDS] = core::array::from_fn(|_| random.word());
    let (cap, label) = (random.cap(), random.below(LABELS));
    let (count, length) = (random.below(4), random.below(WORDS + 1));
    let _ = invoke_words(cap, label, &caps[..count], &words[..length]);
}

/// A message of any length with any words and capabilities, to anything at all. Nobody waits.
fn message(random: &mut Random) {
    const TRY_SEND: isize = -4;
    let buffer = IpcBuffer::own();
    buffer.set_word(random.below(MAX_LENGTH), random.next());
    buffer.set_cap(random.below(3), random.next());
    buffer.set_receive_place(random.cap(), random.word(), random.word());
    raw_call(TRY_SEND, core::array::from_fn(|_| random.next()));
}

/// Any number, any registers.
fn any_call(random: &mut Random) {
    let number = 4 - random.below(40) as isize;
    // The kernel's console and the end of the machine are no play.
    const PUT_CHAR: isize = -9;
    const HALT: isize = -11;
    if number != PUT_CHAR && number != HALT {
        raw_call(number, core::array::from_fn(|_| random.next()));
    }
}
