//! How a hart comes into the kernel, and leaves it.
//!
//! While a thread runs, `sscratch` holds the address of its TCB, which begins with its registers.
//! In the kernel it is 0: a trap there is the kernel's own fault. In the place of `x0` the TCB has
//! the end of the kernel's stack of the hart, where the number of the hart stands.

use crate::{hart::Hart, interrupts, lock::with_kernel, sbi};
use core::arch::{asm, global_asm};
use hal::{
    csr,
    soc::{cause, csr as number},
};
use kernel_core::{HARTS, Kernel, Memory, entry::Entry, reg};

const STACK_BYTES: usize = 16384;
/// At the end of a stack: the number of the hart.
const TOP_BYTES: usize = 16;
const ECALL_BYTES: usize = 4;

#[repr(C, align(16))]
struct Stacks([[u8; STACK_BYTES]; HARTS]);
static mut STACKS: Stacks = Stacks([[0; STACK_BYTES]; HARTS]);

unsafe extern "C" {
    fn kernel_trap_vector();
    fn kernel_resume(tcb: usize, stack: usize) -> !;
}

global_asm!(
    // The arguments stay where the loader has put them: `a0` to `a7`.
    ".section .text.entry, \"ax\"",
    ".globl _start",
    "_start:",
    "csrw sscratch, zero",
    "fence.i",
    "la sp, {stacks}",
    "addi t0, a7, 1",
    "slli t0, t0, {shift}",
    "add sp, sp, t0",
    "addi sp, sp, -{top}",
    "sd a7, 0(sp)",
    "tail kernel_main",
    ".text",
    ".balign 64",
    "kernel_trap_vector:",
    "csrrw a0, sscratch, a0",
    "beqz a0, 1f",
    ".irp n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
    "sd x\\n, 8 * \\n(a0)",
    ".endr",
    "csrrw t0, sscratch, zero",
    "ld sp, 0(a0)",
    "sd t0, 80(a0)",
    "ld a1, 0(sp)",
    "mv s0, sp",
    "csrr a2, scause",
    "csrr a3, sepc",
    "li t0, {syscall}",
    "addi t1, a7, 2", // Call and ReplyRecv are -1 and -2
    "sd a3, {fault_ip}(a0)",
    "bne a2, t0, 2f",
    "addi a3, a3, {ecall_bytes}",
    "sltiu t1, t1, 2",
    "sd a3, {next_ip}(a0)",
    "beqz t1, 3f",
    "mv s1, a0",
    "mv s2, a1",
    "andi a7, a7, 1",
    "beqz a7, 4f",
    "call {call}",
    "mv a1, s0",
    "bnez a0, kernel_resume",
    "j 5f",
    "4:",
    "call {reply_receive}",
    "mv a1, s0",
    "bnez a0, kernel_resume",
    "5:",
    "mv a0, s1",
    "mv a1, s2",
    "j 3f",
    "2:",
    "sd a3, {next_ip}(a0)",
    "3:",
    "call {trap}",
    "mv a1, s0",
    // `a0`: the TCB; `a1`: the end of this hart's stack.
    "kernel_resume:",
    "ld t0, {next_ip}(a0)",
    "sd a1, 0(a0)",
    "csrw sscratch, a0",
    "csrw sepc, t0",
    ".irp n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
    "ld x\\n, 8 * \\n(a0)",
    ".endr",
    "ld a0, 80(a0)",
    "sret",
    "1:",
    "csrr a0, scause",
    "csrr a1, sepc",
    "csrr a2, stval",
    "tail {unexpected}",
    stacks = sym STACKS,
    shift = const STACK_BYTES.ilog2(),
    top = const TOP_BYTES,
    next_ip = const 8 * reg::NEXT_IP,
    fault_ip = const 8 * reg::FAULT_IP,
    syscall = const cause::ECALL_U,
    ecall_bytes = const ECALL_BYTES,
    call = sym call,
    reply_receive = sym reply_receive,
    trap = sym trap,
    unexpected = sym unexpected,
);

extern "C" fn unexpected(cause: usize, pc: usize, value: usize) -> ! {
    panic!("trap in the kernel: cause {cause:#x} at {pc:#x}, value {value:#x}")
}

/// A thread calls. Returns the thread that runs next, or 0 if the call must go the long way.
extern "C" fn call(tcb: usize, hart: usize) -> usize {
    shortly(tcb, hart, Kernel::enter_call)
}

/// As [`call`], for ReplyRecv.
extern "C" fn reply_receive(tcb: usize, hart: usize) -> usize {
    shortly(tcb, hart, Kernel::enter_reply_receive)
}

#[inline(always)]
fn shortly(tcb: usize, hart: usize, enter: impl FnOnce(&mut Kernel<Hart>) -> bool) -> usize {
    let chosen = with_kernel(hart, |kernel| {
        let done = kernel.still_runs(kernel_core::Tcb(tcb)) && enter(kernel);
        if done { kernel.current().0 } else { 0 }
    });
    drop_reservation();
    chosen
}

/// A thread trapped on a hart. Returns the thread that runs next there. All registers are in its TCB
/// already: another hart may wait for them.
extern "C" fn trap(tcb: usize, hart: usize) -> usize {
    let why = csr::read::<{ number::SCAUSE }>();
    let chosen = with_kernel(hart, |kernel| {
        if kernel.still_runs(kernel_core::Tcb(tcb)) {
            serve(kernel, tcb, why);
        } else {
            kernel.leave();
        }
        (!kernel.is_idle()).then(|| kernel.current().0)
    });
    let chosen = chosen.unwrap_or_else(|| idle(hart));
    if chosen != tcb {
        drop_reservation();
    }
    chosen
}

fn serve(kernel: &mut Kernel<Hart>, tcb: usize, why: usize) {
    if why & csr::INTERRUPT != 0 {
        interrupts::serve(kernel);
        return;
    }
    let value = csr::read::<{ number::STVAL }>();
    let entry = match why {
        cause::ECALL_U => Entry::Syscall(kernel.load(tcb + 8 * reg::A7) as isize),
        cause::INSN_ACCESS | cause::INSN_PAGE => {
            Entry::MemoryFault { address: value, fetch: true, cause: cause::INSN_ACCESS }
        }
        cause::LOAD_ACCESS | cause::LOAD_PAGE => {
            Entry::MemoryFault { address: value, fetch: false, cause: cause::LOAD_ACCESS }
        }
        cause::STORE_ACCESS | cause::STORE_PAGE => {
            Entry::MemoryFault { address: value, fetch: false, cause: cause::STORE_ACCESS }
        }
        _ => Entry::Exception { cause: why, code: 0 },
    };
    kernel.enter(entry);
}

/// Waits for interrupts until there is a thread to run. Returns it.
fn idle(hart: usize) -> usize {
    loop {
        riscv::asm::wfi();
        let chosen = with_kernel(hart, |kernel| {
            interrupts::serve(kernel);
            (!kernel.is_idle()).then(|| kernel.current().0)
        });
        if let Some(tcb) = chosen {
            return tcb;
        }
    }
}

/// An SC of the next thread must not succeed for an LR of the last one.
fn drop_reservation() {
    let mut nowhere = 0usize;
    // SAFETY: writes a local variable at most.
    unsafe {
        asm!("sc.d zero, zero, ({})", in(reg) &raw mut nowhere, options(nostack));
    }
}

/// The end of the stack of a hart.
fn stack_end(hart: usize) -> usize {
    &raw const STACKS as usize + (hart + 1) * STACK_BYTES - TOP_BYTES
}

/// Makes a hart ready for threads.
fn prepare() {
    // SAFETY: the vector takes all traps. `SPP` is user mode for the first return; interrupts stay
    // off in the kernel.
    unsafe {
        csr::write::<{ number::STVEC }>(kernel_trap_vector as *const () as usize);
        csr::clear::<{ number::SSTATUS }>(csr::status::SPP | csr::status::SPIE | csr::status::SIE);
    }
    // Users read the counters.
    // SAFETY: what users can read of them is no secret of the kernel.
    unsafe { csr::write::<{ number::SCOUNTEREN }>(0xffff_ffff) };
    interrupts::enable();
}

/// Runs the thread that was chosen at boot, on hart 0.
pub fn start_first() -> ! {
    prepare();
    run(0)
}

/// Takes part in the kernel, without a thread at first.
pub fn enter_idle(hart: usize) -> ! {
    with_kernel(hart, |kernel| {
        let count = kernel.machine.asid_mask;
        kernel.machine.set_up_translation();
        kernel.machine.asid_mask = kernel.machine.asid_mask.min(count);
    });
    prepare();
    run(hart)
}

fn run(hart: usize) -> ! {
    let chosen = with_kernel(hart, |kernel| (!kernel.is_idle()).then(|| kernel.current().0));
    let tcb = chosen.unwrap_or_else(|| idle(hart));
    // SAFETY: the TCB of the hart's thread, and the stack on which nothing is needed any more.
    unsafe { kernel_resume(tcb, stack_end(hart)) }
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    use core::fmt::Write;
    struct Console;
    impl Write for Console {
        fn write_str(&mut self, text: &str) -> core::fmt::Result {
            sbi::print(text);
            Ok(())
        }
    }
    let _ = writeln!(Console, "ReL4: {info}");
    sbi::fail()
}
