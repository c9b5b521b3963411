//! System calls that are timed from the instruction before to the one behind.

use core::arch::asm;
use sel4::{MessageInfo, abi::Syscall};

/// The cycle counter.
#[inline(always)]
pub fn cycle() -> usize {
    let cycle;
    // SAFETY: reads a counter.
    unsafe { asm!("rdcycle {}", out(reg) cycle, options(nomem, nostack)) };
    cycle
}

/// A system call with words in registers. Returns what comes back in `a1`, and the cycles.
#[inline(always)]
pub fn timed(call: Syscall, cap: usize, info: MessageInfo) -> (MessageInfo, usize) {
    let (answer, before, after): (usize, usize, usize);
    // SAFETY: the calls of this program change its registers and its buffer only.
    unsafe {
        asm!(
            "rdcycle {before}",
            "ecall",
            "rdcycle {after}",
            before = out(reg) before,
            after = lateout(reg) after,
            inlateout("a0") cap => _,
            inlateout("a1") info.0 => answer,
            inlateout("a2") 0 => _,
            inlateout("a3") 0 => _,
            inlateout("a4") 0 => _,
            inlateout("a5") 0 => _,
            in("a7") call as isize,
            options(nostack),
        );
    }
    (MessageInfo(answer), after - before)
}
