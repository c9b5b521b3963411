//! Measured blocks, in assembly: a few instructions between two reads of `cycle`.

use core::arch::global_asm;

macro_rules! blocks {
    ($($(#[$doc:meta])* $name:ident: $($body:literal),*;)*) => {
        // SAFETY: they change caller-saved registers, and registers of devices at `address`, which
        // are this program's to measure with.
        unsafe extern "C" {
            $($(#[$doc])* pub safe fn $name(address: usize, operand: u64) -> i64;)*
        }

        $(global_asm!(
            ".text",
            ".option push",
            ".option norvc",
            ".balign 512",
            concat!(".globl ", stringify!($name)),
            concat!(stringify!($name), ":"),
            "fence iorw, iorw",
            ".rept 12",
            "nop",
            ".endr",
            "csrr t0, cycle",
            $($body,)*
            "csrr t1, cycle",
            "sub a0, t1, t0",
            "ret",
            ".option pop",
        );)*
    };
}

blocks! {
    /// Nothing.
    probe_nothing: "";
    /// A store of `operand`.
    probe_store: "sd a1, 0(a0)";
    /// An instruction that needs a register.
    probe_use: "add t3, a0, a0";
    /// A load, and an instruction that needs its result.
    probe_load: "ld t3, 0(a0)", "add t3, t3, t3";
    /// Eight of each.
    probe_stores: ".rept 8", "sd a1, 0(a0)", ".endr";
    probe_loads: ".rept 8", "ld t3, 0(a0)", ".endr", "add t3, t3, t3";
}

/// Distance of two reads of `cycle` with nothing between them.
pub fn read_to_read() -> i64 {
    for _ in 0..4 {
        probe_nothing(0, 0);
    }
    probe_nothing(0, 0)
}

// SAFETY: they change caller-saved registers, and what their arguments are the addresses of.
unsafe extern "C" {
    /// Stores `value`; returns the cycle of the instruction before the store.
    pub safe fn probe_store_at(address: usize, value: u64) -> i64;
    /// The same with a store of one byte.
    pub safe fn probe_store_byte_at(address: usize, value: u64) -> i64;
    /// Spins until the word at `word` is not `value`.
    pub fn probe_spin(word: *const u64, value: u64);
}

global_asm!(
    ".text",
    ".option push",
    ".option norvc",
    ".balign 64",
    ".globl probe_store_at",
    "probe_store_at:",
    "fence iorw, iorw",
    ".rept 12",
    "nop",
    ".endr",
    "csrr t0, cycle",
    "sd a1, 0(a0)",
    "mv a0, t0",
    "ret",
    ".balign 64",
    ".globl probe_store_byte_at",
    "probe_store_byte_at:",
    "fence iorw, iorw",
    ".rept 12",
    "nop",
    ".endr",
    "csrr t0, cycle",
    "sb a1, 0(a0)",
    "mv a0, t0",
    "ret",
    ".balign 64",
    ".globl probe_spin",
    "probe_spin:",
    "1: ld t0, 0(a0)",
    "beq t0, a1, 1b",
    "ret",
    ".option pop",
);
