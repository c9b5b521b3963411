//! What the firmware does for the kernel.

use core::arch::asm;
use sbi_rt::{HartMask, NoReason, Shutdown, SystemFailure};

const LEGACY_CONSOLE_PUTCHAR: usize = 1;

pub fn put_char(character: u8) {
    // SAFETY: the call prints a character, and changes `a0` at most.
    unsafe {
        asm!("ecall", inout("a0") usize::from(character) => _, in("a7") LEGACY_CONSOLE_PUTCHAR,
            options(nostack));
    }
}

/// Prints a text.
pub fn print(text: &str) {
    text.bytes().for_each(put_char);
}

/// Ends the machine.
pub fn halt() -> ! {
    let _ = sbi_rt::system_reset(Shutdown, NoReason);
    loop {
        riscv::asm::wfi();
    }
}

/// Ends the machine with a failure.
pub fn fail() -> ! {
    let _ = sbi_rt::system_reset(Shutdown, SystemFailure);
    loop {
        riscv::asm::wfi();
    }
}

/// Sets when the timer's next interrupt comes.
pub fn set_timer(time: usize) {
    let _ = sbi_rt::set_timer(time as u64);
}

/// Interrupts harts, by their IDs.
pub fn send_ipi(harts: usize) {
    let _ = sbi_rt::send_ipi(HartMask::from_mask_base(harts, 0));
}

/// Makes harts forget translations with an ASID.
pub fn remote_fence(harts: usize, start: usize, bytes: usize, asid: usize) {
    if harts != 0 {
        let harts = HartMask::from_mask_base(harts, 0);
        let _ = sbi_rt::remote_sfence_vma_asid(harts, start, bytes, asid);
    }
}
