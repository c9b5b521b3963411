//! What ReL4's system calls take in cycles: the metrics of `rel4 bench kernel`.
//!
//! The root task measures from the instruction before its system call to the one behind it. A server in
//! an address space of its own, with the same program at the same addresses, takes the time when a
//! message has come, and before it replies.

#![no_std]
#![no_main]

mod calls;
mod probes;
mod server;
mod setup;

use abi::boot_info::BootInfo;
use core::{arch::global_asm, fmt::Write};
use metric::Samples;

const STACK_BYTES: usize = 16384;

#[repr(C, align(16))]
struct Stack([u8; STACK_BYTES]);
static mut STACK: Stack = Stack([0; STACK_BYTES]);

global_asm!(
    ".section .text.entry, \"ax\"",
    ".globl _start",
    "_start:",
    "la sp, {stack} + {size}",
    "tail {main}",
    stack = sym STACK,
    size = const STACK_BYTES,
    main = sym main,
);

/// Samples of each metric.
const SAMPLES: usize = 1000;
/// Calls before the first sample.
const WARM_UP: usize = 20;

extern "C" fn main(info: &BootInfo) -> ! {
    let server = setup::server(info);
    probes::messages(&server, "path=fast words=0", 0);
    probes::alone(&server);
    probes::messages(&server, "path=fast words=4", 4);
    probes::messages(&server, "path=slow words=10", 10);
    calls::end()
}

/// Takes samples, and reports them.
fn measure(name: &'static str, parameters: &'static str, mut sample: impl FnMut() -> usize) {
    let mut samples = Samples::<SAMPLES>::new();
    for _ in 0..WARM_UP {
        sample();
    }
    while !samples.is_full() {
        samples.push(sample() as i64);
    }
    let _ = writeln!(calls::Console, "{}", samples.report(name, parameters));
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    let _ = writeln!(calls::Console, "{info}");
    calls::end()
}
