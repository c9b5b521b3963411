//! The target: it answers requests and loads the memory.

use crate::frame::{Frame, Receiver, send};
use core::ops::Range;

/// Version of the protocol.
pub const VERSION: u8 = 2;
/// Most bytes that one request writes.
pub const BLOCK: usize = 1024;

const HELLO: u8 = 1;
const WRITE: u8 = 2;
const CLEAR: u8 = 3;
const CHECK: u8 = 4;
const RUN: u8 = 5;
const SPEED: u8 = 6;
const INFO: u8 = 0x81;
const DONE: u8 = 0x82;
const REFUSED: u8 = 0x83;
const DAMAGED: u8 = 0x84;

/// The memory that programs are loaded to.
pub trait Memory {
    /// The addresses that requests may name.
    fn range(&self) -> Range<u64>;
    /// The bytes at `addresses`, which lie in `range`.
    fn bytes(&mut self, addresses: Range<u64>) -> &mut [u8];
}

/// What to do after a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Take the next one.
    Continue,
    /// Start the program once the line is idle: the host has its reply then.
    Run,
    /// Once the line is idle, go on with this divisor of the clock.
    Speed(u16),
}

/// Answers requests.
pub struct Target<M> {
    receiver: Receiver,
    memory: M,
    clock_hz: u32,
    info: &'static [u8],
}

impl<M: Memory> Target<M> {
    /// A target that loads `memory`. The line's rate is `clock_hz` over 16 and a divisor. `info`,
    /// at most 60 bytes, is the record for the host.
    pub const fn new(memory: M, clock_hz: u32, info: &'static [u8]) -> Self {
        Self { receiver: Receiver::new(), memory, clock_hz, info }
    }

    /// The memory that was loaded.
    pub fn into_memory(self) -> M {
        self.memory
    }

    /// Announces the loader without being asked.
    pub fn announce(&self, put: impl FnMut(u8)) {
        self.inform(0, put);
    }

    /// A break was on the line. The rate is that after reset again, and a frame begins.
    pub fn line_break(&mut self) {
        self.receiver.clear();
    }

    /// Takes a byte of the line. Replies go to `put`.
    pub fn receive(&mut self, byte: u8, put: impl FnMut(u8)) -> Action {
        let Some(result) = self.receiver.push(byte) else { return Action::Continue };
        let Ok(Frame { kind, sequence, fields }) = result else {
            send(Frame { kind: DAMAGED, sequence: 0, fields: &[] }, put);
            return Action::Continue;
        };
        let mut action = Action::Continue;
        let done = match kind {
            HELLO => {
                self.inform(sequence, put);
                return action;
            }
            RUN => {
                action = Action::Run;
                Some(0)
            }
            SPEED => divisor(self.clock_hz, fields).map(|divisor| {
                action = Action::Speed(divisor);
                rate(self.clock_hz, divisor)
            }),
            _ => perform(&mut self.memory, kind, fields),
        };
        match done {
            Some(value) => {
                let fields = &value.to_le_bytes();
                send(Frame { kind: DONE, sequence, fields }, put);
            }
            None => send(Frame { kind: REFUSED, sequence, fields: &[] }, put),
        }
        action
    }

    fn inform(&self, sequence: u8, put: impl FnMut(u8)) {
        let Range { start, end } = self.memory.range();
        let mut fields = [VERSION; 19 + 60];
        fields[1..9].copy_from_slice(&start.to_le_bytes());
        fields[9..17].copy_from_slice(&end.to_le_bytes());
        fields[17..19].copy_from_slice(&(BLOCK as u16).to_le_bytes());
        let end = 19 + self.info.len();
        fields[19..end].copy_from_slice(self.info);
        send(Frame { kind: INFO, sequence, fields: &fields[..end] }, put);
    }
}

/// The divisor of the nearest possible rate.
fn divisor(clock_hz: u32, fields: &[u8]) -> Option<u16> {
    let sixteenths = u32::from_le_bytes(fields.try_into().ok()?).checked_mul(16)?;
    let nearest = clock_hz.checked_add(sixteenths / 2)?.checked_div(sixteenths)?;
    u16::try_from(nearest.max(1)).ok()
}

/// Bits a second.
fn rate(clock_hz: u32, divisor: u16) -> u32 {
    clock_hz / (16 * u32::from(divisor))
}

/// Performs a request on memory. Returns the answer, or `None` if the request is refused.
fn perform(memory: &mut impl Memory, kind: u8, fields: &[u8]) -> Option<u32> {
    let (address, rest) = fields.split_first_chunk::<8>()?;
    let start = u64::from_le_bytes(*address);
    let length = match kind {
        WRITE => rest.len() as u64,
        _ => u64::from_le_bytes(rest.try_into().ok()?),
    };
    let end = start.checked_add(length)?;
    let whole = memory.range();
    if start < whole.start || end > whole.end {
        return None;
    }
    let bytes = memory.bytes(start..end);
    match kind {
        WRITE => bytes.copy_from_slice(rest),
        CLEAR => bytes.fill(0),
        CHECK => return Some(crate::frame::CRC.checksum(bytes)),
        _ => return None,
    }
    Some(0)
}
