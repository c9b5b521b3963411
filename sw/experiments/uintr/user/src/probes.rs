//! Measured blocks and handlers, in assembly: a few instructions between two reads of `cycle`.
//!
//! The handlers note the cycle of the first instruction at `utvec` in `t6`. Interrupted code leaves
//! that register to them.

use core::arch::global_asm;
use uintr::uipi_send;

/// Reads behind a SEND to oneself. The interrupt falls among them.
const READS: usize = 11;

/// What a block leaves: `cycle` before, then at each of the instructions behind it.
pub type Reads = [i64; 1 + READS];

// SAFETY: they change caller-saved registers and the memory of their arguments.
unsafe extern "C" {
    /// Fills `reads` with a SEND of `index` (nothing, for `probe_nothing`) behind the first.
    pub safe fn probe_send(index: usize, reads: &mut Reads);
    pub safe fn probe_nothing(index: usize, reads: &mut Reads);
    /// Spins until the word at `word` is not `value`; returns the `cycle` behind.
    pub fn probe_spin(word: *const u64, value: u64) -> i64;
    /// Executes SEND of `index` and spins until the word is not `value`. Returns the cycles from
    /// the SEND.
    pub fn probe_exchange(index: usize, word: *const u64, value: u64) -> i64;

    /// Writes `value` to `word` and executes SEND of `index` right behind it.
    pub fn probe_message(index: usize, word: *mut u64, value: u64);

    /// An entry for `uscratch` = [`Arrival`](crate::shared::Arrival): a leaf.
    fn probe_arrive();
    /// The same with a called handler. The entry saves what a call may change.
    fn probe_arrive_call();
    /// The same with an entry that saves everything.
    fn probe_arrive_full();
    /// The handler of both.
    fn probe_note();
    /// A leaf for the same `uscratch` that notes which vectors were pending.
    fn probe_vectors();
    /// A leaf that counts in the word at `uscratch`, and entries with handlers that count.
    fn probe_count();
    fn probe_count_call();
    fn probe_count_full();
    /// A leaf that sends what the word at `uscratch` holds.
    fn probe_answer();
}

/// Addresses for `utvec`.
pub fn arrive() -> usize {
    probe_arrive as *const () as usize
}

pub fn arrive_call() -> usize {
    probe_arrive_call as *const () as usize
}

pub fn arrive_full() -> usize {
    probe_arrive_full as *const () as usize
}

pub fn vectors() -> usize {
    probe_vectors as *const () as usize
}

pub fn count() -> usize {
    probe_count as *const () as usize
}

pub fn count_call() -> usize {
    probe_count_call as *const () as usize
}

pub fn count_full() -> usize {
    probe_count_full as *const () as usize
}

pub fn answer() -> usize {
    probe_answer as *const () as usize
}

macro_rules! reads {
    ($name:literal $(, $body:expr)*) => {
        global_asm!(
            ".text",
            ".option push",
            ".option norvc",
            ".balign 64",
            concat!(".globl ", $name),
            concat!($name, ":"),
            "addi sp, sp, -96",
            ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11",
            "sd s\\n, 8 * \\n(sp)",
            ".endr",
            "fence iorw, iorw",
            ".rept 12",
            "nop",
            ".endr",
            "csrr s0, cycle",
            $($body,)*
            ".irp n, 1,2,3,4,5,6,7,8,9,10,11",
            "csrr s\\n, cycle",
            ".endr",
            ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11",
            "sd s\\n, 8 * \\n(a1)",
            "ld s\\n, 8 * \\n(sp)",
            ".endr",
            "addi sp, sp, 96",
            "ret",
            ".option pop",
        );
    };
}

reads!("probe_nothing");
reads!("probe_send", uipi_send!("a0"));

global_asm!(
    ".text",
    ".balign 64",
    ".globl probe_spin",
    "probe_spin:",
    "1: ld t0, 0(a0)",
    "beq t0, a1, 1b",
    "csrr a0, cycle",
    "ret",
    ".balign 64",
    ".globl probe_exchange",
    "probe_exchange:",
    "fence iorw, iorw",
    "csrr t1, cycle",
    uipi_send!("a0"),
    "1: ld t0, 0(a1)",
    "beq t0, a2, 1b",
    "csrr a0, cycle",
    "sub a0, a0, t1",
    "ret",
    ".balign 64",
    ".globl probe_message",
    "probe_message:",
    "sd a2, 0(a1)",
    uipi_send!("a0"),
    "ret",
    // The handler of the entries that call: `t6` is as the entry's first instruction left it.
    ".balign 64",
    ".globl probe_note",
    "probe_note:",
    "csrr a2, cycle",
    "li a3, {note}",
    "sd t6, 0(a3)",
    "sd a2, 8(a3)",
    "ld a2, 16(a3)",
    "addi a2, a2, 1",
    "fence w, w",
    "sd a2, 16(a3)",
    "li a0, 0",
    "ret",
    note = const crate::shared::ARRIVAL,
);

uintr::call_entry!("probe_arrive_call", probe_note, first: "csrr t6, cycle");
uintr::full_entry!("probe_arrive_full", probe_note, first: "csrr t6, cycle");
uintr::call_entry!("probe_count_call", crate::same::count);
uintr::full_entry!("probe_count_full", crate::same::count_with_frame);

uintr::leaf_entry!("probe_arrive", [
    "csrr t0, cycle",
    "sd t1, 8(sp)",
    "csrr t1, {uscratch}",
    "sd t6, 0(t1)",
    "sd t0, 8(t1)",
    "ld t0, 24(t1)",
    "sd t0, 32(t1)",
    "ld t0, 16(t1)",
    "addi t0, t0, 1",
    "fence w, w",
    "sd t0, 16(t1)",
    "ld t1, 8(sp)",
], first: "csrr t6, cycle");

uintr::leaf_entry!("probe_vectors", [
    "sd t1, 8(sp)",
    "csrr t1, {uscratch}",
    "sd t6, 0(t1)",
    "sd t0, 32(t1)",
    "ld t0, 16(t1)",
    "addi t0, t0, 1",
    "fence w, w",
    "sd t0, 16(t1)",
    "ld t1, 8(sp)",
], first: "csrr t6, cycle");

uintr::leaf_entry!(
    "probe_count",
    [
        "sd t1, 8(sp)",
        "csrr t1, {uscratch}",
        "ld t0, 0(t1)",
        "addi t0, t0, 1",
        "sd t0, 0(t1)",
        "ld t1, 8(sp)",
    ]
);

uintr::leaf_entry!(
    "probe_answer",
    ["csrr t0, {uscratch}", "ld t0, 0(t0)", "fence rw, o", uipi_send!("t0"),]
);
