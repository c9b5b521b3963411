//! PLIC, CLINT, UART and finisher, as their data sheets say.

use emulator::bus::BusError;
use emulator::clint::Clint;
use emulator::finisher::{End, Finisher};
use emulator::plic::Plic;
use emulator::soc::{clint, plic, uart0};
use emulator::uart::Uart;

const SOURCE: u64 = 10;

/// A PLIC of two harts with one enabled source for the user context of hart 1 (N-10.1).
fn prepared() -> (Plic, u64) {
    let mut device = Plic::new(2, 32);
    let context = 5;
    device.write(plic::PRIORITY as u64 + 4 * SOURCE, 4, 3);
    let enable = plic::ENABLE0 as u64 + plic::ENABLE0_STRIDE as u64 * context;
    device.write(enable, 4, 1 << SOURCE);
    (device, plic::CLAIM as u64 + plic::CLAIM_STRIDE as u64 * context)
}

#[test]
fn a_claim_lowers_and_a_completion_raises() {
    let (mut device, claim) = prepared();
    assert_eq!(device.irq(1), (false, false, false));
    device.set_lines(1 << SOURCE);
    assert_eq!(device.irq(1), (false, false, true));
    assert_eq!(device.irq(0), (false, false, false));
    assert_eq!(device.read(claim, 4), Ok(SOURCE));
    assert_eq!(device.irq(1), (false, false, false));
    assert_eq!(device.read(claim, 4), Ok(0));
    device.write(claim, 4, SOURCE);
    assert_eq!(device.irq(1), (false, false, true));
}

#[test]
fn the_threshold_hides_but_a_claim_finds() {
    let (mut device, claim) = prepared();
    device.set_lines(1 << SOURCE);
    device.write(claim - 4, 4, 3);
    assert_eq!(device.irq(1), (false, false, false));
    assert_eq!(device.read(claim, 4), Ok(SOURCE));
}

#[test]
fn words_of_the_plic_have_four_bytes() {
    let (mut device, claim) = prepared();
    assert_eq!(device.read(claim, 8), Err(BusError));
    assert_eq!(device.read(0x3F0_0000, 8), Ok(0));
}

#[test]
fn the_time_is_written_in_halves() {
    let mut device = Clint::new(1);
    device.set_ticks(5);
    device.write(clint::MTIME as u64 + 4, 4, 1);
    assert_eq!(device.time(), 1 << 32 | 5);
    device.set_ticks(7);
    assert_eq!(device.read(clint::MTIME as u64, 8), Ok(1 << 32 | 7));
    assert_eq!(device.read(clint::MTIME as u64, 2), Err(BusError));
    assert!(!device.mtip(0));
    device.write(clint::MTIMECMP as u64, 8, 1 << 32 | 7);
    assert!(device.mtip(0));
}

#[test]
fn the_finisher_keeps_the_first_end() {
    let mut device = Finisher::default();
    device.write(0, 4, 0x1234);
    assert_eq!(device.end(), None);
    device.write(0, 4, 7 << 16 | 0x3333);
    device.write(0, 4, 0x5555);
    assert_eq!(device.end(), Some(End::Fail(7)));
}

#[test]
fn the_uart_sends_and_reports_an_empty_transmitter() {
    let mut device = Uart::new(54);
    device.write(uart0::IER as u64, 1, uart0::IER_TX as u64);
    assert!(device.irq());
    assert_eq!(device.read(uart0::IIR as u64, 1), Ok(2));
    assert!(!device.irq(), "reading IIR clears it");
    device.write(uart0::THR as u64, 1, b'x'.into());
    assert_eq!(device.take_sent(), b"x");
    assert!(device.irq());
}

#[test]
fn the_uart_receives_up_to_its_limit() {
    let mut device = Uart::new(1);
    device.receive(b'a');
    assert!(!device.has_space());
    device.write(uart0::FCR as u64, 1, 1 | 2 << 6);
    assert_eq!(device.read(uart0::LSR as u64, 1), Ok(0x60), "enabling the FIFOs empties them");
    device.write(uart0::IER as u64, 1, uart0::IER_RX as u64);
    device.set_now(100);
    (0..7).for_each(|byte| device.receive(byte));
    assert!(!device.irq());
    // Four characters of ten bits.
    assert_eq!(device.next_event(), Some(100 + 4 * 10 * 16));
    device.set_now(100 + 4 * 10 * 16);
    assert_eq!(device.read(uart0::IIR as u64, 1), Ok(0xCC), "time-out");
    device.receive(7);
    assert_eq!(device.read(uart0::IIR as u64, 1), Ok(0xC4), "trigger level");
    assert_eq!(device.read(uart0::RBR as u64, 1), Ok(0));
}

#[test]
fn loopback_feeds_the_receiver() {
    let mut device = Uart::new(54);
    device.write(uart0::MCR as u64, 1, uart0::MCR_LOOP as u64 | 1);
    device.write(uart0::THR as u64, 1, 0x5A);
    assert!(!device.has_sent());
    assert_eq!(device.read(uart0::RBR as u64, 1), Ok(0x5A));
    // DTR appears at DSR; CTS and DCD fell.
    assert_eq!(device.read(uart0::MSR as u64, 1), Ok(0x29));
}
