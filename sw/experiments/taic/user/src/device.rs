//! What this process sees of the TAIC, and the UART.

use core::ptr;
use hal::soc::{UART0_INTERRUPT, taic_control, uart0};
use taic::{Arming, LocalQueue, TaskId};
use taic_shared::{CONTROL, OWN, SECOND, UART};

/// The lines of the UART, and of no device.
pub const UART_LINE: u16 = UART0_INTERRUPT as u16;
pub const FREE_LINE: u16 = 20;

/// The first queue of this process, that whose worker it is.
pub fn own() -> LocalQueue {
    // SAFETY: mapped there for ever.
    unsafe { LocalQueue::new(OWN) }
}

/// The second queue of the same context.
pub fn second() -> LocalQueue {
    // SAFETY: mapped there for ever.
    unsafe { LocalQueue::new(SECOND) }
}

/// A task that this process only counts.
pub fn task() -> TaskId {
    TaskId::new(0x4_0000).expect("aligned, not 0")
}

/// Lets `number`, a channel or line, wake `task`.
pub fn arming(number: u16, task: TaskId) -> Arming {
    Arming::new(number, task).expect("both fit")
}

/// Lets `number`, a channel or line, wake nothing.
pub fn disarming(number: u16) -> Arming {
    Arming::none(number).expect("there are so many")
}

/// The register by which the line of no device is raised. Seen by the measuring process alone.
pub const SIMULATE: usize =
    CONTROL + taic_control::SIMULATE + FREE_LINE as usize * taic_control::SIMULATE_STRIDE;

/// The register that lets the UART raise its line while it has nothing to send. Likewise.
pub const UART_ENABLE: usize = UART + uart0::IER;
pub const UART_TRANSMITTER: u64 = uart0::IER_TX as u64;

/// Waits until the UART has nothing to send, and lets it lower its line.
pub fn quiet_uart() {
    let register = |offset| ptr::with_exposed_provenance_mut::<u8>(UART + offset);
    // SAFETY: registers of the UART, which the firmware uses without interrupts.
    unsafe {
        register(uart0::IER).write_volatile(0);
        while register(uart0::LSR).read_volatile() & uart0::LSR_TEMT as u8 == 0 {}
    }
}
