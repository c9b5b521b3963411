//! For hostile programs: one instruction that may trap, and that their kernel then skips.

use core::arch::asm;

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was executed; what it left in `a0`.
    Done(usize),
    /// It raised this exception.
    Trapped(usize),
}

/// What has been put behind each other by a macro of this program: an instruction and a return.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Attempt {
    words: [u32; 2],
}

impl Attempt {
    /// Executes it with `a0` = 0 and `a1` = `operand`. It may use and change `a0`, and memory and
    /// CSRs as this program can bear.
    pub fn run(&self, operand: usize) -> End {
        self.run_with(0, operand)
    }

    /// The same with a value in `a0`.
    pub fn run_with(&self, value: usize, operand: usize) -> End {
        jump_with(self.words.as_ptr() as usize, value, operand)
    }
}

/// Jumps to `address`, to code as that of an attempt.
pub fn jump(address: usize, operand: usize) -> End {
    jump_with(address, 0, operand)
}

fn jump_with(address: usize, value: usize, operand: usize) -> End {
    let (result, trapped): (usize, usize);
    // SAFETY: the kernel answers an exception by `a7` and goes on behind it; a jump that fails goes
    // on at `ra`.
    unsafe {
        asm!(
            "jalr ra, 0({address})",
            address = in(reg) address,
            inlateout("a0") value => result,
            in("a1") operand,
            inlateout("a7") 0usize => trapped,
            out("ra") _,
            out("t6") _,
        );
    }
    if trapped == 0 { End::Done(result) } else { End::Trapped(trapped - 1) }
}

/// Attempts that did not end as they have to; the first are printed.
#[derive(Default)]
pub struct Surprises(usize);

impl Surprises {
    const PRINTED: usize = 8;

    pub fn count(&self) -> usize {
        self.0
    }

    /// Counts one unless `expected`.
    pub fn unless(&mut self, expected: bool, what: core::fmt::Arguments) {
        if !expected {
            self.0 += 1;
            if self.0 <= Self::PRINTED {
                crate::println!("      surprise: {what}");
            }
        }
    }
}

/// Defines `$symbol`: for `n` from 0 to `$count` - 1 the word `$word`, an expression of the
/// assembler in `\n`'s place `attempt`, each followed by a return.
#[macro_export]
macro_rules! attempts {
    ($symbol:literal, $count:literal, $word:literal) => {
        core::arch::global_asm!(
            ".pushsection .text",
            ".balign 8",
            concat!(".globl ", $symbol),
            concat!($symbol, ":"),
            ".set attempt, 0",
            concat!(".rept ", $count),
            concat!(".word ", $word),
            ".word 0x00008067",
            ".set attempt, attempt + 1",
            ".endr",
            ".popsection",
        );
    };
}
