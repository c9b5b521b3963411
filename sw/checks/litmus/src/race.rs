//! One hart's part of a batch: the code of a thread, run on many instances of the variables.
//!
//! For each instance the hart draws a random number. This decides whether it loads x and y into its
//! L1D. Then the hart waits for the cycle in which all harts begin this instance, adds a random
//! delay, fills the store buffer or not, and runs the thread. Between the common start and the
//! thread there is no other access to memory.

use core::arch::naked_asm;

/// Bytes from one instance of a variable to the next: two lines.
pub const STRIDE: usize = 128;

/// What a thread leaves for one instance: `a2` and `a3`.
pub type Seen = [usize; 2];

/// The arguments of [`race`].
#[repr(C)]
pub struct Race {
    /// The first x and y.
    pub x: usize,
    pub y: usize,
    /// Instances; at least one.
    pub count: usize,
    pub thread: crate::tests::Thread,
    /// Where to put the results of each.
    pub seen: *mut Seen,
    /// The cycle in which the first instance begins, and the cycles from one to the next.
    pub start: usize,
    pub period: usize,
    /// The greatest delay in cycles: 2^n - 1, at most 31.
    pub delay: usize,
    /// State of the random numbers, not 0.
    pub seed: u64,
    /// Four lines of this hart alone.
    pub scratch: usize,
    /// Memory that no cache holds, a line for each instance.
    pub fresh: usize,
}

/// Runs a thread on all instances and returns the new state of the random numbers.
///
/// # Safety
/// All addresses must belong to memory that is meant for this.
#[unsafe(naked)]
pub unsafe extern "C" fn race(race: &Race) -> u64 {
    naked_asm!(
        "addi sp, sp, -80",
        "sd ra, 0(sp)",
        "sd s0, 8(sp)",
        "sd s1, 16(sp)",
        "sd s2, 24(sp)",
        "sd s3, 32(sp)",
        "sd s4, 40(sp)",
        "sd s5, 48(sp)",
        "sd s6, 56(sp)",
        "sd s7, 64(sp)",
        "sd s8, 72(sp)",
        "ld a1, 8(a0)",
        "ld s6, 16(a0)",
        "ld s4, 24(a0)",
        "ld s5, 32(a0)",
        "ld s1, 40(a0)",
        "ld s2, 48(a0)",
        "ld s3, 56(a0)",
        "ld s0, 64(a0)",
        "ld s7, 72(a0)",
        "ld s8, 80(a0)",
        "ld a0, 0(a0)",
        "slli s3, s3, 2",
        "la a6, 5f",
        "li a4, 1",
        "li a5, 2",
        ".option push",
        ".option norvc",
        // A random number.
        "1: slli t0, s0, 13",
        "xor s0, s0, t0",
        "srli t0, s0, 7",
        "xor s0, s0, t0",
        "slli t0, s0, 17",
        "xor s0, s0, t0",
        // Copies of x and y.
        "andi t0, s0, 1",
        "beqz t0, 2f",
        "ld t0, 0(a0)",
        "2: andi t0, s0, 2",
        "beqz t0, 3f",
        "ld t0, 0(a1)",
        // The common start.
        "3: csrr t0, mcycle",
        "bltu t0, s1, 3b",
        "add s1, s1, s2",
        // The delay: the number says how many of the instructions before label 5 run.
        "srli t0, s0, 16",
        "and t0, t0, s3",
        "sub t0, a6, t0",
        "srli t1, s0, 8",
        "andi t2, t1, 7",
        "andi t1, t1, 0x78",
        "jr t0",
        ".rept 31",
        "nop",
        ".endr",
        // One time in eight: four stores. One time in sixteen: one that misses.
        "5: bnez t2, 6f",
        "sd zero, 0(s7)",
        "sd zero, 64(s7)",
        "sd zero, 128(s7)",
        "sd zero, 192(s7)",
        "6: bnez t1, 7f",
        "sd zero, 0(s8)",
        "7: addi s8, s8, 64",
        "jalr s4",
        "sd a2, 0(s5)",
        "sd a3, 8(s5)",
        "addi s5, s5, 16",
        "addi a0, a0, {stride}",
        "addi a1, a1, {stride}",
        "addi s6, s6, -1",
        "bnez s6, 1b",
        ".option pop",
        "mv a0, s0",
        "ld ra, 0(sp)",
        "ld s0, 8(sp)",
        "ld s1, 16(sp)",
        "ld s2, 24(sp)",
        "ld s3, 32(sp)",
        "ld s4, 40(sp)",
        "ld s5, 48(sp)",
        "ld s6, 56(sp)",
        "ld s7, 64(sp)",
        "ld s8, 72(sp)",
        "addi sp, sp, 80",
        "ret",
        stride = const STRIDE,
    )
}
