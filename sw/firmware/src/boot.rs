//! From reset to Rust: which hart goes where.

use core::arch::global_asm;

/// Harts that the firmware has room for, numbered from 0. How many there are, the device tree says.
pub const MAX_HARTS: usize = 4;

/// The hart that clears `.bss` and starts the payload.
pub const BOOT_HART: usize = 0;

const STACK_BYTES: usize = 8192;

#[repr(C, align(16))]
struct Stacks([[u8; STACK_BYTES]; MAX_HARTS]);
static mut STACKS: Stacks = Stacks([[0; STACK_BYTES]; MAX_HARTS]);

/// 1 when `.bss` is clear. In `.data`, since the other harts look at it before that.
#[unsafe(link_section = ".data")]
static mut READY: u32 = 0;

// Harts that the firmware has no room for wait for ever.
global_asm!(
    ".section .text.entry, \"ax\"",
    ".globl _start",
    "_start:",
    "csrw mie, zero",
    "csrw mstatus, zero",
    "csrr a0, mhartid",
    "li t0, {harts}",
    "bgeu a0, t0, 5f",
    "li t0, {stack_bytes}",
    "addi t1, a0, 1",
    "mul t0, t0, t1",
    "la sp, {stacks}",
    "add sp, sp, t0",
    "la t2, {ready}",
    "li t0, {boot_hart}",
    "bne a0, t0, 3f",
    "la t0, _bss",
    "la t1, _bss_end",
    "1: sd zero, 0(t0)",
    "addi t0, t0, 8",
    "bltu t0, t1, 1b",
    "li t0, 1",
    "fence rw, w",
    "sw t0, 0(t2)",
    "2: tail {main}",
    "3: lw t0, 0(t2)",
    "beqz t0, 3b",
    "fence r, rw",
    "j 2b",
    "5: wfi",
    "j 5b",
    harts = const MAX_HARTS,
    stack_bytes = const STACK_BYTES,
    stacks = sym STACKS,
    ready = sym READY,
    boot_hart = const BOOT_HART,
    main = sym crate::main,
);
