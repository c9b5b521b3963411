//! User-level interrupts (N): what code in U-mode does with its own trap CSRs.
//!
//! The kernel must have delegated the interrupt in `sideleg`.

use crate::csr::{self, status};
use soc::{csr as number, irq};

/// `uret`, as an assembler line: the assembler does not know it.
#[macro_export]
macro_rules! uret {
    () => {
        ".word 0x00200073"
    };
}

/// Installs `handler`, which must save what it changes and end in `uret`, and enables interrupts.
///
/// # Safety
/// `handler` must be the 4-byte aligned entry of such a routine for as long as interrupts are
/// enabled.
pub unsafe fn enable(handler: usize) {
    // SAFETY: the caller vouches for the handler; the rest only enables what it handles.
    unsafe {
        csr::write::<{ number::UTVEC }>(handler);
        csr::set::<{ number::UIE }>(1 << irq::USI);
        csr::set::<{ number::USTATUS }>(status::UIE);
    }
}

/// Raises the user software interrupt of this hart; it is taken before the next instruction.
pub fn raise() {
    // SAFETY: the handler given to `enable` is prepared for it; without one nothing is enabled.
    unsafe { csr::set::<{ number::UIP }>(1 << irq::USI) };
}

/// Withdraws the user software interrupt of this hart.
pub fn withdraw() {
    // SAFETY: code must work without an interrupt.
    unsafe { csr::clear::<{ number::UIP }>(1 << irq::USI) };
}
