//! Calls that leave all registers as they are.
//!
//! A function that calls another saves the registers that this one may change, and the compiler
//! puts that at the function's beginning: it is paid for even where the call is not made. In the
//! poll of a coroutine that is up to twenty instructions. [`call`] is for calls that are made so
//! rarely that they shall cost nothing until they are.
//!
//! All of this crate is `unsafe` inside: it is a few instructions of assembly.

#![no_std]

/// Calls `function(a, b, c)`. The caller need not save any register for it.
#[inline(always)]
pub fn call<A, B>(function: extern "C" fn(&A, &B, usize), a: &A, b: &B, c: usize) {
    #[cfg(target_arch = "riscv64")]
    // SAFETY: `through` calls the function as the C ABI says, with the arguments in their
    // registers, and restores all others: the references live as long as the call.
    unsafe {
        core::arch::asm!(
            "call t0, {through}",
            through = sym through,
            in("t1") function,
            in("a0") core::ptr::from_ref(a),
            in("a1") core::ptr::from_ref(b),
            in("a2") c,
            out("t0") _,
        );
    }
    #[cfg(not(target_arch = "riscv64"))]
    function(a, b, c);
}

/// Calls the function in `t1` and returns to `t0`, with all other registers as they were.
#[cfg(target_arch = "riscv64")]
#[unsafe(naked)]
unsafe extern "C" fn through() {
    core::arch::naked_asm!(
        "addi sp, sp, -128",
        "sd ra, 0(sp)",
        "sd t0, 8(sp)",
        "sd t1, 16(sp)",
        "sd t2, 24(sp)",
        "sd t3, 32(sp)",
        "sd t4, 40(sp)",
        "sd t5, 48(sp)",
        "sd t6, 56(sp)",
        "sd a0, 64(sp)",
        "sd a1, 72(sp)",
        "sd a2, 80(sp)",
        "sd a3, 88(sp)",
        "sd a4, 96(sp)",
        "sd a5, 104(sp)",
        "sd a6, 112(sp)",
        "sd a7, 120(sp)",
        "jalr t1",
        "ld ra, 0(sp)",
        "ld t0, 8(sp)",
        "ld t1, 16(sp)",
        "ld t2, 24(sp)",
        "ld t3, 32(sp)",
        "ld t4, 40(sp)",
        "ld t5, 48(sp)",
        "ld t6, 56(sp)",
        "ld a0, 64(sp)",
        "ld a1, 72(sp)",
        "ld a2, 80(sp)",
        "ld a3, 88(sp)",
        "ld a4, 96(sp)",
        "ld a5, 104(sp)",
        "ld a6, 112(sp)",
        "ld a7, 120(sp)",
        "addi sp, sp, 128",
        "jr t0",
    );
}
