//! Runtime of user programs: entry, system calls, printing.
//!
//! A program is a `fn(role, argument) -> !` given to [`program!`]. The kernel has prepared
//! everything, `sp` included; `.bss` is zero.

#![no_std]

pub mod attempt;
pub mod measure;
mod own_thread;

use core::{arch::asm, fmt, panic::PanicInfo};

pub use calls::{Call, QUEUES, REFUSED, SHARED};
pub use own_thread::OwnThread;

/// Makes a function the program.
#[macro_export]
macro_rules! program {
    ($main:path) => {
        #[unsafe(no_mangle)]
        #[unsafe(link_section = ".text.entry")]
        extern "C" fn _start(role: usize, argument: usize) -> ! {
            $main(role, argument)
        }
    };
}

/// Makes a system call.
#[inline(always)]
pub fn call(call: Call, arguments: [usize; 2]) -> usize {
    let result;
    // SAFETY: the kernel changes `a0` only. User interrupts taken while the call sleeps may change
    // `t6`, which the handlers of measurements use.
    unsafe {
        asm!(
            "ecall",
            in("a7") call as usize,
            inlateout("a0") arguments[0] => result,
            in("a1") arguments[1],
            out("t6") _,
        )
    };
    result
}

/// Ends everything; 0 is success.
pub fn exit(code: usize) -> ! {
    call(Call::Exit, [code, 0]);
    unreachable!("the kernel goes on after the end")
}

/// Standard output.
pub struct Output;

impl fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let written = call(Call::Write, [rest.as_ptr() as usize, rest.len()]);
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
        let _ = writeln!($crate::Output, $($arg)*);
    }};
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("user program: {info}");
    exit(1)
}
