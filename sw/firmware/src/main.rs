//! M-mode firmware: the RISC-V supervisor binary interface (SBI) 2.0.
//!
//! It learns from the device tree that it is given which harts, memory and devices there are.
//! Hart 0 starts the payload, which the composer of the image placed at `PAYLOAD_BASE`, in S-mode with
//! `a0` = hart ID and `a1` = device tree. The other harts wait in the HSM state "stopped". Everything
//! that S-mode can handle is delegated to it, the user-level interrupts of the N extension included.
//! The firmware's part of DRAM, up to the payload, is closed to S- and U-mode by PMP entry 0.

#![no_std]
#![no_main]

mod boot;
mod counters;
mod extensions;
mod hardware_counter;
mod hart;
mod legacy;
mod machine;
mod setup;
mod short_ways;
mod supervisor_memory;
mod trap;

use core::panic::PanicInfo;
use hal::{csr, soc::csr as number};
use machine::machine;

/// Where each hart arrives, with a stack of its own and `.bss` cleared.
extern "C" fn main(hart: usize, device_tree: usize) -> ! {
    if hart == boot::BOOT_HART
        && let Err(problem) = machine::describe(device_tree)
    {
        panic!("device tree at {device_tree:#x}: {problem:?}");
    }
    setup::delegate();
    setup::protect();
    setup::enable_features();
    short_ways::set_up();
    if hart == boot::BOOT_HART {
        let Some(payload) = image::follower() else {
            say!("rel4 firmware: the image has no payload");
            end();
        };
        say!("rel4 firmware: SBI 2.0, hart {hart} of {}", machine().hart_count());
        hart::Hart::current().start(payload.start, device_tree);
    }
    trap::serve(hart)
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    say!("firmware, hart {}: {info}", csr::read::<{ number::MHARTID }>());
    end()
}

/// Ends the machine with a failure, if it can.
fn end() -> ! {
    if let Some(finisher) = machine::known().and_then(|machine| machine.finisher()) {
        finisher.finish(1);
    }
    loop {
        riscv::asm::wfi();
    }
}
