//! User external interrupts: a device interrupts a driver in U-mode.

use crate::check::{Check, Test, ours};
use bare::{
    encode::{JUMP_TO_SELF, NOP},
    guest::{Mode, code_page, run},
    machine::{read, set, write},
};
use core::ptr;
use hal::{
    csr::{INTERRUPT, status},
    soc::{PLIC_BASE, UART0_BASE, UART0_INTERRUPT, csr as number, irq, plic, uart0},
};

pub const TESTS: &[Test] = &[
    ours("plic.user_context", "N-10.1, N-10.2", user_context),
    ours("plic.user_delegated", "N-10.2", delegated),
];

const UEI: usize = 1 << irq::UEI;

fn word(offset: usize) -> *mut u32 {
    ptr::with_exposed_provenance_mut(PLIC_BASE + offset)
}

fn poke(offset: usize, value: u32) {
    // SAFETY: a register of the PLIC.
    unsafe { word(offset).write_volatile(value) };
}

fn claim() -> u32 {
    // SAFETY: as above.
    unsafe { word(plic::CLAIM + plic::CONTEXT_HART0_U * plic::CLAIM_STRIDE).read_volatile() }
}

/// Turns the UART's interrupt for an empty transmit queue on or off, for the user context of this
/// hart.
fn transmitter_interrupts(on: bool) {
    let enable = plic::ENABLE0 + plic::CONTEXT_HART0_U * plic::ENABLE0_STRIDE;
    poke(plic::PRIORITY + UART0_INTERRUPT * plic::PRIORITY_STRIDE, on.into());
    poke(plic::THRESHOLD + plic::CONTEXT_HART0_U * plic::THRESHOLD_STRIDE, 0);
    poke(enable, u32::from(on) << UART0_INTERRUPT);
    let ier = ptr::with_exposed_provenance_mut::<u8>(UART0_BASE + uart0::IER);
    // SAFETY: a register of the UART. Nothing else uses its interrupts.
    unsafe { ier.write_volatile(if on { uart0::IER_TX as u8 } else { 0 }) };
}

/// Whether UEIP is as expected after some time.
fn becomes(pending: bool) -> bool {
    (0..1000).any(|_| (read::<{ number::MIP }>() & UEI != 0) == pending)
}

fn user_context(check: &mut Check) {
    transmitter_interrupts(true);
    check.is("UEIP", becomes(true));
    let source = claim();
    check.eq("claimed", source as usize, UART0_INTERRUPT);
    check.is("no UEIP after the claim", becomes(false));
    transmitter_interrupts(false);
    poke(plic::ENABLE0 + plic::CONTEXT_HART0_U * plic::ENABLE0_STRIDE, 1 << UART0_INTERRUPT);
    poke(plic::CLAIM + plic::CONTEXT_HART0_U * plic::CLAIM_STRIDE, source);
    transmitter_interrupts(false);
}

fn delegated(check: &mut Check) {
    write::<{ number::MIDELEG }>(UEI);
    write::<{ number::SIDELEG }>(UEI);
    write::<{ number::MIE }>(UEI);
    write::<{ number::USTATUS }>(status::UIE);
    transmitter_interrupts(true);
    let trap = run(Mode::User, &[NOP, JUMP_TO_SELF], &[]);
    check.trapped("to U", &trap, Mode::User, INTERRUPT | irq::UEI);
    check.is("of the guest", trap.epc.wrapping_sub(code_page()) <= 4);
    write::<{ number::SIDELEG }>(0);
    set::<{ number::MSTATUS }>(0);
    let trap = run(Mode::User, &[NOP, JUMP_TO_SELF], &[]);
    check.trapped("not delegated to U", &trap, Mode::Supervisor, INTERRUPT | irq::UEI);
    let source = claim();
    poke(plic::CLAIM + plic::CONTEXT_HART0_U * plic::CLAIM_STRIDE, source);
    transmitter_interrupts(false);
    check.is("no UEIP without its source", becomes(false));
}
