//! The legacy calls (one byte of console, timer, shutdown) that small programs still use.
//!
//! They return their result in `a0` and leave `a1` alone.

use crate::extensions::Sbi;
use hal::{console::Console, finisher};
use rustsbi::RustSBI;
use sbi_spec::{legacy, time};

/// Serves call `extension`; `None` if it is no legacy call.
pub fn serve(sbi: &Sbi, extension: usize, argument: usize) -> Option<usize> {
    match extension {
        legacy::LEGACY_SET_TIMER => {
            sbi.handle_ecall(time::EID_TIME, time::SET_TIMER, [argument, 0, 0, 0, 0, 0]);
            Some(0)
        }
        legacy::LEGACY_CONSOLE_PUTCHAR => {
            Console::new().write(&[argument as u8]);
            Some(0)
        }
        legacy::LEGACY_CONSOLE_GETCHAR => {
            Some(Console::new().read().map_or(usize::MAX, usize::from))
        }
        legacy::LEGACY_SHUTDOWN => finisher::finish(0),
        _ => None,
    }
}
