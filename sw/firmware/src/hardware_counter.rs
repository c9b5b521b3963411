//! The counters of the hart, by number: 0 is `cycle`, 2 is `instret`, event counters from 3 on.

use hal::{csr, soc::csr as number};

pub const CYCLE: usize = 0;
const TIME: usize = 1;
pub const INSTRET: usize = 2;
const FIRST_EVENT: usize = 3;
const BITS: usize = 64;
const EVENT_BITS: usize = 40;

/// Calls `$function` with the CSR `$base + $n`, which must be a constant in the instruction.
macro_rules! with_number {
    ($n:expr, $base:expr, |$csr:ident| $body:expr) => {
        with_number!(@ $n, $base, $csr, $body,
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31)
    };
    (@ $n:expr, $base:expr, $csr:ident, $body:expr, $($number:literal)*) => {
        match $n {
            $($number => { const $csr: u16 = $base + $number; $body })*
            _ => {}
        }
    };
}

/// The number behind the last counter.
pub fn end() -> usize {
    // A counter that is not there has no bit in `mcounteren`, in which `setup` has set all.
    (usize::BITS - csr::read::<{ number::MCOUNTEREN }>().leading_zeros()) as usize
}

/// Whether there is a counter with this number.
pub fn exists(n: usize) -> bool {
    n != TIME && n < end()
}

/// The number of its CSR in S-mode, and its width less 1, as the SBI has them.
pub fn info(n: usize) -> usize {
    let bits = if n < FIRST_EVENT { BITS } else { EVENT_BITS };
    (number::CYCLE as usize + n) | (bits - 1) << 12
}

/// Whether the counter runs.
pub fn runs(n: usize) -> bool {
    csr::read::<{ number::MCOUNTINHIBIT }>() >> n & 1 == 0
}

/// Starts or stops the counter.
pub fn set_running(n: usize, on: bool) {
    // SAFETY: a counter of S-mode.
    unsafe {
        if on {
            csr::clear::<{ number::MCOUNTINHIBIT }>(1 << n);
        } else {
            csr::set::<{ number::MCOUNTINHIBIT }>(1 << n);
        }
    }
}

/// Sets the value.
pub fn set_value(n: usize, value: u64) {
    // SAFETY: a counter of S-mode.
    with_number!(n, number::MCYCLE, |CSR| unsafe { csr::write::<CSR>(value as usize) });
}

/// Chooses what an event counter counts. The others have no choice.
pub fn select(n: usize, selector: usize) {
    if n >= FIRST_EVENT {
        let event = n - FIRST_EVENT;
        // SAFETY: a counter of S-mode.
        with_number!(event, number::MHPMEVENT3, |CSR| unsafe { csr::write::<CSR>(selector) });
    }
}
