//! Guests: a few instructions run in a chosen mode until they trap, or end.
//!
//! A trap into M-mode ends a guest directly. The vectors of S- and U-mode lead to a row of `ecall`s
//! ([`catch`]). So a trap into these modes ends the guest, too, and the place of the `ecall` tells
//! which vector it took. The CSRs of that mode are then as the trap left them.

use crate::encode::ECALL;
use core::arch::global_asm;
use hal::{
    context::{Context, Machine},
    csr::{self, status},
    soc::{cause, csr as number},
};

/// Privilege modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    User = 0,
    Supervisor = 1,
    Machine = 3,
}

/// The trap that ended a guest.
#[derive(Clone, Debug)]
pub struct Trap {
    /// The mode that took it.
    pub mode: Mode,
    /// Its cause, as that mode sees it.
    pub cause: usize,
    /// The interrupted instruction.
    pub epc: usize,
    pub tval: usize,
    /// Offset from the base of the vector, in units of 4 bytes (M-mode: if [`vectors`] is used).
    pub slot: usize,
    /// `mstatus` afterwards.
    pub status: usize,
    /// Whether the guest got to its end. Then there was no trap, and the other fields mean nothing.
    pub ended: bool,
    /// The guest's registers.
    pub registers: [usize; 32],
}

impl Trap {
    /// The value of `a0`.
    pub fn a0(&self) -> usize {
        self.registers[hal::context::reg::A0]
    }
}

/// Most words of a guest.
pub const CODE_WORDS: usize = 1024;
const CATCH_SLOTS: usize = 64;

#[repr(C, align(4096))]
struct Code([u32; CODE_WORDS]);
static mut CODE: Code = Code([0; CODE_WORDS]);

unsafe extern "C" {
    fn guest_catch();
    fn guest_vectors();
}

global_asm!(
    ".text",
    ".option push",
    ".option norvc",
    ".balign 256",
    "guest_catch:",
    ".rept {slots}",
    "ecall",
    ".endr",
    ".balign 256",
    "guest_vectors:",
    ".rept {slots}",
    "jal t6, context_vector_machine",
    ".endr",
    ".option pop",
    slots = const CATCH_SLOTS,
);

/// Base of the row of `ecall`s for traps into S- and U-mode.
pub fn catch() -> usize {
    guest_catch as *const () as usize
}

/// Base of a row of jumps for a vectored `mtvec`.
pub fn vectors() -> usize {
    guest_vectors as *const () as usize
}

/// Physical address of the page that guests run in.
pub fn code_page() -> usize {
    &raw const CODE as usize
}

/// Runs `code` in `mode` with `arguments` from `a0` on.
pub fn run(mode: Mode, code: &[u32], arguments: &[usize]) -> Trap {
    run_at(mode, code_page(), code, arguments)
}

/// The same at virtual address `pc`, where [`code_page`] must be mapped.
pub fn run_at(mode: Mode, pc: usize, code: &[u32], arguments: &[usize]) -> Trap {
    let page = &raw mut CODE;
    // SAFETY: the previous guest has ended, and only one hart runs this program.
    let words = unsafe { &mut (*page).0 };
    words[..code.len()].copy_from_slice(code);
    words[code.len()] = ECALL;
    riscv::asm::fence_i();
    let trap = enter(mode, pc, arguments);
    let end = pc + 4 * code.len();
    let ecall = cause::ECALL_U + mode as usize;
    Trap { ended: trap.mode == Mode::Machine && trap.cause == ecall && trap.epc == end, ..trap }
}

/// Enters whatever is at `pc`.
pub fn enter(mode: Mode, pc: usize, arguments: &[usize]) -> Trap {
    let mut context = Context::new(pc);
    context.registers[hal::context::reg::A0..][..arguments.len()].copy_from_slice(arguments);
    // SAFETY: guests do not touch this program's memory. Its trap vector is installed; a vectored
    // `mtvec` leads to it as well. `MPRV` is for guests alone.
    let status = unsafe {
        csr::clear::<{ number::MSTATUS }>(status::MPP);
        csr::set::<{ number::MSTATUS }>((mode as usize) << status::MPP_SHIFT);
        context.run::<Machine>();
        csr::clear::<{ number::MSTATUS }>(status::MPRV)
    };
    classify(context, status)
}

fn classify(context: Context, status: usize) -> Trap {
    let mcause = csr::read::<{ number::MCAUSE }>();
    let offset = context.pc.wrapping_sub(catch());
    let caught = offset < 4 * CATCH_SLOTS;
    let (mode, cause, epc, tval) = match mcause {
        cause::ECALL_S if caught => (
            Mode::Supervisor,
            csr::read::<{ number::SCAUSE }>(),
            csr::read::<{ number::SEPC }>(),
            csr::read::<{ number::STVAL }>(),
        ),
        cause::ECALL_U if caught => (
            Mode::User,
            csr::read::<{ number::UCAUSE }>(),
            csr::read::<{ number::UEPC }>(),
            csr::read::<{ number::UTVAL }>(),
        ),
        _ => (Mode::Machine, mcause, context.pc, csr::read::<{ number::MTVAL }>()),
    };
    let slot = if mode == Mode::Machine {
        context.registers[hal::context::reg::T6].wrapping_sub(vectors() + 4) / 4
    } else {
        offset / 4
    };
    Trap { mode, cause, epc, tval, slot, status, ended: false, registers: context.registers }
}
