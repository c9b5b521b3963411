//! UART 0, polled.

use core::ptr;
use soc::{UART0_BASE, uart0};

/// Turns the FIFOs on, or off as they are after reset. Either way they are empty then.
pub fn enable_fifos(on: bool) {
    write(uart0::FCR, if on { uart0::FCR_ENABLE } else { 0 });
}

/// Sends a byte, when there is room for it.
pub fn send(byte: u8) {
    while read(uart0::LSR) & uart0::LSR_THRE == 0 {}
    write(uart0::THR, byte.into());
}

/// The next byte, when it has come.
pub fn receive() -> u8 {
    while read(uart0::LSR) & uart0::LSR_DR == 0 {}
    read(uart0::RBR) as u8
}

/// Waits until the last bit is on the line.
pub fn wait_until_sent() {
    while read(uart0::LSR) & uart0::LSR_TEMT == 0 {}
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
