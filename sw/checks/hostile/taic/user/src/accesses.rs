//! Addresses: a page of a local queue, and its surroundings.

use crate::{PAGE, is_secret, random::Random};
use core::arch::global_asm;
use hal::soc::{
    TAIC_BASE, TAIC_SIZE,
    cause::{
        INSN_PAGE, LOAD_ACCESS, LOAD_MISALIGNED, LOAD_PAGE, STORE_ACCESS, STORE_MISALIGNED,
        STORE_PAGE,
    },
    taic_queue as register,
};
use rt::attempt::{Attempt, End, Surprises, jump};

const SIZES: usize = 4;
const DWORD: usize = 3;
const LR: usize = 2 * SIZES;
const SC: usize = LR + 1;
const AMO: usize = LR + 2;

// The address is in a1, a value in a0. Loads and stores of 1, 2, 4 and 8 bytes, then atomics.
global_asm!(
    ".pushsection .text",
    ".option push",
    ".option norvc",
    ".balign 8",
    ".globl page_accesses",
    "page_accesses:",
    ".irp access, lb, lh, lw, ld, sb, sh, sw, sd",
    "\\access a0, 0(a1)",
    "ret",
    ".endr",
    "lr.d a0, (a1)",
    "ret",
    "sc.d a0, a0, (a1)",
    "ret",
    "amoswap.d a0, a0, (a1)",
    "ret",
    ".option pop",
    ".popsection",
);

unsafe extern "C" {
    static page_accesses: [Attempt; AMO + 1];
}

fn attempt(index: usize, value: u64, address: usize) -> End {
    // SAFETY: the table above.
    unsafe { page_accesses[index].run_with(value as usize, address) }
}

/// All of the device, by its physical addresses. They mean nothing in this address space.
pub fn attack_device(surprises: &mut Surprises) {
    for page in (TAIC_BASE..TAIC_BASE + TAIC_SIZE).step_by(8 * PAGE) {
        for (index, fault) in [(DWORD, LOAD_PAGE), (SIZES + DWORD, STORE_PAGE), (AMO, STORE_PAGE)] {
            let end = attempt(index, 1, page);
            surprises.unless(end == End::Trapped(fault), format_args!("{index} {page:#x} {end:?}"));
        }
    }
}

/// Every offset of a page of this process.
pub fn attack_page(surprises: &mut Surprises, page: usize, compatible: bool) {
    let mut random = Random::new();
    for offset in 0..PAGE {
        for size in 0..SIZES {
            if size == DWORD && offset % 8 == 0 {
                whole(surprises, page, offset, &mut random, compatible);
            } else {
                part(surprises, page + offset, size, &mut random);
            }
        }
        if offset % 8 == 0 {
            atomics(surprises, page + offset, &mut random);
        }
    }
    let end = jump(page, 0);
    surprises.unless(end == End::Trapped(INSN_PAGE), format_args!("jump: {end:?}"));
}

/// A register or none, by the right size. The access never traps and reveals nothing of others.
fn whole(
    surprises: &mut Surprises,
    page: usize,
    offset: usize,
    random: &mut Random,
    compatible: bool,
) {
    // A process with the right to registration may say where the worker runs.
    if compatible && offset == register::WRITE_HART {
        return;
    }
    let end = attempt(DWORD, 0, page + offset);
    let expected = matches!(end, End::Done(word) if !is_secret(word as u64));
    surprises.unless(expected, format_args!("load of {offset:#x}: {end:x?}"));
    for value in [0, u64::MAX, 1, random.word(), random.word(), random.word() >> 40] {
        let end = attempt(SIZES + DWORD, value, page + offset);
        let expected = matches!(end, End::Done(_));
        surprises.unless(expected, format_args!("store to {offset:#x}: {end:x?}"));
    }
}

/// An access that has not 8 bytes or is misaligned. A store may go on without effect.
fn part(surprises: &mut Surprises, address: usize, size: usize, random: &mut Random) {
    let end = attempt(size, 0, address);
    let expected = matches!(end, End::Trapped(LOAD_ACCESS | LOAD_MISALIGNED));
    surprises.unless(expected, format_args!("load of size {size} at {address:#x}: {end:x?}"));
    let end = attempt(SIZES + size, random.word(), address);
    let expected = matches!(end, End::Done(_) | End::Trapped(STORE_ACCESS | STORE_MISALIGNED));
    surprises.unless(expected, format_args!("store of size {size} at {address:#x}: {end:x?}"));
}

fn atomics(surprises: &mut Surprises, address: usize, random: &mut Random) {
    for (index, fault) in [(LR, LOAD_ACCESS), (AMO, STORE_ACCESS)] {
        let end = attempt(index, random.word(), address);
        surprises.unless(end == End::Trapped(fault), format_args!("{index} {address:#x}: {end:?}"));
    }
    let end = attempt(SC, random.word(), address);
    let expected = matches!(end, End::Done(1) | End::Trapped(STORE_ACCESS));
    surprises.unless(expected, format_args!("SC at {address:#x}: {end:?}"));
}
