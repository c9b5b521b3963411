//! Test finisher (`sifive,test1`): ends a simulation, or resets the machine.

use core::ptr;
use soc::{FINISHER_BASE, finisher};

const FAIL: u32 = finisher::FAIL as u32;
const PASS: u32 = finisher::PASS as u32;
const RESET: u32 = finisher::RESET as u32;
const CODE_SHIFT: u32 = finisher::FINISH_CODE.trailing_zeros();

/// Ends with success if `code` is 0, else with failure and that code (its low 16 bits).
pub fn finish(code: u16) -> ! {
    write(if code == 0 { PASS } else { u32::from(code) << CODE_SHIFT | FAIL })
}

/// Resets the machine.
pub fn reset() -> ! {
    write(RESET)
}

fn write(word: u32) -> ! {
    // SAFETY: the finisher's only register; writing it touches no memory.
    unsafe { ptr::with_exposed_provenance_mut::<u32>(FINISHER_BASE).write_volatile(word) };
    loop {
        riscv::asm::wfi();
    }
}
