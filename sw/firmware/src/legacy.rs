//! The legacy calls of SBI 0.1, which small programs and some kernels still use.
//!
//! They return their result in `a0` and leave `a1` alone. Masks of harts are in the caller's
//! memory, at a virtual address.

use crate::{
    counters::{self, firmware},
    extensions::Sbi,
    hart::{self, FENCE_I, IPI, SFENCE_VMA},
    machine::machine,
    supervisor_memory::{self, Fault},
};
use hal::{
    csr,
    soc::{csr as number, irq},
};
use rustsbi::{HartMask, RustSBI};
use sbi_spec::{legacy, time};

/// Whether `extension` is a legacy call.
pub fn is_legacy(extension: usize) -> bool {
    extension <= legacy::LEGACY_SHUTDOWN
}

/// Serves the legacy call `extension`, and returns `a0`. `Fault` if the caller may not read its
/// mask.
pub fn serve(sbi: &Sbi, extension: usize, argument: usize) -> Result<usize, Fault> {
    match extension {
        legacy::LEGACY_SET_TIMER => {
            sbi.handle_ecall(time::EID_TIME, time::SET_TIMER, [argument, 0, 0, 0, 0, 0]);
        }
        legacy::LEGACY_CONSOLE_PUTCHAR => {
            if let Some(mut console) = machine().console() {
                console.write(&[argument as u8]);
            }
        }
        legacy::LEGACY_CONSOLE_GETCHAR => {
            let byte = machine().console().and_then(|mut console| console.read());
            return Ok(byte.map_or(usize::MAX, usize::from));
        }
        legacy::LEGACY_CLEAR_IPI => {
            // SAFETY: an interrupt of S-mode, which asks for it.
            unsafe { csr::clear::<{ number::MIP }>(1 << irq::SSI) };
        }
        legacy::LEGACY_SEND_IPI => {
            counters::count(firmware::IPI_SENT);
            hart::request(mask(argument)?, IPI);
        }
        legacy::LEGACY_REMOTE_FENCE_I => {
            counters::count(firmware::FENCE_I_SENT);
            hart::request(mask(argument)?, FENCE_I);
        }
        legacy::LEGACY_REMOTE_SFENCE_VMA => {
            counters::count(firmware::SFENCE_VMA_SENT);
            hart::request(mask(argument)?, SFENCE_VMA);
        }
        legacy::LEGACY_REMOTE_SFENCE_VMA_ASID => {
            counters::count(firmware::SFENCE_VMA_ASID_SENT);
            hart::request(mask(argument)?, SFENCE_VMA);
        }
        _ => match machine().finisher() {
            Some(finisher) => finisher.finish(0),
            None => return Ok(usize::MAX),
        },
    }
    Ok(0)
}

/// The harts of the mask at `address`; all harts if it is 0. Bits of harts that do not exist are
/// ignored.
fn mask(address: usize) -> Result<HartMask, Fault> {
    let all = machine().harts;
    let harts = if address == 0 { all } else { supervisor_memory::load(address)? & all };
    Ok(HartMask::from_mask_base(harts, 0))
}
