//! Checks the library's entries: they keep every register, hand on every vector, and make pending
//! what a handler returns.

use crate::{VECTOR, same::Bench};
use core::{
    arch::global_asm,
    sync::atomic::{AtomicU64, Ordering},
};
use uintr::{Vector, entry, uipi_send};

/// Vectors that handlers got, and the number of their calls.
static SEEN: AtomicU64 = AtomicU64::new(0);
static CALLS: AtomicU64 = AtomicU64::new(0);

/// What the handlers return the first time. It interrupts once more.
const LEFT: u64 = Vector::new(63).mask();

extern "C" fn see(pending: u64) -> u64 {
    SEEN.fetch_or(pending, Ordering::Relaxed);
    if CALLS.fetch_add(1, Ordering::Relaxed) == 0 { LEFT } else { 0 }
}

extern "C" fn see_with_frame(frame: &mut entry::Frame, pending: u64) -> u64 {
    let kept = frame.registers.iter().enumerate().filter(|(index, value)| {
        let register = index + 1;
        ![SP, A0].contains(&register) && **value != pattern(register)
    });
    assert_eq!(kept.count(), 0, "the frame does not hold the registers");
    see(pending)
}

const SP: usize = 2;
const A0: usize = 10;
const REGISTERS: usize = 32;

/// Contents of the interrupted code's registers.
const fn pattern(register: usize) -> u64 {
    register as u64 * 0x1_0001
}

// SAFETY: changes caller-saved registers, and `after`.
unsafe extern "C" {
    /// Puts a pattern into all registers except `sp` and `a0`, executes SEND of `index`, gives
    /// handlers time, and stores the registers.
    safe fn entries_keep(index: usize, after: &mut [u64; REGISTERS]);
}

global_asm!(
    ".text",
    ".balign 4",
    ".globl entries_keep",
    "entries_keep:",
    "addi sp, sp, -160",
    ".irp n, 1,3,4,8,9",
    "sd x\\n, 8 * \\n(sp)",
    ".endr",
    ".irp n, 18,19,20,21,22,23,24,25,26,27",
    "sd x\\n, 8 * \\n - 64(sp)",
    ".endr",
    "sd a1, 0(sp)",
    ".irp n, 1,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
    "li x\\n, \\n * 0x10001",
    ".endr",
    uipi_send!("a0"),
    ".rept 64",
    "nop",
    ".endr",
    "sd t0, 16(sp)",
    "ld t0, 0(sp)",
    ".irp n, 1,3,4,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
    "sd x\\n, 8 * \\n(t0)",
    ".endr",
    "ld t1, 16(sp)",
    "sd t1, 40(t0)",
    ".irp n, 1,3,4,8,9",
    "ld x\\n, 8 * \\n(sp)",
    ".endr",
    ".irp n, 18,19,20,21,22,23,24,25,26,27",
    "ld x\\n, 8 * \\n - 64(sp)",
    ".endr",
    "addi sp, sp, 160",
    "ret",
);

/// Checks all three; panics if one is wrong.
pub fn check(bench: &mut Bench) {
    for (utvec, uscratch, vectors) in [
        (entry::call(), see as *const () as usize, VECTOR.mask() | LEFT),
        (entry::full(), see_with_frame as *const () as usize, VECTOR.mask() | LEFT),
        (entry::collect(), SEEN.as_ptr() as usize, VECTOR.mask()),
    ] {
        SEEN.store(0, Ordering::Relaxed);
        CALLS.store(0, Ordering::Relaxed);
        bench.enter(utvec, uscratch);
        let mut after = [0; REGISTERS];
        entries_keep(bench.index(), &mut after);
        for register in (1..REGISTERS).filter(|register| ![SP, A0].contains(register)) {
            assert_eq!(after[register], pattern(register), "x{register} has changed");
        }
        assert_eq!(after[A0], bench.index() as u64, "a0 has changed");
        assert_eq!(SEEN.load(Ordering::Relaxed), vectors, "vectors");
    }
}
