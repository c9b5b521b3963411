//! How a hart comes into the kernel, and leaves it.
//!
//! While a thread runs, `sscratch` holds the address of its TCB, which begins with its registers.
//! Before the first thread it is 0. A trap then, or one from S-mode, is the kernel's own fault. In the
//! place of `x0` the TCB has the end of the kernel's stack of the hart, where the number of the hart stands.

use crate::{
    hart::Hart,
    interrupts,
    lock::{alone, with_kernel},
    sbi,
};
use abi::{MessageInfo, Syscall};
use core::{
    arch::{asm, global_asm},
    ptr::with_exposed_provenance,
};
use hal::{
    csr,
    soc::{cause, csr as number},
};
use kernel_core::{
    HARTS, Kernel, Memory, Tcb,
    entry::{Call, Entry},
    reg,
};

const STACK_BYTES: usize = 16384;
/// At the end of a stack: the number of the hart.
const TOP_BYTES: usize = 16;
const ECALL_BYTES: usize = 4;

// The ends of stacks, too, lie in a page where TCBs have their names: see `lock::Shared`.
#[repr(C, align(4096))]
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
    // All but `t0` and `t1` of the registers that functions may change, `a0` being that of the TCB.
    ".macro save_changed",
    ".irp n, 1,2,7,11,12,13,14,15,16,17,28,29,30,31",
    "sd x\\n, 8 * \\n(a0)",
    ".endr",
    ".endm",
    ".macro load_changed",
    ".irp n, 1,2,5,6,7,11,12,13,14,15,16,17,28,29,30,31",
    "ld x\\n, 8 * \\n(a0)",
    ".endr",
    "ld a0, 8 * 10(a0)",
    ".endm",
    // The registers that functions keep.
    ".macro with_kept what",
    ".irp n, 3,4,8,9,18,19,20,21,22,23,24,25,26,27",
    "\\what x\\n, 8 * \\n(a0)",
    ".endr",
    ".endm",
    ".section .text.hot, \"ax\"",
    ".balign 64",
    "kernel_trap_vector:",
    "csrrw a0, sscratch, a0",
    "beqz a0, 9f",
    "sd t0, 8 * 5(a0)",
    "csrr t0, scause",
    "sd t1, 8 * 6(a0)",
    "addi t1, t0, -{syscall}",
    "bnez t1, 2f",
    // System calls come from user mode alone.
    ".if {debug}",
    "addi t0, a7, -({null_call})",
    "beqz t0, 1f",
    ".endif",
    "addi t1, a7, 2", // Call and ReplyRecv are -1 and -2
    "sltiu t1, t1, 2",
    "bnez t1, 4f",
    // Another call: it has a short way, or not.
    "save_changed",
    "csrrw a2, sscratch, a0",
    "ld sp, 0(a0)",
    "mv a3, a7",
    "sd a2, 8 * 10(a0)",
    "call {short}",
    "beqz a1, 3f",
    // The same thread goes on: the other registers are still its own.
    "csrr t0, sepc",
    "addi t0, t0, {ecall_bytes}",
    "csrw sepc, t0",
    "load_changed",
    "sret",
    // The call that does nothing.
    ".if {debug}",
    "1:",
    "csrr t0, sepc",
    "addi t0, t0, {ecall_bytes}",
    "csrw sepc, t0",
    "ld t0, 8 * 5(a0)",
    "ld t1, 8 * 6(a0)",
    "csrrw a0, sscratch, a0",
    "sret",
    ".endif",
    // Call and ReplyRecv.
    "4:",
    "sd sp, 8 * 2(a0)",
    "ld sp, 0(a0)",
    "andi t1, a7, 1",
    // An SC of the next thread must not succeed for an LR of this one. It stores what is there.
    ".option push",
    ".option arch, +a",
    "sc.d zero, sp, (a0)",
    ".option pop",
    ".irp n, 1,7,11,12,13,14,15,16,17,28,29,30,31",
    "sd x\\n, 8 * \\n(a0)",
    ".endr",
    "csrrw a2, sscratch, a0",
    "with_kept sd",
    "csrr t0, sepc",
    "sd a2, 8 * 10(a0)",
    "sd t0, {fault_ip}(a0)",
    "addi t0, t0, {ecall_bytes}",
    "sd t0, {next_ip}(a0)",
    "beqz t1, 5f",
    "call {call}",
    "bnez a0, 7f",
    "j 6f",
    "5:",
    "call {reply_receive}",
    "bnez a0, 7f",
    "6:",
    "csrr a0, sscratch",
    "j 8f",
    // `a0`: the TCB; `a1`: the end of this hart's stack.
    "kernel_resume:",
    "mv sp, a1",
    "7:",
    "ld t0, {next_ip}(a0)",
    "sd sp, 0(a0)",
    "csrw sscratch, a0",
    "with_kept ld",
    "csrw sepc, t0",
    "load_changed",
    "sret",
    // Another trap. The kernel's own ends it.
    "2:",
    "csrr t0, sstatus",
    "andi t0, t0, {from_kernel}",
    "bnez t0, 9f",
    "save_changed",
    "csrrw t1, sscratch, a0",
    "csrr t0, sepc",
    "ld sp, 0(a0)",
    "sd t1, 8 * 10(a0)",
    "sd t0, {fault_ip}(a0)",
    "sd t0, {next_ip}(a0)",
    "with_kept sd",
    "j 8f",
    // A call without a short way.
    "3:",
    "csrr t0, sepc",
    "with_kept sd",
    "sd t0, {fault_ip}(a0)",
    "addi t0, t0, {ecall_bytes}",
    "sd t0, {next_ip}(a0)",
    "8:",
    "ld a1, 0(sp)",
    "call {trap}",
    "j 7b",
    "9:",
    "csrw sscratch, zero",
    "csrr a0, scause",
    "csrr a1, sepc",
    "csrr a2, stval",
    "tail {unexpected}",
    ".text",
    stacks = sym STACKS,
    shift = const STACK_BYTES.ilog2(),
    top = const TOP_BYTES,
    next_ip = const 8 * reg::NEXT_IP,
    fault_ip = const 8 * reg::FAULT_IP,
    syscall = const cause::ECALL_U,
    ecall_bytes = const ECALL_BYTES,
    debug = const cfg!(feature = "debug") as usize,
    null_call = const Syscall::BenchmarkNullSyscall as isize,
    from_kernel = const csr::status::SPP,
    call = sym call,
    reply_receive = sym reply_receive,
    short = sym short,
    trap = sym trap,
    unexpected = sym unexpected,
);

extern "C" fn unexpected(cause: usize, pc: usize, value: usize) -> ! {
    panic!("trap in the kernel: cause {cause:#x} at {pc:#x}, value {value:#x}")
}

/// A thread, and whether its call is done.
#[repr(C)]
struct Short {
    tcb: usize,
    done: usize,
}

/// A thread made a system call other than Call and ReplyRecv. It is done if it has a short way that ends
/// in the same thread. Registers that Rust's functions keep are not yet in the TCB, so with other harts
/// none has one.
#[unsafe(link_section = ".text.hot")]
extern "C" fn short(tcb: usize, info: usize, cap: usize, number: isize) -> Short {
    let call = call_of(0, tcb, cap, info);
    let done = alone(|kernel| kernel.enter_short(call, number)).unwrap_or(false);
    Short { tcb, done: usize::from(done) }
}

/// A thread calls. Returns the thread that runs next, or 0 if the call must go the long way.
#[unsafe(link_section = ".text.hot")]
extern "C" fn call(tcb: usize, info: usize, cap: usize) -> usize {
    let call = call_of(0, tcb, cap, info);
    match alone(|kernel| kernel.enter_call(call)) {
        Ok(next) => as_word(next),
        Err(_) => call_locked(tcb, info, cap),
    }
}

/// As [`call`], for ReplyRecv.
#[unsafe(link_section = ".text.hot")]
extern "C" fn reply_receive(tcb: usize, info: usize, cap: usize) -> usize {
    let call = call_of(0, tcb, cap, info);
    match alone(|kernel| kernel.enter_reply_receive(call)) {
        Ok(next) => as_word(next),
        Err(_) => reply_receive_locked(tcb, info, cap),
    }
}

#[inline(never)]
fn call_locked(tcb: usize, info: usize, cap: usize) -> usize {
    locked(call_of(hart_of(tcb), tcb, cap, info), Kernel::enter_call)
}

#[inline(never)]
fn reply_receive_locked(tcb: usize, info: usize, cap: usize) -> usize {
    locked(call_of(hart_of(tcb), tcb, cap, info), Kernel::enter_reply_receive)
}

/// A short way on one of several harts, from which another may have taken the thread.
#[inline(always)]
fn locked(call: Call, enter: impl FnOnce(&mut Kernel<Hart>, Call) -> Option<Tcb>) -> usize {
    as_word(with_kernel(call.hart, |kernel| {
        if kernel.goes_on(call.thread) { enter(kernel, call) } else { None }
    }))
}

#[inline(always)]
fn call_of(hart: usize, tcb: usize, cap: usize, info: usize) -> Call {
    Call { hart: hart % HARTS, thread: Tcb(tcb), cap, info: MessageInfo(info) }
}

/// The hart on which a thread runs: its number is at the end of the stack that the TCB names.
fn hart_of(tcb: usize) -> usize {
    let stack = with_exposed_provenance::<usize>(tcb + 8 * reg::KERNEL_STACK);
    // SAFETY: the TCB of the hart's thread, whose word for the stack the exit to it has written.
    unsafe { with_exposed_provenance::<usize>(stack.read()).read() }
}

fn as_word(thread: Option<Tcb>) -> usize {
    thread.map_or(0, |thread| thread.0)
}

/// A thread trapped on a hart. Returns the thread that runs next there. All registers are in its TCB
/// already: another hart may wait for them.
extern "C" fn trap(tcb: usize, hart: usize) -> usize {
    let why = csr::read::<{ number::SCAUSE }>();
    let chosen = with_kernel(hart, |kernel| {
        if kernel.still_runs(Tcb(tcb)) {
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
        kernel.machine.set_up_translation();
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
