//! The words that the composer fills in.

use crate::Archive;
use core::{ops::Range, ptr, slice};

/// "rel4slot": the composer refuses a program whose slot has another magic number.
const MAGIC: u64 = u64::from_le_bytes(*b"rel4slot");

/// Physical addresses of what follows; both are 0 as long as nothing does.
#[repr(C)]
struct Slot {
    magic: u64,
    start: usize,
    end: usize,
}

/// The composer finds this by the name of the symbol.
#[unsafe(export_name = "image_slot")]
static SLOT: Slot = Slot { magic: MAGIC, start: 0, end: 0 };

/// Physical addresses of what the image holds behind this program, if anything.
pub fn follower() -> Option<Range<usize>> {
    let slot = &raw const SLOT;
    // SAFETY: a valid static. The read is volatile because the composer has changed its value, which
    // the compiler cannot know.
    let Slot { start, end, .. } = unsafe { ptr::read_volatile(slot) };
    (start != 0).then_some(start..end)
}

/// The first file of the archive: the program that a kernel starts.
///
/// Panics if the image has none.
pub fn root_task() -> &'static [u8] {
    archive().root().expect("the image holds a root task")
}

/// The archive behind this program; empty if there is none. For programs that see memory at its
/// physical addresses.
pub fn archive() -> Archive<'static> {
    let bytes = follower().map_or(&[][..], |range| {
        let start = ptr::with_exposed_provenance(range.start);
        // SAFETY: the composer placed the archive there, where no segment of a program lies, so
        // nothing else uses this memory.
        unsafe { slice::from_raw_parts(start, range.len()) }
    });
    Archive::new(bytes)
}
