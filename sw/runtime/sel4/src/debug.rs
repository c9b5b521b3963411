//! Calls of a kernel that was built for debugging.

use crate::syscall::{Call, IpcBuffer, system_call};
use abi::{Syscall, message::MAX_LENGTH};
use core::fmt;

/// The kernel's console.
pub struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            system_call(Syscall::DebugPutChar, Call { cap: usize::from(byte), ..Call::default() });
        }
        Ok(())
    }
}

/// Prints a line on the kernel's console.
#[macro_export]
macro_rules! println {
    ($($arg:tt)*) => {{
        use core::fmt::Write as _;
        let _ = writeln!($crate::debug::Console, $($arg)*);
    }};
}

/// Ends the machine with success.
pub fn halt() -> ! {
    loop {
        system_call(Syscall::DebugHalt, Call::default());
    }
}

/// The kernel's number for the kind of capability at an address; 0 for none.
pub fn identify(cap: usize) -> usize {
    system_call(Syscall::DebugCapIdentify, Call { cap, ..Call::default() }).cap
}

/// Names a thread in the kernel's messages. The name is cut off if it is too long.
pub fn name_thread(tcb: crate::Tcb, name: &str) {
    const MOST: usize = 8 * MAX_LENGTH - 1;
    let buffer = IpcBuffer::own();
    let name = name.as_bytes().get(..MOST).unwrap_or(name.as_bytes());
    for (index, chunk) in name.chunks(8).enumerate() {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        buffer.set_word(index, usize::from_le_bytes(bytes));
    }
    if name.len() % 8 == 0 {
        buffer.set_word(name.len() / 8, 0);
    }
    system_call(Syscall::DebugNameThread, Call { cap: tcb.0, ..Call::default() });
}
