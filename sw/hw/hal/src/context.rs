//! Running code in a less privileged mode until it traps.
//!
//! Firmware, kernels and tests are all loops around [`Context::run`]. It enters the code and
//! returns when that code traps into the caller's mode. A trap while no such code runs is the
//! caller's own fault and panics.

use crate::csr;
use core::arch::global_asm;
use soc::csr as number;

/// Index of a register in [`Context::registers`].
pub mod reg {
    pub const RA: usize = 1;
    pub const SP: usize = 2;
    pub const GP: usize = 3;
    pub const TP: usize = 4;
    pub const T0: usize = 5;
    pub const T1: usize = 6;
    pub const T2: usize = 7;
    pub const A0: usize = 10;
    pub const A1: usize = 11;
    pub const A2: usize = 12;
    pub const A6: usize = 16;
    pub const A7: usize = 17;
    pub const T6: usize = 31;
}

/// Registers and program counter of interrupted code. The place of register 0 holds the stack
/// pointer of the caller of `run`.
#[repr(C)]
#[derive(Clone, Debug)]
pub struct Context {
    pub registers: [usize; 32],
    pub pc: usize,
}

/// The privilege from which [`Context::run`] is called.
pub trait Host {
    /// The trap vector that a host must install.
    fn vector() -> usize;
    /// Enters the context.
    ///
    /// # Safety
    /// As for [`Context::run`].
    unsafe fn enter(context: &mut Context);
}

macro_rules! host {
    ($host:ident, $mode:literal, $enter:ident, $vector:ident, $privilege:literal) => {
        #[doc = concat!("Runs in ", $privilege, "-mode.")]
        pub struct $host;

        unsafe extern "C" {
            fn $enter(context: *mut Context);
            #[doc = concat!("The trap vector of ", $privilege, "-mode, for a vector before it: it goes on there ")]
            #[doc = "with all registers and CSRs as they were at the trap."]
            pub fn $vector();
        }

        impl Host for $host {
            fn vector() -> usize {
                $vector as *const () as usize
            }

            unsafe fn enter(context: &mut Context) {
                // SAFETY: by the caller.
                unsafe { $enter(context) };
            }
        }

        global_asm!(
            ".text",
            ".balign 4",
            concat!(stringify!($enter), ":"),
            "addi sp, sp, -112",
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
            "sd s9, 80(sp)",
            "sd s10, 88(sp)",
            "sd s11, 96(sp)",
            "sd sp, 0(a0)",
            concat!("csrw ", $mode, "scratch, a0"),
            "ld t0, 256(a0)",
            concat!("csrw ", $mode, "epc, t0"),
            ".irp n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
            "ld x\\n, 8 * \\n(a0)",
            ".endr",
            "ld a0, 80(a0)",
            concat!($mode, "ret"),
            // The trap vector: a context runs while `scratch` is not 0.
            ".balign 4",
            concat!(".globl ", stringify!($vector)),
            concat!(stringify!($vector), ":"),
            concat!("csrrw a0, ", $mode, "scratch, a0"),
            "beqz a0, 1f",
            ".irp n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
            "sd x\\n, 8 * \\n(a0)",
            ".endr",
            concat!("csrrw t0, ", $mode, "scratch, zero"),
            "sd t0, 80(a0)",
            concat!("csrr t0, ", $mode, "epc"),
            "sd t0, 256(a0)",
            "ld sp, 0(a0)",
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
            "ld s9, 80(sp)",
            "ld s10, 88(sp)",
            "ld s11, 96(sp)",
            "addi sp, sp, 112",
            "ret",
            "1:",
            concat!("csrr a0, ", $mode, "cause"),
            concat!("csrr a1, ", $mode, "epc"),
            concat!("csrr a2, ", $mode, "tval"),
            "tail {unexpected}",
            unexpected = sym unexpected,
        );
    };
}

host!(Machine, "m", context_enter_below_machine, context_vector_machine, "M");
host!(Supervisor, "s", context_enter_below_supervisor, context_vector_supervisor, "S");

extern "C" fn unexpected(cause: usize, pc: usize, value: usize) -> ! {
    panic!("unexpected trap: cause {cause:#x} at {pc:#x}, value {value:#x}")
}

impl Machine {
    /// Installs the trap vector.
    pub fn install() {
        // SAFETY: the vector handles traps of contexts, and panics on all others.
        unsafe {
            csr::write::<{ number::MSCRATCH }>(0);
            csr::write::<{ number::MTVEC }>(Self::vector());
        }
    }
}

impl Supervisor {
    /// Installs the trap vector.
    pub fn install() {
        // SAFETY: the vector handles traps of contexts, and panics on all others.
        unsafe {
            csr::write::<{ number::SSCRATCH }>(0);
            csr::write::<{ number::STVEC }>(Self::vector());
        }
    }
}

impl Context {
    /// All registers 0.
    pub const fn new(pc: usize) -> Self {
        Self { registers: [0; 32], pc }
    }

    /// Runs the code until its next trap into the caller's mode. The CSRs describe the trap.
    ///
    /// # Safety
    /// `H` must be the current privilege and its vector must be installed. Interrupts must be off.
    /// The previous privilege in the status register must be the one for the code. The code must
    /// not break what Rust relies on.
    pub unsafe fn run<H: Host>(&mut self) {
        // SAFETY: by the caller.
        unsafe { H::enter(self) };
    }
}
