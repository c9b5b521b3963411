//! Measured loops, in assembly.

use core::arch::global_asm;

// SAFETY: they change caller-saved registers, and registers of a page that is this program's.
unsafe extern "C" {
    /// From `cycle` on, `rounds` times 8 stores of `task` to the page at `page` and 8 loads at 8
    /// beyond; returns the cycle behind. First the stores, then the loads.
    pub safe fn probe_bursts(page: usize, task: u64, rounds: u64, cycle: i64) -> i64;
    /// The same, stores and loads in turn.
    pub safe fn probe_turns(page: usize, task: u64, rounds: u64, cycle: i64) -> i64;
}

macro_rules! rounds {
    ($name:literal, $($body:literal),*) => {
        global_asm!(
            ".text",
            ".option push",
            ".option norvc",
            ".balign 64",
            concat!(".globl ", $name),
            concat!($name, ":"),
            "1: csrr t0, cycle",
            "blt t0, a3, 1b",
            ".balign 64",
            "2:",
            $($body,)*
            "addi a2, a2, -1",
            "bnez a2, 2b",
            "mv t1, t1",
            "csrr a0, cycle",
            "ret",
            ".option pop",
        );
    };
}

rounds!("probe_bursts", ".rept 8", "sd a1, 0(a0)", ".endr", ".rept 8", "ld t1, 8(a0)", ".endr");
rounds!("probe_turns", ".rept 8", "sd a1, 0(a0)", "ld t1, 8(a0)", ".endr");
