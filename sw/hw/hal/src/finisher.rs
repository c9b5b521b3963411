//! Test finisher (`sifive,test1`): ends a simulation, or resets the machine.

use core::{arch::asm, ptr};
use soc::{FINISHER_BASE, finisher};

const FAIL: u32 = finisher::FAIL as u32;
const PASS: u32 = finisher::PASS as u32;
const RESET: u32 = finisher::RESET as u32;
const CODE_SHIFT: u32 = finisher::FINISH_CODE.trailing_zeros();

/// The finisher of this SoC.
const OWN: Finisher = Finisher::new(FINISHER_BASE);

/// A finisher by its address.
#[derive(Clone, Copy)]
pub struct Finisher(usize);

impl Finisher {
    pub const fn new(base: usize) -> Self {
        Self(base)
    }

    /// As [`finish`].
    pub fn finish(self, code: u16) -> ! {
        self.write(if code == 0 { PASS } else { u32::from(code) << CODE_SHIFT | FAIL })
    }

    /// As [`reset`].
    pub fn reset(self) -> ! {
        self.write(RESET)
    }

    fn write(self, word: u32) -> ! {
        // SAFETY: the finisher's only register. Memory outlives a reset, so what was written before
        // must be there.
        unsafe {
            asm!("fence rw, o", options(nostack));
            ptr::with_exposed_provenance_mut::<u32>(self.0).write_volatile(word);
        }
        loop {
            riscv::asm::wfi();
        }
    }
}

/// Ends with success if `code` is 0, else with failure and that code (its low 16 bits).
pub fn finish(code: u16) -> ! {
    OWN.finish(code)
}

/// Resets the machine. Memory keeps what was written.
pub fn reset() -> ! {
    OWN.reset()
}
