//! Starting other harts.

use core::arch::global_asm;
use sbi_rt::SbiRet;

const STACK_BYTES: usize = 16384;

/// What a hart starts with: a stack, and the function to run.
#[repr(C, align(16))]
pub struct Start {
    _stack: [u8; STACK_BYTES],
    main: fn(usize) -> !,
}

impl Start {
    /// Runs `main` with the number of the hart.
    pub const fn new(main: fn(usize) -> !) -> Self {
        Self { _stack: [0; STACK_BYTES], main }
    }
}

unsafe extern "C" {
    fn supervisor_start();
}

// `a0` is the hart. `a1` is the end of its stack; the address of `main` is there.
global_asm!(".text", ".balign 4", "supervisor_start:", "mv sp, a1", "ld t0, 0(sp)", "jr t0",);

/// Starts `hart` in S-mode without translation. It sees what was written before.
pub fn start(hart: usize, start: &'static mut Start) -> SbiRet {
    let entry = supervisor_start as *const () as usize;
    let top = &raw const start.main as usize;
    sbi_rt::hart_start(hart, entry, top)
}
