//! Test finisher (`sifive,test1`): ends a simulation, or resets the machine.

use core::ptr;
use soc::FINISHER_BASE;

const FAIL: u32 = 0x3333;
const PASS: u32 = 0x5555;
const RESET: u32 = 0x7777;

/// Ends with success if `code` is 0, else with failure and that code (its low 16 bits).
pub fn finish(code: u16) -> ! {
    write(if code == 0 { PASS } else { u32::from(code) << 16 | FAIL })
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
