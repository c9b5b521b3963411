//! The victim: nobody may wake it, and it makes no system call.

use process::Thread;
use supervisor::hal::{
    csr,
    soc::{csr as number, irq},
};

/// Runs it for ever.
pub fn run(thread: &mut Thread) -> ! {
    // SAFETY: concerns U-mode alone.
    unsafe { csr::write::<{ number::SIDELEG }>(1 << irq::USI) };
    thread.run();
    let scause = csr::read::<{ number::SCAUSE }>();
    panic!("victim at {:#x}: cause {scause:#x}", thread.context.pc)
}
