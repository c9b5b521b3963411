//! From reset to the loader, and from there to the program.

use core::arch::global_asm;
use soc::{CLINT_BASE, DRAM_BASE, boot_info, clint, irq};

// The other harts wait for their software interrupt and clear it. Hart 0 goes on when all of them
// have done so. The program can then use the interrupt from its first instruction on.
global_asm!(
    ".section .text.entry, \"ax\"",
    ".globl _start",
    "_start:",
    "csrw mstatus, zero",
    "csrw mie, zero",
    "li s2, {msip}",
    "bnez a0, 3f",
    "mv s0, a1",
    "lbu s1, {harts}(a2)",
    "ld sp, {dram_end}(a2)",
    "mv a0, a2",
    "call {load}",
    "fence rw, rw",
    "li t0, 1",
    "slli s1, s1, 2",
    "add s1, s1, s2", // behind the last hart's register
    "addi t1, s2, 4",
    "1: bgeu t1, s1, 4f",
    "sw t0, 0(t1)",
    "2: lw t2, 0(t1)",
    "bnez t2, 2b",
    "addi t1, t1, 4",
    "j 1b",
    "3: mv s0, a1",
    "slli t0, a0, 2",
    "add s2, s2, t0",
    "csrwi mie, {software_interrupt}",
    "5: wfi",
    "csrr t1, mip",
    "andi t1, t1, {software_interrupt}",
    "beqz t1, 5b",
    "csrw mie, zero",
    "sw zero, 0(s2)",
    "4: fence.i",
    "csrr a0, mhartid",
    "mv a1, s0",
    "li t0, {dram}",
    "jr t0",
    msip = const CLINT_BASE + clint::MSIP,
    load = sym crate::load,
    software_interrupt = const 1 << irq::MSI,
    dram = const DRAM_BASE,
    harts = const boot_info::HARTS,
    dram_end = const boot_info::DRAM_END,
);
