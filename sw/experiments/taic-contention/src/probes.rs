//! Measured code, in assembly: straight-line but for one branch in 64 operations.

use bare::hal::soc::taic_queue as register;
use core::arch::global_asm;

/// The cycle of the first instruction, and that in which all has been done.
#[repr(C)]
pub struct Span {
    pub begin: usize,
    pub end: usize,
}

/// From `cycle` on, `rounds` times what its name says, on the page at `page`, with `task`.
pub type Probe = extern "C" fn(page: usize, task: u64, rounds: u64, cycle: usize) -> Span;

// SAFETY: they change caller-saved registers, and registers of a page that is this program's.
unsafe extern "C" {
    /// 32 enqueues and 32 dequeues: 8 of the ones, then 8 of the others.
    pub safe fn probe_bursts(page: usize, task: u64, rounds: u64, cycle: usize) -> Span;
    /// 32 of each in turn.
    pub safe fn probe_turns(page: usize, task: u64, rounds: u64, cycle: usize) -> Span;
    /// 16 enqueues. The end is that of a read of what was refused, which comes behind them.
    pub safe fn probe_enqueues(page: usize, task: u64, rounds: u64, cycle: usize) -> Span;
    /// 16 dequeues.
    pub safe fn probe_dequeues(page: usize, task: u64, rounds: u64, cycle: usize) -> Span;
}

macro_rules! rounds {
    ($name:literal, [$($body:literal),*], [$($end:literal)?]) => {
        global_asm!(
            ".set ENQUEUE, {enqueue}",
            ".set DEQUEUE, {dequeue}",
            ".set ERROR, {error}",
            ".text",
            ".option push",
            ".option norvc",
            ".balign 64",
            concat!(".globl ", $name),
            concat!($name, ":"),
            "1: csrr t0, cycle",
            "blt t0, a3, 1b",
            "csrr a4, cycle",
            "2:",
            $($body,)*
            "addi a2, a2, -1",
            "bnez a2, 2b",
            $($end,)?
            "mv t1, t1",
            "csrr a1, cycle",
            "mv a0, a4",
            "ret",
            ".option pop",
            enqueue = const register::ENQUEUE,
            dequeue = const register::DEQUEUE,
            error = const register::ERROR,
        );
    };
}

rounds!(
    "probe_bursts",
    [
        ".rept 4",
        ".rept 8",
        "sd a1, ENQUEUE(a0)",
        ".endr",
        ".rept 8",
        "ld t1, DEQUEUE(a0)",
        ".endr",
        ".endr"
    ],
    []
);
rounds!("probe_turns", [".rept 32", "sd a1, ENQUEUE(a0)", "ld t1, DEQUEUE(a0)", ".endr"], []);
rounds!("probe_enqueues", [".rept 16", "sd a1, ENQUEUE(a0)", ".endr"], ["ld t1, ERROR(a0)"]);
rounds!("probe_dequeues", [".rept 16", "ld t1, DEQUEUE(a0)", ".endr"], []);
