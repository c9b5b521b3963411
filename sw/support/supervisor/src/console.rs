//! Printing through the firmware's debug console, or the legacy call of firmware without one.

use core::{arch::asm, fmt};
use sbi_rt::Physical;

const LEGACY_CONSOLE_PUTCHAR: usize = 1;

/// Writes all bytes. The firmware takes a physical address: in the kernel's memory it is the
/// virtual one.
pub fn write(mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let physical = Physical::new(bytes.len(), bytes.as_ptr() as usize, 0);
        let result = sbi_rt::console_write(physical);
        if result.is_err() {
            return bytes.iter().for_each(|byte| put(*byte));
        }
        bytes = &bytes[result.value..];
    }
}

fn put(byte: u8) {
    // SAFETY: the call prints a byte, and changes `a0` at most.
    unsafe {
        asm!("ecall", inout("a0") usize::from(byte) => _, in("a7") LEGACY_CONSOLE_PUTCHAR,
            options(nostack));
    }
}

/// The console for formatted text.
pub struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write(text.as_bytes());
        Ok(())
    }
}

/// Prints a line.
#[macro_export]
macro_rules! println {
    ($($arg:tt)*) => {{
        use core::fmt::Write as _;
        let _ = writeln!($crate::console::Console, $($arg)*);
    }};
}
