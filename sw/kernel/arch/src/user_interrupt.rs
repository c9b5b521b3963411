//! User interrupts: the CSRs of the hart, and the registers of UINTC. None of it is touched on a
//! machine without UINTC.

use abi::boot::PHYSICAL_WINDOW;
use core::{arch::asm, ptr::with_exposed_provenance_mut as at_mut};
use hal::{
    csr,
    soc::{csr as number, irq},
};
use kernel_core::{UserState, user};
use uintc::{Location, Uintc, suirs, suist};

const USI: usize = 1 << irq::USI;

/// The receivers of the machine.
pub struct Receivers(Option<Uintc>);

impl Receivers {
    pub const NONE: Self = Self(None);

    /// Takes the UINTC at a physical address. Returns how many receivers it has.
    pub fn set_up(&mut self, physical: Option<usize>) -> usize {
        let Some(physical) = physical else { return 0 };
        // SAFETY: the window has the registers at this address always, and no user can map them.
        let uintc = unsafe { Uintc::new(at_mut(physical + PHYSICAL_WINDOW)) };
        self.0 = Some(uintc);
        uintc.identity().map_or(0, |identity| identity.receivers.into())
    }

    /// Sets which hart, by its ID, a receiver interrupts, and whether it does.
    pub fn place(&self, receiver: usize, hart: usize, active: bool) {
        if let Some(uintc) = self.0 {
            let location = Location { active, ..Location::on(hart as u16) };
            uintc.set_location(receiver as u16, location);
        }
    }

    /// Takes the pending vectors of a receiver.
    pub fn take(&self, receiver: usize) -> usize {
        self.0.map_or(0, |uintc| uintc.take_pending(receiver as u16).0 as usize)
    }
}

/// The CSRs of the hart's thread, which takes user interrupts.
pub fn read() -> UserState {
    let mut state = [0; user::WORDS];
    state[user::STATUS] = csr::read::<{ number::USTATUS }>();
    state[user::ENABLE] = csr::read::<{ number::UIE }>();
    state[user::VECTOR] = csr::read::<{ number::UTVEC }>();
    state[user::SCRATCH] = csr::read::<{ number::USCRATCH }>();
    state[user::PC] = csr::read::<{ number::UEPC }>();
    state[user::CAUSE] = csr::read::<{ number::UCAUSE }>();
    state[user::VALUE] = csr::read::<{ number::UTVAL }>();
    state[user::PENDING] = csr::read::<{ number::SIP }>() & USI;
    state
}

/// Gives U-mode CSRs, or takes them away; a receiver, or none; and a sender table, by its physical
/// address, or none.
pub fn write(state: Option<&UserState>, receiver: Option<usize>, senders: Option<usize>) {
    // SAFETY: U-mode alone uses these CSRs. The sender tables are the kernel's, and receivers that
    // they name belong to threads that agreed to be sent to.
    unsafe {
        csr::write::<{ number::SUIST }>(senders.map_or(0, |table| suist(table, 1)));
        csr::write::<{ number::SUIRS }>(receiver.map_or(0, |receiver| suirs(receiver as u16)));
        let Some(state) = state else {
            csr::write::<{ number::SIDELEG }>(0);
            csr::clear::<{ number::SIP }>(USI);
            return;
        };
        // The CSRs of causes that are not delegated cannot be written.
        csr::write::<{ number::SIDELEG }>(USI);
        csr::clear::<{ number::SIP }>(USI);
        csr::write::<{ number::USTATUS }>(state[user::STATUS]);
        csr::write::<{ number::UIE }>(state[user::ENABLE]);
        csr::write::<{ number::UTVEC }>(state[user::VECTOR]);
        csr::write::<{ number::USCRATCH }>(state[user::SCRATCH]);
        csr::write::<{ number::UEPC }>(state[user::PC]);
        csr::write::<{ number::UCAUSE }>(state[user::CAUSE]);
        csr::write::<{ number::UTVAL }>(state[user::VALUE]);
        if state[user::PENDING] != 0 {
            csr::set::<{ number::SIP }>(USI);
        }
    }
}

/// Interrupts the hart's thread in U-mode, which takes user interrupts.
pub fn raise() {
    // SAFETY: U-mode takes it.
    unsafe { csr::set::<{ number::SIP }>(USI) };
}

/// Lets user interrupts interrupt the kernel, or not.
pub fn listen(on: bool) {
    // SAFETY: traps lead to the kernel's vector.
    unsafe {
        if on {
            csr::set::<{ number::SIE }>(USI);
        } else {
            csr::clear::<{ number::SIE }>(USI);
        }
    }
}

/// All that this hart did comes before what it does to devices from now on.
pub fn fence() {
    // SAFETY: a fence.
    unsafe { asm!("fence iorw, iorw", options(nostack)) };
}
