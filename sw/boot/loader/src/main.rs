//! Boot loader in the ROM of a board. It takes a program from the serial line, or from the flash if
//! the host is silent, and starts it.
//!
//! The reset code enters it on every hart with `a0` = hart, `a1` = device tree, `a2` = record of
//! the SoC ([`info`]). Hart 0 loads the program while the others sleep; `bootlink` is the protocol.
//! Then each hart starts the program at the start of the DRAM, with `a0` and `a1` as without a
//! loader. The loader uses the last [`OWN_BYTES`] of the DRAM until then.

#![no_std]
#![no_main]

mod flash;
mod info;
mod memory;
mod start;
mod uart;

use bootlink::{Action, Target, load_image};
use core::panic::PanicInfo;
use flash::Flash;
use info::Info;
use memory::Dram;
use uart::Received;

/// Bytes for the stack. A whole frame lies on it.
const OWN_BYTES: u64 = 8192;

/// Runs on hart 0: loads a program, and returns when the program is to start.
extern "C" fn load(info: usize) {
    // SAFETY: the reset code gives the record in the boot ROM.
    let info = unsafe { Info::at(info) };
    let usual = uart::divisor();
    uart::enable_fifos(true);
    let dram = Dram::up_to(info.dram_end() - OWN_BYTES);
    let mut target = Target::new(dram, info.clock_hz(), info.bytes());
    target.announce(uart::send);
    if !loaded_from_flash(info) {
        serve(&mut target, usual);
    }
    uart::set_divisor(usual);
    uart::enable_fifos(false);
}

/// Loads from the flash, if there is an image and the host is silent for a while.
fn loaded_from_flash(info: Info) -> bool {
    let Some(base) = info.flash() else { return false };
    if uart::receives_within(info.boot_window()) {
        return false;
    }
    // SAFETY: the record says that the reader is there.
    let mut flash = unsafe { Flash::from(base, info.flash_image()) };
    let mut dram = Dram::up_to(info.dram_end() - OWN_BYTES);
    let loaded = load_image(|| flash.dword(), &mut dram);
    if let Err(fault) = loaded {
        uart::print("\r\nflash: ");
        uart::print(fault.text());
        uart::print("\r\n\0"); // with the end of a frame, which this is not
    }
    loaded.is_ok()
}

/// Serves the host until the program is to start. `usual` is the divisor of the line's clock after
/// reset.
fn serve(target: &mut Target<Dram>, usual: u16) {
    loop {
        let action = match uart::receive() {
            Received::Byte(byte) => target.receive(byte, uart::send),
            Received::Break => {
                uart::set_divisor(usual);
                target.line_break();
                continue;
            }
        };
        match action {
            Action::Continue => {}
            Action::Speed(divisor) => uart::set_divisor(divisor),
            Action::Run => break,
        }
    }
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    loop {}
}
