//! UART 0, polled.

use core::ptr;
use soc::{CLINT_BASE, UART0_BASE, clint, uart0};

/// Turns the FIFOs on, or off as after reset. Either way this empties them.
pub fn enable_fifos(on: bool) {
    write(uart0::FCR, if on { uart0::FCR_ENABLE } else { 0 });
}

/// Sends a byte, when there is room for it.
pub fn send(byte: u8) {
    while read(uart0::LSR) & uart0::LSR_THRE == 0 {}
    write(uart0::THR, byte.into());
}

/// Sends a text.
pub fn print(text: &str) {
    text.bytes().for_each(send);
}

/// Whether something comes over the line within `ticks` ticks of `mtime`.
pub fn receives_within(ticks: u64) -> bool {
    let start = time();
    loop {
        if read(uart0::LSR) & uart0::LSR_DR != 0 {
            return true;
        }
        if time() - start >= ticks {
            return false;
        }
    }
}

fn time() -> u64 {
    let mtime = ptr::with_exposed_provenance::<u64>(CLINT_BASE + clint::MTIME);
    // SAFETY: a register of the CLINT.
    unsafe { mtime.read_volatile() }
}

/// What comes over the line.
pub enum Received {
    /// A byte.
    Byte(u8),
    /// The line was low for longer than a byte. A byte of a slower line looks like this, too.
    Break,
}

/// Waits for the next event.
pub fn receive() -> Received {
    loop {
        let status = read(uart0::LSR);
        if status & uart0::LSR_DR != 0 {
            let byte = read(uart0::RBR) as u8;
            let broken = status & uart0::LSR_BI != 0;
            return if broken { Received::Break } else { Received::Byte(byte) };
        }
    }
}

/// The divisor: the clock over 16 times the rate of the line.
pub fn divisor() -> u16 {
    with_latch(|| read(uart0::DLL) | read(uart0::DLM) << 8) as u16
}

/// Changes the rate of the line, after the last bit has been sent.
pub fn set_divisor(divisor: u16) {
    while read(uart0::LSR) & uart0::LSR_TEMT == 0 {}
    with_latch(|| {
        write(uart0::DLL, usize::from(divisor) & 0xff);
        write(uart0::DLM, usize::from(divisor) >> 8);
    });
}

/// Does `work` while the divisor latch is in the place of the data registers.
fn with_latch<T>(work: impl FnOnce() -> T) -> T {
    let format = read(uart0::LCR);
    write(uart0::LCR, format | uart0::LCR_DLAB);
    let result = work();
    write(uart0::LCR, format);
    result
}

fn read(offset: usize) -> usize {
    // SAFETY: a register of the UART.
    unsafe { register(offset).read_volatile() }.into()
}

fn write(offset: usize, value: usize) {
    // SAFETY: a register of the UART; none of them touches memory.
    unsafe { register(offset).write_volatile(value as u8) }
}

fn register(offset: usize) -> *mut u8 {
    ptr::with_exposed_provenance_mut(UART0_BASE + offset)
}
