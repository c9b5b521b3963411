//! Boot loader in the ROM of a board: takes a program over the serial line and starts it.
//!
//! The reset code enters it on every hart with `a0` = hart, `a1` = device tree, `a2` = end of the
//! DRAM, `a3` = number of harts. Hart 0 loads (`bootlink` is the protocol) while the others sleep;
//! then each starts the program at the start of the DRAM, with `a0` and `a1` as without a loader.
//! The last [`OWN_BYTES`] of the DRAM are the loader's until then.

#![no_std]
#![no_main]

mod memory;
mod start;
mod uart;

use bootlink::{Action, Target};
use core::panic::PanicInfo;
use memory::Dram;

/// For the stack, which holds a whole frame.
const OWN_BYTES: usize = 8192;

/// On hart 0: loads a program, and returns when it is to be started.
extern "C" fn load(dram_end: usize) {
    uart::enable_fifos(true);
    let mut target = Target::new(Dram::up_to(dram_end - OWN_BYTES));
    target.announce(uart::send);
    while target.receive(uart::receive(), uart::send) == Action::Continue {}
    uart::wait_until_sent();
    uart::enable_fifos(false);
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    loop {}
}
