//! Finding a capability by its address.

use crate::{Cap, Failure, Kernel, Kind, Slot, Tcb, machine::Machine, machine::Memory};
use abi::LookupFailure;

pub(crate) const WORD_BITS: usize = usize::BITS as usize;

/// Resolves the lowest `bits` bits of `address` from `root` on. Returns the slot, and the bits that
/// are left where a capability other than a CNode ended the walk.
#[inline(always)]
pub(crate) fn resolve(
    memory: &impl Memory,
    root: Cap,
    address: usize,
    bits: usize,
) -> Result<(Slot, usize), LookupFailure> {
    if !root.is(Kind::CNode) {
        return Err(LookupFailure::InvalidRoot);
    }
    let (mut node, mut left) = (root, bits);
    loop {
        let (guard_bits, radix) = (node.guard_bits(), node.radix());
        let found = part(address, left.wrapping_sub(guard_bits), guard_bits);
        if guard_bits > left || found != node.guard() {
            return Err(LookupFailure::GuardMismatch {
                bits_left: left,
                guard: node.guard(),
                bits_found: guard_bits,
            });
        }
        let level_bits = guard_bits + radix;
        if level_bits > left {
            return Err(LookupFailure::DepthMismatch { bits_left: left, bits_found: level_bits });
        }
        left -= level_bits;
        let slot = Slot(node.pointer() + 32 * part(address, left, radix));
        if left == 0 {
            return Ok((slot, 0));
        }
        node = slot.cap(memory);
        if !node.is(Kind::CNode) {
            return Ok((slot, left));
        }
    }
}

/// As [`resolve`] with all bits of `address`, for the short ways: the capability that is found.
#[inline(always)]
pub(crate) fn find(memory: &impl Memory, root: Cap, address: usize) -> Option<Cap> {
    if !root.is(Kind::CNode) {
        return None;
    }
    // The bits that are not resolved yet are the highest of `rest`.
    let (mut node, mut rest, mut left) = (root, address, WORD_BITS);
    loop {
        let (guard_bits, radix) = (node.guard_bits(), node.radix());
        left = left.checked_sub(guard_bits + radix)?;
        if first(rest, guard_bits) != node.guard() {
            return None;
        }
        rest <<= guard_bits;
        let cap = Slot(node.pointer() + 32 * first(rest, radix)).cap(memory);
        if left == 0 || !cap.is(Kind::CNode) {
            return Some(cap);
        }
        rest <<= radix;
        node = cap;
    }
}

/// The highest `bits` bits of `word`; `bits` is less than a word.
#[inline(always)]
fn first(word: usize, bits: usize) -> usize {
    (word >> 1).wrapping_shr(!bits as u32)
}

/// `bits` bits of `word`, from bit `from` on; `bits` is less than a word.
#[inline]
fn part(word: usize, from: usize, bits: usize) -> usize {
    word.wrapping_shr(from as u32) & ((1 << bits) - 1)
}

impl<M: Machine> Kernel<M> {
    /// The slot of a capability of `thread`.
    #[inline]
    pub(crate) fn lookup_slot(&self, thread: Tcb, address: usize) -> Result<Slot, LookupFailure> {
        let root = thread.cspace().cap(self);
        resolve(self, root, address, WORD_BITS).map(|(slot, _)| slot)
    }

    /// The slot that an operation on CNodes names.
    pub(crate) fn lookup_target(
        &self,
        source: bool,
        root: Cap,
        address: usize,
        depth: usize,
    ) -> Result<Slot, Failure> {
        if !root.is(Kind::CNode) {
            return Err(Failure::FailedLookup { source, failure: LookupFailure::InvalidRoot });
        }
        if !(1..=WORD_BITS).contains(&depth) {
            return Err(Failure::RangeError(1, WORD_BITS));
        }
        match resolve(self, root, address, depth) {
            Ok((slot, 0)) => Ok(slot),
            Ok((_, bits_left)) => {
                let failure = LookupFailure::DepthMismatch { bits_left, bits_found: 0 };
                Err(Failure::FailedLookup { source, failure })
            }
            Err(failure) => Err(Failure::FailedLookup { source, failure }),
        }
    }
}
