//! The legacy calls of SBI 0.1.

use crate::becomes_pending;
use core::arch::{asm, global_asm};
use sbi_spec::{
    base::{EID_BASE, PROBE_EXTENSION},
    legacy::*,
};
use supervisor::{
    hal::{
        csr,
        soc::{DRAM_BASE, cause, csr as number, irq},
    },
    sbi_rt,
};

/// A legacy call with up to four arguments. It must leave `a1` to `a5` alone; `None` if not.
fn call(extension: usize, arguments: [usize; 4]) -> Option<usize> {
    let [mut a0, mut a1, mut a2, mut a3] = arguments;
    // SAFETY: the firmware keeps all registers but `a0`.
    unsafe {
        asm!("ecall", inout("a0") a0, inout("a1") a1, inout("a2") a2, inout("a3") a3,
            in("a7") extension, options(nostack));
    }
    ([a1, a2, a3] == arguments[1..]).then_some(a0)
}

fn ssip() -> bool {
    csr::read::<{ number::SIP }>() >> irq::SSI & 1 == 1
}

/// Console, timer, and what a hart asks of itself.
pub fn own(hart: usize) -> bool {
    let mask = 1usize << hart;
    let address = &raw const mask as usize;
    let now = csr::read::<{ number::TIME }>();
    let timer = call(LEGACY_SET_TIMER, [now + 50, 1, 2, 3]) == Some(0)
        && becomes_pending(irq::STI)
        && call(LEGACY_SET_TIMER, [usize::MAX, 1, 2, 3]) == Some(0);
    let sent = call(LEGACY_SEND_IPI, [address, 1, 2, 3]) == Some(0) && becomes_pending(irq::SSI);
    let cleared = ssip() && call(LEGACY_CLEAR_IPI, [0, 1, 2, 3]) == Some(0) && !ssip();
    let probed = (LEGACY_SET_TIMER..=LEGACY_SHUTDOWN).all(|id| {
        let [error, value] = probe(id);
        error == 0 && value == 1
    });
    let quiet = call(LEGACY_CONSOLE_GETCHAR, [0; 4]) == Some(usize::MAX);
    timer && sent && cleared && probed && quiet
}

fn probe(extension: usize) -> [usize; 2] {
    let (mut a0, mut value) = (extension, 0usize);
    // SAFETY: a call without side effects.
    unsafe {
        asm!("ecall", inout("a0") a0, inout("a1") value, in("a6") PROBE_EXTENSION,
            in("a7") EID_BASE,
            options(nostack));
    }
    [a0, value]
}

unsafe extern "C" {
    fn sbitest_faulting_call(extension: usize, mask: usize) -> usize;
}

// Makes the call, and returns the cause of the exception that the call raises, or -1.
global_asm!(
    ".text",
    ".balign 4",
    "sbitest_faulting_call:",
    "mv a7, a0",
    "mv a0, a1",
    "la t0, 1f",
    "csrw stvec, t0",
    "ecall",
    "li a0, -1",
    "ret",
    ".balign 4",
    "1:",
    "csrr a0, scause",
    "ret",
);

/// Fences and interrupts of all harts, by a mask or without one. A mask that S-mode may not read
/// raises the exception that its own load would have raised.
pub fn remote(hart: usize) -> bool {
    let all = usize::MAX;
    let address = &raw const all as usize;
    let fences = [LEGACY_REMOTE_FENCE_I, LEGACY_REMOTE_SFENCE_VMA, LEGACY_REMOTE_SFENCE_VMA_ASID];
    let served = fences.iter().all(|fence| {
        [address, 0].iter().all(|mask| call(*fence, [*mask, 0, 0x1000, 1]) == Some(0))
    });
    let sent = call(LEGACY_SEND_IPI, [0, 1, 2, 3]) == Some(0) && becomes_pending(irq::SSI);
    let cleared = call(LEGACY_CLEAR_IPI, [0, 1, 2, 3]) == Some(0);
    // SAFETY: the trap goes to the function's own vector. Others set `stvec` again.
    let faults = unsafe { sbitest_faulting_call(LEGACY_SEND_IPI, DRAM_BASE) };
    let alive = sbi_rt::hart_get_status(hart).is_ok();
    served && sent && cleared && faults == cause::LOAD_ACCESS && alive
}
