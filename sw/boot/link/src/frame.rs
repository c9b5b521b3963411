//! Frames: byte-stuffed, with a checksum, ended by a 0.

use crate::target::BLOCK;
use crc::{CRC_32_ISO_HDLC, Crc, NoTable};

/// The checksum of frames and memory: Ethernet's CRC-32. It works without a table to save ROM.
pub(crate) static CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

const HEADER_BYTES: usize = 2;
const CRC_BYTES: usize = 4;
/// The longest content of a frame: a write of a whole block.
const BODY_BYTES: usize = HEADER_BYTES + 8 + BLOCK + CRC_BYTES;
/// The longest content of a reply.
const REPLY_BYTES: usize = HEADER_BYTES + 80 + CRC_BYTES;
/// The longest frame on the line, without the 0 at its end.
pub const FRAME_BYTES: usize = cobs::max_encoding_length(BODY_BYTES);

/// A complete frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The kind.
    pub kind: u8,
    /// The sequence number. A reply has that of its request.
    pub sequence: u8,
    /// The fields after both.
    pub fields: &'a [u8],
}

/// Puts frames together from bytes.
pub struct Receiver {
    buffer: [u8; FRAME_BYTES],
    length: usize,
}

impl Receiver {
    /// A receiver that has seen nothing.
    pub const fn new() -> Self {
        Self { buffer: [0; FRAME_BYTES], length: 0 }
    }

    /// Forgets a frame that has come in part.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// Takes the next byte. At the end of a frame returns the frame, or `Err` if it is damaged.
    /// Empty frames are ignored.
    pub fn push(&mut self, byte: u8) -> Option<Result<Frame<'_>, ()>> {
        if byte != 0 {
            if let Some(place) = self.buffer.get_mut(self.length) {
                *place = byte;
            }
            // A length of one more than fits marks a frame that is too long.
            self.length = (self.length + 1).min(FRAME_BYTES + 1);
            return None;
        }
        let length = core::mem::take(&mut self.length);
        if length == 0 {
            return None;
        }
        Some(self.buffer.get_mut(..length).ok_or(()).and_then(decode))
    }
}

impl Default for Receiver {
    fn default() -> Self {
        Self::new()
    }
}

fn decode(stuffed: &mut [u8]) -> Result<Frame<'_>, ()> {
    let length = cobs::decode_in_place(stuffed).map_err(|_| ())?;
    let body = stuffed.get(..length).ok_or(())?;
    let (content, sum) = body.split_last_chunk::<CRC_BYTES>().ok_or(())?;
    let [kind, sequence, fields @ ..] = content else { return Err(()) };
    if CRC.checksum(content) != u32::from_le_bytes(*sum) {
        return Err(());
    }
    Ok(Frame { kind: *kind, sequence: *sequence, fields })
}

/// Sends a frame byte by byte, with a 0 at its end. `fields` are at most 80 bytes.
pub fn send(frame: Frame, mut put: impl FnMut(u8)) {
    let mut body = [0; REPLY_BYTES];
    let content = HEADER_BYTES + frame.fields.len();
    body[0] = frame.kind;
    body[1] = frame.sequence;
    body[HEADER_BYTES..content].copy_from_slice(frame.fields);
    let sum = CRC.checksum(&body[..content]);
    body[content..content + CRC_BYTES].copy_from_slice(&sum.to_le_bytes());
    let mut stuffed = [0; cobs::max_encoding_length(REPLY_BYTES)];
    let length = cobs::encode(&body[..content + CRC_BYTES], &mut stuffed);
    stuffed[..length].iter().for_each(|&byte| put(byte));
    put(0);
}
