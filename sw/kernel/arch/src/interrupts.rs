//! Interrupts of the hart: timer, devices, other harts.

use crate::{hart::Hart, sbi};
use hal::{
    csr,
    soc::{TIMEBASE_HZ, csr as number, irq},
};
use kernel_core::{Kernel, entry::Entry};

const TICK_MILLISECONDS: usize = 2;
const TICK: usize = TIMEBASE_HZ / 1000 * TICK_MILLISECONDS;

const ALL: usize = 1 << irq::SSI | 1 << irq::STI | 1 << irq::SEI;

fn waiting() -> usize {
    csr::read::<{ number::SIP }>() & csr::read::<{ number::SIE }>()
}

/// Whether any interrupt waits for the kernel.
pub fn pending() -> bool {
    let waiting = waiting();
    // A user interrupt is the kernel's only if it is not the thread's own.
    waiting & ALL != 0
        || waiting & 1 << irq::USI != 0 && csr::read::<{ number::SIDELEG }>() & 1 << irq::USI == 0
}

/// Enables the interrupts of this hart, and starts its ticks. They come in user mode alone, because
/// `sstatus.SIE` stays 0.
pub fn enable() {
    set_tick();
    // SAFETY: traps lead to the kernel's vector.
    unsafe { csr::set::<{ number::SIE }>(ALL) };
}

fn set_tick() {
    sbi::set_timer(csr::read::<{ number::TIME }>() + TICK);
}

/// Serves all interrupts that wait.
pub fn serve(kernel: &mut Kernel<Hart>) {
    let waiting = waiting();
    if waiting & 1 << irq::SSI != 0 {
        // SAFETY: takes back the interrupt.
        unsafe { csr::clear::<{ number::SIP }>(1 << irq::SSI) };
        kernel.enter(Entry::Kick);
    }
    if waiting & 1 << irq::USI != 0 {
        kernel.enter(Entry::UserInterrupt);
    }
    if waiting & 1 << irq::STI != 0 {
        set_tick();
        kernel.enter(Entry::Tick);
    }
    if waiting & 1 << irq::SEI != 0 {
        let irq = kernel.machine.plic.claim();
        if irq != 0 {
            kernel.enter(Entry::Device(irq));
        }
    }
}
