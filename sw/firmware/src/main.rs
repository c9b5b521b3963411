//! M-mode firmware: the RISC-V supervisor binary interface (SBI) 2.0.
//!
//! Hart 0 starts the payload, which the composer of the image placed at `PAYLOAD_BASE`, in S-mode with
//! `a0` = hart ID and `a1` = device tree. The other harts wait in the HSM state "stopped". Everything
//! that S-mode can handle is delegated to it, the user-level interrupts of the N extension included.
//! The firmware's part of DRAM, up to the payload, is closed to S- and U-mode by PMP entry 0.

#![no_std]
#![no_main]

mod boot;
mod extensions;
mod hart;
mod legacy;
mod setup;
mod trap;

use core::panic::PanicInfo;
use hal::{csr, finisher, println, soc::HARTS, soc::csr as number};

/// Where each hart arrives, with a stack of its own and `.bss` cleared.
extern "C" fn main(hart: usize, device_tree: usize) -> ! {
    setup::delegate();
    setup::protect();
    setup::enable_features();
    if hart == boot::BOOT_HART {
        let Some(payload) = image::follower() else {
            println!("rel4 firmware: the image has no payload");
            finisher::finish(1);
        };
        println!("rel4 firmware: SBI 2.0, hart {hart} of {HARTS}");
        hart::Hart::current().start(payload.start, device_tree);
    }
    trap::serve(hart)
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("firmware, hart {}: {info}", csr::read::<{ number::MHARTID }>());
    finisher::finish(1)
}
