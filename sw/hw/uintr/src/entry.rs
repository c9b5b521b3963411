//! What `utvec` points to.
//!
//! | entry | saves | calls | for |
//! | --- | --- | --- | --- |
//! | [`call`] | what a call may change (16 registers) | [`Handler`] | handlers in Rust |
//! | [`full`] | everything, as a [`Frame`] | [`FrameHandler`] | switching coroutines or threads |
//! | [`collect`] | 3 registers | nothing | a loop that looks at a word in memory |
//!
//! `call` and `full` find the handler's address in `uscratch`; `collect` finds the address of its
//! word there. All entries take the pending vectors (UIPI READ) as soon as a register is free. Then
//! they clear the software latch of the interrupt. At the end they make what the handler returned
//! pending again (UIPI WRITE), so that it interrupts once more. The latch must be cleared between
//! READ and WRITE. Before READ, a sender could set it again for a vector that READ takes. After
//! WRITE, harts whose WRITE sets the latch would lose an interrupt.
//!
//! [`leaf_entry!`](crate::leaf_entry) makes further leaves. All entries use the stack of the
//! interrupted code, because the Rust ABI keeps nothing below `sp`.

/// Takes the pending vectors and returns those that stay pending.
pub type Handler = extern "C" fn(pending: u64) -> u64;

/// The same with the registers of the interrupted code. The code goes on with what the handler
/// leaves in them.
pub type FrameHandler = extern "C" fn(frame: &mut Frame, pending: u64) -> u64;

/// Registers of interrupted code, `x1` first. The place of `x2` (`sp`) is not written: `sp` was
/// [`Frame::BYTES`] above the frame.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Frame {
    pub registers: [u64; 31],
    _unused: u64,
}

impl Frame {
    /// From the frame to the interrupted code's stack pointer.
    pub const BYTES: usize = size_of::<Self>();
}

/// Assembler lines that leave a handler.
#[doc(hidden)]
#[macro_export]
macro_rules! uret_line {
    () => {
        ".word 0x00200073"
    };
}

/// Defines `$symbol`, an entry that saves what a call may change. It calls `$handler`, a
/// [`Handler`], or the one in `uscratch` if none is named. Assembler lines given as `first` come
/// before everything.
#[macro_export]
macro_rules! call_entry {
    ($symbol:literal $(, first: $first:literal)*) => {
        $crate::call_entry!(@ $symbol, [$($first),*], ["csrr t0, {uscratch}"], "jalr t0",
            [uscratch = const $crate::number::USCRATCH]);
    };
    ($symbol:literal, $handler:path $(, first: $first:literal)*) => {
        $crate::call_entry!(@ $symbol, [$($first),*], [], "jal {handler}",
            [handler = sym $handler]);
    };
    (@ $symbol:literal, [$($first:literal),*], [$($load:literal)?], $call:literal,
     [$($operand:tt)*]) => {
        core::arch::global_asm!(
            ".pushsection .text",
            ".balign 64",
            concat!(".globl ", $symbol),
            concat!($symbol, ":"),
            $($first,)*
            "addi sp, sp, -128",
            "sd a0, 8(sp)",
            $crate::uipi_read!("a0"),
            "sd t0, 0(sp)",
            $($load,)?
            "sd ra, 16(sp)",
            "sd a1, 24(sp)",
            "sd a2, 32(sp)",
            "sd a3, 40(sp)",
            "sd a4, 48(sp)",
            "sd a5, 56(sp)",
            "sd a6, 64(sp)",
            "sd a7, 72(sp)",
            "sd t1, 80(sp)",
            "sd t2, 88(sp)",
            "sd t3, 96(sp)",
            "sd t4, 104(sp)",
            "sd t5, 112(sp)",
            "sd t6, 120(sp)",
            "csrci {uip}, 1 << {usi}",
            "fence i, rw",
            $call,
            // The predictor handles one jump in a fetch block.
            ".balign 8",
            "beqz a0, 1f",
            "fence rw, o",
            $crate::uipi_write!("a0"),
            "1:",
            "ld t0, 0(sp)",
            "ld a0, 8(sp)",
            "ld ra, 16(sp)",
            "ld a1, 24(sp)",
            "ld a2, 32(sp)",
            "ld a3, 40(sp)",
            "ld a4, 48(sp)",
            "ld a5, 56(sp)",
            "ld a6, 64(sp)",
            "ld a7, 72(sp)",
            "ld t1, 80(sp)",
            "ld t2, 88(sp)",
            "ld t3, 96(sp)",
            "ld t4, 104(sp)",
            "ld t5, 112(sp)",
            "ld t6, 120(sp)",
            "addi sp, sp, 128",
            $crate::uret_line!(),
            ".popsection",
            uip = const $crate::number::UIP,
            usi = const $crate::irq::USI,
            $($operand)*
        );
    };
}

/// Defines `$symbol`, an entry that saves everything. It calls `$handler`, a [`FrameHandler`], or
/// the one in `uscratch` if none is named. Assembler lines given as `first` come before everything.
#[macro_export]
macro_rules! full_entry {
    ($symbol:literal $(, first: $first:literal)*) => {
        $crate::full_entry!(@ $symbol, [$($first),*], ["csrr t0, {uscratch}"], "jalr t0",
            [uscratch = const $crate::number::USCRATCH]);
    };
    ($symbol:literal, $handler:path $(, first: $first:literal)*) => {
        $crate::full_entry!(@ $symbol, [$($first),*], [], "jal {handler}",
            [handler = sym $handler]);
    };
    (@ $symbol:literal, [$($first:literal),*], [$($load:literal)?], $call:literal,
     [$($operand:tt)*]) => {
        core::arch::global_asm!(
            ".pushsection .text",
            ".balign 64",
            concat!(".globl ", $symbol),
            concat!($symbol, ":"),
            $($first,)*
            "addi sp, sp, -256",
            "sd a1, 80(sp)",
            $crate::uipi_read!("a1"),
            "sd ra, 0(sp)",
            ".irp n, 3,4,5,6,7,8,9,10,12,13,14,15,16,17",
            "sd x\\n, 8 * \\n - 8(sp)",
            ".endr",
            $($load,)?
            ".irp n, 18,19,20,21,22,23,24,25,26,27,28,29,30,31",
            "sd x\\n, 8 * \\n - 8(sp)",
            ".endr",
            "csrci {uip}, 1 << {usi}",
            "mv a0, sp",
            "fence i, rw",
            $call,
            // The predictor handles one jump in a fetch block.
            ".balign 8",
            "beqz a0, 1f",
            "fence rw, o",
            $crate::uipi_write!("a0"),
            "1:",
            "ld ra, 0(sp)",
            ".irp n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17",
            "ld x\\n, 8 * \\n - 8(sp)",
            ".endr",
            ".irp n, 18,19,20,21,22,23,24,25,26,27,28,29,30,31",
            "ld x\\n, 8 * \\n - 8(sp)",
            ".endr",
            "addi sp, sp, 256",
            $crate::uret_line!(),
            ".popsection",
            uip = const $crate::number::UIP,
            usi = const $crate::irq::USI,
            $($operand)*
        );
    };
}

/// Defines `$symbol`, a leaf. `$body` finds the pending vectors in `t0` and may change it. It can
/// save other registers in the 24 bytes from `8(sp)` on; it restores them itself. `{uscratch}` is
/// the number of that CSR. The leaf makes nothing pending. Assembler lines given as `first` come
/// before everything.
#[macro_export]
macro_rules! leaf_entry {
    ($symbol:literal, [$($body:expr),* $(,)?] $(, first: $first:literal)*) => {
        core::arch::global_asm!(
            ".pushsection .text",
            ".balign 64",
            concat!(".globl ", $symbol),
            "# uscratch is {uscratch}",
            concat!($symbol, ":"),
            $($first,)*
            "addi sp, sp, -32",
            "sd t0, 0(sp)",
            $crate::uipi_read!("t0"),
            $($body,)*
            "csrci {uip}, 1 << {usi}",
            "ld t0, 0(sp)",
            "addi sp, sp, 32",
            $crate::uret_line!(),
            ".popsection",
            uscratch = const $crate::number::USCRATCH,
            uip = const $crate::number::UIP,
            usi = const $crate::irq::USI,
        );
    };
}

call_entry!("uintr_entry_call");
full_entry!("uintr_entry_full");
leaf_entry!(
    "uintr_entry_collect",
    [
        "sd t1, 8(sp)",
        "csrr t1, {uscratch}",
        "sd t2, 16(sp)",
        "fence i, rw",
        "ld t2, 0(t1)",
        "or t0, t0, t2",
        "sd t0, 0(t1)",
        "ld t1, 8(sp)",
        "ld t2, 16(sp)",
    ]
);

unsafe extern "C" {
    fn uintr_entry_call();
    fn uintr_entry_full();
    fn uintr_entry_collect();
}

/// Address of the entry that calls the [`Handler`] in `uscratch`.
pub fn call() -> usize {
    uintr_entry_call as *const () as usize
}

/// Address of the entry that calls the [`FrameHandler`] in `uscratch`.
pub fn full() -> usize {
    uintr_entry_full as *const () as usize
}

/// Address of the leaf that adds the pending vectors to the 64-bit word at `uscratch`. It does so
/// by a load and a store. So only the interrupted thread may change the word, and only by a single
/// atomic instruction.
pub fn collect() -> usize {
    uintr_entry_collect as *const () as usize
}
