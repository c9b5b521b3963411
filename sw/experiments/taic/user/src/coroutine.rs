//! A coroutine that notes when it runs, and two executors: one that polls, and one that interrupts
//! another coroutine for it.

use crate::shared::{ARRIVAL, Save};
use core::arch::global_asm;
use hal::soc::{csr as number, taic_queue as register};
use taic::TaskId;
use taic_shared::OWN;

/// What a task identifier is the address of.
#[repr(C, align(64))]
pub struct Coroutine {
    resume: unsafe extern "C" fn(),
}

static NOTING: Coroutine = Coroutine { resume: coroutine_note };

/// The coroutine, as a task.
pub fn task() -> TaskId {
    let address = &raw const NOTING as u64;
    TaskId::new(address).expect("aligned")
}

unsafe extern "C" {
    fn coroutine_note();
    fn coroutine_preempt_leaf();
    fn coroutine_preempt_rust();

    /// Dequeues from the page at `page` until there is a task, and runs it.
    pub fn coroutine_poll(page: usize);
    /// Runs the task of an identifier.
    pub safe fn coroutine_run(task: u64);
}

/// An address for `utvec`: runs what is dequeued, and goes on with what was interrupted. Code that
/// is interrupted leaves `t6` to it.
pub fn entry(save: Save) -> usize {
    match save {
        Save::Leaf => coroutine_preempt_leaf as *const () as usize,
        Save::Rust => coroutine_preempt_rust as *const () as usize,
    }
}

global_asm!(
    ".text",
    ".balign 64",
    ".globl coroutine_note",
    "coroutine_note:",
    "csrr t0, cycle",
    "li t1, {arrival}",
    "sd t6, 0(t1)",
    "sd t0, 8(t1)",
    "ld t0, 16(t1)",
    "addi t0, t0, 1",
    "fence w, w",
    "sd t0, 16(t1)",
    "ret",
    ".balign 64",
    ".globl coroutine_poll",
    "coroutine_poll:",
    "1: ld a1, {dequeue}(a0)",
    "beqz a1, 1b",
    "mv a0, a1",
    ".globl coroutine_run",
    "coroutine_run:",
    "andi a0, a0, -64",
    "ld a1, 0(a0)",
    "jr a1",
    arrival = const ARRIVAL,
    dequeue = const register::DEQUEUE,
);

macro_rules! preempt {
    (
        $name:literal,
        $bytes:literal,
        [$($first:literal)?],
        [$(($register:literal, $place:literal)),*]
    ) => {
        global_asm!(
            ".text",
            ".balign 64",
            concat!(".globl ", $name),
            concat!($name, ":"),
            $($first,)?
            concat!("addi sp, sp, -", $bytes),
            "sd t0, 0(sp)",
            "li t0, {page}",
            "ld t0, {dequeue}(t0)",
            "sd t1, 8(sp)",
            "sd ra, 16(sp)",
            "andi t1, t0, -64",
            "beqz t0, 1f",
            "ld t1, 0(t1)",
            $(concat!("sd ", $register, ", ", $place, "(sp)"),)*
            "jalr t1",
            $(concat!("ld ", $register, ", ", $place, "(sp)"),)*
            "1:",
            "ld t0, 0(sp)",
            "ld t1, 8(sp)",
            "ld ra, 16(sp)",
            concat!("addi sp, sp, ", $bytes),
            hal::uret!(),
            page = const OWN,
            dequeue = const register::DEQUEUE,
        );
    };
}

// The cycle of its first instruction is one of the metrics.
preempt!("coroutine_preempt_leaf", "32", ["csrr t6, cycle"], []);
preempt!(
    "coroutine_preempt_rust",
    "128",
    [],
    [
        ("a0", "24"),
        ("a1", "32"),
        ("a2", "40"),
        ("a3", "48"),
        ("a4", "56"),
        ("a5", "64"),
        ("a6", "72"),
        ("a7", "80"),
        ("t2", "88"),
        ("t3", "96"),
        ("t4", "104"),
        ("t5", "112")
    ]
);

/// What [`number::UTVEC`] is to hold, with interrupts on or off.
pub fn interrupts(entry: Option<usize>) {
    match entry {
        // SAFETY: the entries save what the interrupted code, a spinning probe, needs.
        Some(entry) => unsafe { hal::user_interrupt::enable(entry) },
        // SAFETY: nothing interrupts.
        None => unsafe { hal::csr::write::<{ number::UIE }>(0) },
    }
}
