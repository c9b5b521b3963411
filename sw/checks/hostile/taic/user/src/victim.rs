//! The victim waits for a wake-up that nobody may send.

use core::{arch::global_asm, sync::atomic::AtomicU64, sync::atomic::Ordering};
use hal::soc::{csr as number, irq};
use rt::SHARED;

unsafe extern "C" {
    fn victim_interrupted();
}

// Counts in the second word of the page. The handler lets nothing interrupt again.
global_asm!(
    ".text",
    ".balign 4",
    "victim_interrupted:",
    "addi sp, sp, -16",
    "sd t5, 0(sp)",
    "sd t6, 8(sp)",
    "li t6, {page}",
    "ld t5, 8(t6)",
    "addi t5, t5, 1",
    "sd t5, 8(t6)",
    "csrci {uie}, {usi}",
    "ld t5, 0(sp)",
    "ld t6, 8(sp)",
    "addi sp, sp, 16",
    hal::uret!(),
    page = const SHARED,
    uie = const number::UIE,
    usi = const 1 << irq::USI,
);

/// Loops for ever. The first word of the page counts the rounds, the next one counts interrupts.
pub fn run() -> ! {
    // SAFETY: the page is there for ever; the handler saves what it changes.
    let beats = unsafe {
        hal::user_interrupt::enable(victim_interrupted as *const () as usize);
        &*core::ptr::with_exposed_provenance::<AtomicU64>(SHARED)
    };
    loop {
        beats.fetch_add(1, Ordering::Relaxed);
    }
}
