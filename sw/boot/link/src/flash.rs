//! Loads a program from a flash, dword by dword.

use crate::{frame::CRC, target::Memory};
use core::ops::Range;
use crc::{Digest, NoTable};
use soc::boot_image::{MAGIC, RECORD_BYTES, VERSION};

/// Why there is no program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no image, or no flash.
    Missing,
    /// The image is for another boot loader.
    Version,
    /// It is larger than the memory, or its size is not a multiple of a dword.
    Length,
    /// Its entry is not where the loader starts programs.
    Entry,
    /// A segment lies outside the memory, or ends behind the image.
    Segment,
    /// Its checksum is wrong.
    Checksum,
}

impl Fault {
    /// The reason, as a phrase for the user.
    pub fn text(self) -> &'static str {
        match self {
            Self::Missing => "no image",
            Self::Version => "version",
            Self::Length => "length",
            Self::Entry => "entry",
            Self::Segment => "segment",
            Self::Checksum => "CRC-32",
        }
    }
}

/// Brings the image that `next` gives into memory. After a fault the memory's contents are
/// undefined.
pub fn load_image(next: impl FnMut() -> u64, memory: &mut impl Memory) -> Result<(), Fault> {
    let whole = memory.range();
    let mut image = Image { next, digest: CRC.digest() };
    if image.dword() != MAGIC as u64 {
        return Err(Fault::Missing);
    }
    let (version, mut left) = halves(image.dword());
    let entry = image.dword();
    let (sum, _) = halves((image.next)());
    if version != VERSION as u64 {
        return Err(Fault::Version);
    }
    if !left.is_multiple_of(8) || left > whole.end - whole.start {
        return Err(Fault::Length);
    }
    if entry != whole.start {
        return Err(Fault::Entry);
    }
    while left > 0 {
        left = left.checked_sub(RECORD_BYTES as u64).ok_or(Fault::Segment)?;
        let address = image.dword();
        let (stored, size) = halves(image.dword());
        left = left.checked_sub(stored).ok_or(Fault::Segment)?;
        let place = segment(address, stored, size, &whole).ok_or(Fault::Segment)?;
        let (data, rest) = memory.bytes(place).split_at_mut(stored as usize);
        for place in data.chunks_exact_mut(8) {
            place.copy_from_slice(&image.dword().to_le_bytes());
        }
        rest.fill(0);
    }
    if u64::from(image.digest.finalize()) == sum { Ok(()) } else { Err(Fault::Checksum) }
}

/// The image, read in order.
struct Image<F> {
    next: F,
    digest: Digest<'static, u32, NoTable>,
}

impl<F: FnMut() -> u64> Image<F> {
    /// The next dword. The checksum covers it.
    fn dword(&mut self) -> u64 {
        let dword = (self.next)();
        self.digest.update(&dword.to_le_bytes());
        dword
    }
}

/// Lower and upper 32 bits.
fn halves(dword: u64) -> (u64, u64) {
    (dword & 0xffff_ffff, dword >> 32)
}

/// The addresses of a segment, if all of them lie in the memory.
fn segment(address: u64, stored: u64, size: u64, whole: &Range<u64>) -> Option<Range<u64>> {
    let end = address.checked_add(size)?;
    let fits = address >= whole.start && end <= whole.end;
    (fits && stored <= size && stored.is_multiple_of(8)).then_some(address..end)
}
