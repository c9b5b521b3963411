//! The system calls of `hello`.

use core::{arch::asm, fmt};

const WRITE: usize = 0;
const EXIT: usize = 1;

/// Standard output.
pub struct Output;

impl fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let (start, length) = (rest.as_ptr() as usize, rest.len());
            let written: usize;
            // SAFETY: the kernel reads the text, and changes `a0` only.
            unsafe {
                asm!("ecall", in("a7") WRITE, inlateout("a0") start => written, in("a1") length)
            };
            rest = rest.get(written..).ok_or(fmt::Error)?;
        }
        Ok(())
    }
}

/// Prints a line.
#[macro_export]
macro_rules! println {
    ($($arg:tt)*) => {{
        use core::fmt::Write as _;
        let _ = writeln!($crate::syscall::Output, $($arg)*);
    }};
}

/// Ends the program; 0 is success.
pub fn exit(code: usize) -> ! {
    // SAFETY: does not return.
    unsafe { asm!("ecall", in("a7") EXIT, in("a0") code, options(noreturn)) }
}
