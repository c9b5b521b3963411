//! Printing for the running process.

use crate::process::STACK_TOP;
use core::slice;
use supervisor::{
    console,
    hal::{csr, soc::csr as number},
};

/// Prints `length` bytes of the running process from `address` on. Returns how many it printed.
pub fn write(address: usize, length: usize) -> Option<usize> {
    let mut copy = [0; 128];
    let copy = &mut copy[..length.min(128)];
    let end = address.checked_add(copy.len())?;
    if address == 0 || end > STACK_TOP {
        return None;
    }
    // SAFETY: the process does not run; a page that is not mapped ends in a trap.
    unsafe {
        csr::set::<{ number::SSTATUS }>(csr::status::SUM);
        let text = slice::from_raw_parts(core::ptr::with_exposed_provenance(address), copy.len());
        copy.copy_from_slice(text);
        csr::clear::<{ number::SSTATUS }>(csr::status::SUM);
    }
    console::write(copy);
    Some(copy.len())
}
