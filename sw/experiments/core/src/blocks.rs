//! The measured blocks: a few instructions between two reads of `mcycle`.
//!
//! Before the first read the store buffer is empty and the fetch queue is full. Each block has
//! cache lines of its own.

use bare::hal::csr::status::MPRV;
use core::arch::global_asm;

macro_rules! blocks {
    ($($(#[$doc:meta])* $name:ident: [$($setup:literal),*] [$($body:literal),*];)*) => {
        // SAFETY: the blocks change caller-saved registers and memory at `address`. That memory
        // belongs to the measurement.
        unsafe extern "C" {
            $(
                #[link_name = concat!("block_", stringify!($name))]
                safe fn $name(address: usize, operand: usize) -> usize;
            )*
        }

        $(global_asm!(
            ".text",
            ".option push",
            ".option norvc",
            ".balign 512",
            concat!("block_", stringify!($name), ":"),
            "fence iorw, iorw",
            $($setup,)*
            ".rept 8",
            "nop",
            ".endr",
            "csrr t0, mcycle",
            $($body,)*
            "csrr t1, mcycle",
            "li t2, {mprv}",
            "csrc mstatus, t2",
            "sub a0, t1, t0",
            "ret",
            ".option pop",
            mprv = const MPRV,
        );)*

        /// A measured block.
        #[derive(Clone, Copy)]
        pub enum Block { $($(#[$doc])* $name,)* }

        impl Block {
            /// Cycles from one read to the other, with `a0` = `address` and `a1` = `operand`.
            fn run(self, address: usize, operand: usize) -> i64 {
                let cycles = match self { $(Self::$name => $name(address, operand),)* };
                cycles as i64
            }
        }
    };
}

blocks! {
    /// Nothing.
    Empty: [] [];
    /// Eight dependent additions.
    Alu: [] [
        "add t3, a1, a1", "add t3, t3, t3", "add t3, t3, t3", "add t3, t3, t3",
        "add t3, t3, t3", "add t3, t3, t3", "add t3, t3, t3", "add t3, t3, t3"
    ];
    /// A load, and an addition that needs its result.
    LoadUse: [] ["ld t3, 0(a0)", "add t3, t3, t3"];
    /// A load, and an addition that does not need its result.
    Load: [] ["ld t3, 0(a0)", "add t4, a1, a1"];
    /// A load from the page just used, at the address in the operand, and an addition that needs
    /// its result.
    LoadNear: ["ld t3, 0(a1)", "add t3, t3, t3"] ["ld t3, 0(a0)", "add t3, t3, t3"];
    /// A jump and a taken branch. Each skips one instruction.
    Taken: [] ["j 1f", "nop", "1: beq zero, zero, 2f", "nop", "2:"];
    /// A branch over one instruction, taken if the operand is 0. It does not stand right behind the
    /// read of the cycle: that spends a second cycle in Memory, and the branch would resolve
    /// meanwhile.
    Branch: [] ["nop", "nop", "beqz a1, 1f", "nop", "1:"];
    /// A multiplication, and an addition that needs its result.
    Mul: [] ["mul t3, a1, a1", "add t3, t3, t3"];
    /// A division of the operand by 3, and an addition that needs its result.
    Div: ["li t4, 3"] ["divu t3, a1, t4", "add t3, t3, t3"];
    /// An atomic addition, and an addition that needs its result.
    Amo: [] ["amoadd.d t3, a1, (a0)", "add t3, t3, t3"];
    /// LR, SC, and an addition that needs the result of SC.
    Lrsc: [] ["lr.d t3, (a0)", "sc.d t3, a1, (a0)", "add t3, t3, t3"];
    /// A read of a word from a device, and an addition that needs it.
    MmioRead: [] ["lw t3, 0(a0)", "add t3, t3, t3"];
    /// The same behind a store to memory, at `a1`.
    MmioReadAfterStore: [] ["sd x0, 0(a1)", "lw t3, 0(a0)", "add t3, t3, t3"];
    /// A write of a word to a device.
    MmioWrite: [] ["sw a1, 0(a0)"];
    /// A load by the rules of the mode in `mstatus.MPP`, and an addition that needs it.
    Translated: ["li t3, {mprv}", "csrs mstatus, t3"] ["ld t3, 0(a0)", "add t3, t3, t3"];
    /// The same without a known translation.
    Untranslated: [
        "sfence.vma", "li t3, {mprv}", "csrs mstatus, t3", ".rept 64", "nop", ".endr"
    ] ["ld t3, 0(a0)", "add t3, t3, t3"];
}

impl Block {
    /// Cycles that the block takes, with `a0` = `address` and `a1` = `operand`.
    pub fn cycles(self, address: usize, operand: usize) -> i64 {
        self.run(address, operand) - read_to_read()
    }
}

/// Cycles from one read of `mcycle` to another right behind it.
pub fn read_to_read() -> i64 {
    Block::Empty.run(0, 0)
}
