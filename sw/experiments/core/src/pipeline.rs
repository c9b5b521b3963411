//! The pipeline: latencies, branches, atomics, device registers.

use crate::{Collected, blocks::Block, collect, collect_events, median, report};
use bare::hal::soc::{CLINT_BASE, clint};

/// Memory that blocks load from and store to.
#[repr(C, align(64))]
struct Line([usize; 8]);
static mut LINE: Line = Line([0; 8]);

/// Address of a line that stays in the cache.
pub fn line() -> usize {
    &raw mut LINE as usize
}

/// A block's cycles minus those of `others`, its instructions that are not measured.
fn block(
    collected: &mut Collected,
    block: Block,
    others: i64,
    (address, operand): (usize, usize),
) -> &mut Collected {
    collect(collected, |_| block.cycles(address, operand) - others);
    collected
}

/// Measures and reports all of them.
pub fn measure(collected: &mut Collected) {
    let memory = (line(), 1);
    // The block has eight latencies; one is reported.
    collect(collected, |_| Block::Alu.cycles(line(), 1) / 8);
    report(collected, "core.alu", "");

    block(collected, Block::Load, 2, memory);
    let load = median(collected);
    collect(collected, |_| Block::LoadUse.cycles(line(), 1) - 2 - load);
    report(collected, "core.load_use", "");
    report(block(collected, Block::LoadUse, 1, memory), "core.l1d_hit", "");

    report(block(collected, Block::Taken, 2, memory), "core.branch_taken", "");
    let mut random = Random(1);
    collect_events(collected, |_| {
        let not_taken = random.next() & 1;
        Block::Branch.cycles(line(), not_taken) - 3 - not_taken as i64
    });
    report(collected, "core.branch_mispredict", "");

    report(block(collected, Block::Mul, 1, memory), "core.mul", "");
    let wide = (0, usize::MAX);
    report(block(collected, Block::Div, 1, wide), "core.div", "bits=64");
    let narrow = (0, 200);
    report(block(collected, Block::Div, 1, narrow), "core.div", "bits=8");
    report(block(collected, Block::Amo, 1, memory), "core.amo", "");
    report(block(collected, Block::Lrsc, 1, memory), "core.lrsc", "");

    // The low half of mtimecmp: reads and writes have no effect here.
    let register = (CLINT_BASE + clint::MTIMECMP, usize::MAX);
    report(block(collected, Block::MmioRead, 1, register), "core.mmio_read", "device=clint");
    let both = (register.0, memory.0);
    report(
        block(collected, Block::MmioReadAfterStore, 2, both),
        "core.mmio_read",
        "device=clint after=store",
    );
    report(block(collected, Block::MmioWrite, 0, register), "core.mmio_write", "device=clint");
}

/// Pseudo-random numbers (xorshift) that no branch predictor learns.
struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize
    }
}
