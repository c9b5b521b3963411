//! For hostile programs: skips an instruction that faults, without a change of context. The program
//! finds the cause of the exception plus 1 in `a7`.

use core::arch::global_asm;
use supervisor::hal::{
    csr,
    soc::{cause, csr as number},
};

unsafe extern "C" {
    fn skip_vector();
}

// System calls, interrupts and failed fetches go to the kernel. The program leaves `t6` to this
// code.
global_asm!(
    ".text",
    ".balign 4",
    "skip_vector:",
    "csrr t6, scause",
    "bltz t6, 1f",
    "addi t6, t6, -{ecall}",
    "beqz t6, 1f",
    "addi t6, t6, {ecall} - {page}",
    "beqz t6, 1f",
    "addi t6, t6, {page} - {access}",
    "beqz t6, 1f",
    "csrr t6, sepc",
    "addi t6, t6, 4",
    "csrw sepc, t6",
    "csrr a7, scause",
    "addi a7, a7, 1",
    "sret",
    "1: j context_vector_supervisor",
    ecall = const cause::ECALL_U,
    page = const cause::INSN_PAGE,
    access = const cause::INSN_ACCESS,
);

/// Makes it this hart's trap vector.
pub fn install() {
    // SAFETY: the code goes on to the vector of contexts, or returns.
    unsafe { csr::write::<{ number::STVEC }>(skip_vector as *const () as usize) };
}
