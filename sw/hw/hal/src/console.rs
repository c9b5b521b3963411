//! A UART as a console, polled.
//!
//! The divisor stays as after reset. The SoC's configuration chooses it: in simulation the line is
//! as fast as possible.

use core::{fmt, num::NonZeroUsize};
use soc::UART0_BASE;
use uart_16550::{Uart16550, backend::MmioBackend};

/// The UART, for one writer at a time.
pub struct Console(Uart16550<MmioBackend>);

impl Console {
    /// UART 0. Needs access to the UART's registers at their physical addresses.
    pub fn new() -> Self {
        let base = const { NonZeroUsize::new(UART0_BASE).unwrap() };
        // SAFETY: the UART's registers are always there, one byte apart. Nobody relies on more than
        // single register accesses.
        let uart = unsafe { Uart16550::new_mmio_from_address(base, 1) };
        match uart {
            Ok(uart) => Self(uart),
            Err(_) => unreachable!("a constant base address and a stride of 1 are valid"),
        }
    }

    /// The console on another UART, with `stride` bytes from a register to the next; `None` if a
    /// UART cannot be there.
    ///
    /// # Safety
    /// The registers of a 16550A must be there, and nobody may rely on more than single register
    /// accesses.
    pub unsafe fn at(base: usize, stride: u8) -> Option<Self> {
        let base = NonZeroUsize::new(base)?;
        // SAFETY: by the caller.
        unsafe { Uart16550::new_mmio_from_address(base, stride) }.ok().map(Self)
    }

    /// Writes all bytes and waits as long as that takes. It writes one byte at a time, because the
    /// driver's bursts need the UART's FIFOs and these are off.
    pub fn write(&mut self, bytes: &[u8]) {
        bytes.chunks(1).for_each(|byte| self.0.send_bytes_exact(byte));
    }

    /// A received byte, if there is one.
    pub fn read(&mut self) -> Option<u8> {
        self.0.try_receive_byte().ok()
    }
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write(text.as_bytes());
        Ok(())
    }
}

/// Prints to the UART, without a new line.
#[macro_export]
macro_rules! print {
    ($($arg:tt)*) => {{
        use core::fmt::Write as _;
        let _ = write!($crate::console::Console::new(), $($arg)*);
    }};
}

/// Prints a line to the UART.
#[macro_export]
macro_rules! println {
    ($($arg:tt)*) => {{
        use core::fmt::Write as _;
        let _ = writeln!($crate::console::Console::new(), $($arg)*);
    }};
}
