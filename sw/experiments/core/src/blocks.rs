//! The measured blocks: a few instructions between two reads of `mcycle`.
//!
//! Before the first read the store buffer is empty and the fetch queue full. Each block lies in cache
//! lines of its own.

use bare::hal::csr::status::MPRV;
use core::arch::global_asm;

macro_rules! blocks {
    ($($(#[$doc:meta])* $name:ident: [$($setup:literal),*] [$($body:literal),*];)*) => {
        // SAFETY: the blocks change caller-saved registers, and memory at `address`, which is this
        // program's to measure with.
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
    /// A load, and an addition that needs it.
    LoadUse: [] ["ld t3, 0(a0)", "add t3, t3, t3"];
    /// A load, and an addition that does not need it.
    Load: [] ["ld t3, 0(a0)", "add t4, a1, a1"];
    /// A load from a page just used, at the address in the operand, and an addition that needs it.
    LoadNear: ["ld t3, 0(a1)", "add t3, t3, t3"] ["ld t3, 0(a0)", "add t3, t3, t3"];
    /// A jump and a taken branch, to the instruction behind the next.
    Taken: [] ["j 1f", "nop", "1: beq zero, zero, 2f", "nop", "2:"];
    /// A branch taken if the operand is 0, over an instruction; not right behind the read of the
    /// cycle, in whose second cycle in Memory the branch would resolve already.
    Branch: [] ["nop", "nop", "beqz a1, 1f", "nop", "1:"];
    /// Multiplication and an addition that needs it.
    Mul: [] ["mul t3, a1, a1", "add t3, t3, t3"];
    /// Division, of the operand by 3, and an addition that needs it.
    Div: ["li t4, 3"] ["divu t3, a1, t4", "add t3, t3, t3"];
    /// Atomic addition and an addition that needs it.
    Amo: [] ["amoadd.d t3, a1, (a0)", "add t3, t3, t3"];
    /// LR, SC, and an addition that needs the result.
    Lrsc: [] ["lr.d t3, (a0)", "sc.d t3, a1, (a0)", "add t3, t3, t3"];
    /// A word read from a device, and an addition that needs it.
    MmioRead: [] ["lw t3, 0(a0)", "add t3, t3, t3"];
    /// The same behind a store to memory, at `a1`.
    MmioReadAfterStore: [] ["sd x0, 0(a1)", "lw t3, 0(a0)", "add t3, t3, t3"];
    /// A word written to a device.
    MmioWrite: [] ["sw a1, 0(a0)"];
    /// A load by the rules of the mode in `mstatus.MPP`, and an addition that needs it.
    Translated: ["li t3, {mprv}", "csrs mstatus, t3"] ["ld t3, 0(a0)", "add t3, t3, t3"];
    /// The same with no translation known.
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

/// Cycles from one read of `mcycle` to another directly behind it.
pub fn read_to_read() -> i64 {
    Block::Empty.run(0, 0)
}
