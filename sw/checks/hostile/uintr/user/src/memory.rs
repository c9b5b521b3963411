//! Addresses: the devices that interrupt, and the kernel's memory.

use core::arch::global_asm;
use hal::soc::{
    CLINT_BASE, CLINT_SIZE, DRAM_BASE, DRAM_SIZE, PLIC_BASE, PLIC_SIZE, TAIC_BASE, TAIC_SIZE,
    UINTC_BASE, UINTC_SIZE,
    cause::{INSN_PAGE, LOAD_PAGE, STORE_PAGE},
};
use rt::attempt::{Attempt, End, Surprises, jump};

const SIZES: usize = 4;
const PAGE: usize = 4096;

// The address is in a1. Loads and stores of 1, 2, 4 and 8 bytes, then atomics.
global_asm!(
    ".pushsection .text",
    ".option push",
    ".option norvc",
    ".balign 8",
    ".globl memory_accesses",
    "memory_accesses:",
    ".irp access, lb, lh, lw, ld, sb, sh, sw, sd",
    "\\access a0, 0(a1)",
    "ret",
    ".endr",
    "lr.d a0, (a1)",
    "ret",
    "amoor.d a0, a0, (a1)",
    "ret",
    ".option pop",
    ".popsection",
);

unsafe extern "C" {
    static memory_accesses: [Attempt; 2 * SIZES + 2];
}

/// Tries all of them.
pub fn attack(surprises: &mut Surprises) {
    for size in 0..SIZES {
        for address in (UINTC_BASE..UINTC_BASE + UINTC_SIZE).step_by(1 << size) {
            access(surprises, size, address);
        }
    }
    for (base, bytes, step) in [
        (UINTC_BASE, UINTC_SIZE, 256),
        (CLINT_BASE, CLINT_SIZE, 256),
        (PLIC_BASE, PLIC_SIZE, 0x2_0000),
        (TAIC_BASE, TAIC_SIZE, 0x2_0000),
        (DRAM_BASE, DRAM_SIZE, 0x10_0000),
    ] {
        for address in (base..base + bytes).step_by(step) {
            for size in 0..SIZES {
                access(surprises, size, address);
            }
            atomics(surprises, address);
        }
        for address in (base..base + bytes).step_by(step.max(PAGE)) {
            let end = jump(address, 0);
            let expected = end == End::Trapped(INSN_PAGE);
            surprises.unless(expected, format_args!("jump to {address:#x}: {end:x?}"));
        }
    }
}

/// A load and a store.
fn access(surprises: &mut Surprises, size: usize, address: usize) {
    attempt(surprises, size, address, LOAD_PAGE);
    attempt(surprises, SIZES + size, address, STORE_PAGE);
}

fn atomics(surprises: &mut Surprises, address: usize) {
    attempt(surprises, 2 * SIZES, address, LOAD_PAGE);
    attempt(surprises, 2 * SIZES + 1, address, STORE_PAGE);
}

fn attempt(surprises: &mut Surprises, index: usize, address: usize, fault: usize) {
    // SAFETY: the table above.
    let end = unsafe { memory_accesses[index].run(address) };
    let expected = end == End::Trapped(fault);
    surprises.unless(expected, format_args!("access {index} of {address:#x}: {end:x?}"));
}
