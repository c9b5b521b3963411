//! Misses of the data caches and of the translation buffers.

use crate::{Collected, blocks::Block, collect, collect_events, median, pipeline::line, report};
use bare::{
    hal::{
        csr::status,
        soc::{CACHE_LINE_BYTES, DRAM_BASE, DRAM_SIZE, csr as number},
    },
    machine::{self, clear, set, write},
};
use sv39::{AddressSpace, Flags, PAGE, Table};

/// Memory that nothing else uses: the upper half of DRAM.
const FRESH: usize = DRAM_BASE + DRAM_SIZE / 2;

/// Virtual pages that all lead to one physical page: more than a first-level TLB has entries, fewer
/// than a second-level TLB has.
const ALIASES: usize = 48;
const ALIAS_BASE: usize = 0x4000_0000;

static mut TABLES: [Table; 3] = [Table::EMPTY; 3];

/// Measures and reports all of them.
pub fn measure(collected: &mut Collected) {
    collect(collected, |_| Block::LoadUse.cycles(line(), 0) - 1);
    let hit = median(collected);

    // Lines of one set of the L1D: more than it has ways, few enough for the L2. The L1D may have
    // kept one, so hits are left out. A load from another line of the page makes the translation
    // known.
    const LINES: usize = 8;
    collect_events(collected, |index| {
        let address = FRESH + index % LINES * PAGE;
        Block::LoadNear.cycles(address, address + PAGE / 2) - 1 - hit
    });
    report(collected, "core.l1d_miss_l2_hit", "");

    // Untouched lines, except the first of each page.
    const LINES_MEASURED: usize = PAGE / CACHE_LINE_BYTES - 1;
    collect(collected, |index| {
        let page = FRESH + (LINES + index / LINES_MEASURED) * PAGE;
        let address = page + (1 + index % LINES_MEASURED) * CACHE_LINE_BYTES;
        Block::LoadNear.cycles(address, page) - 1 - hit
    });
    report(collected, "core.l2_miss", "");

    translate();
    collect_events(collected, |index| {
        let offset = line() % PAGE;
        Block::Translated.cycles(ALIAS_BASE + index % ALIASES * PAGE + offset, 0) - 1 - hit
    });
    report(collected, "core.tlb_miss", "level=l2tlb");
    collect(collected, |_| Block::Untranslated.cycles(ALIAS_BASE + line() % PAGE, 0) - 1 - hit);
    report(collected, "core.tlb_miss", "level=walk");
    machine::reset();
}

/// Makes loads with MPRV see the aliases.
fn translate() {
    let tables = &raw mut TABLES;
    // SAFETY: nothing else names it, and this runs once.
    let tables = unsafe { &mut *tables };
    let base = tables.as_ptr() as usize;
    let mut space = AddressSpace::new(tables, base).expect("there is a table");
    for alias in 0..ALIASES {
        let flags = Flags::READY | Flags::READ;
        space.map(ALIAS_BASE + alias * PAGE, line() / PAGE * PAGE, 0, flags).expect("room");
    }
    write::<{ number::SATP }>(space.satp(1));
    machine::sfence();
    clear::<{ number::MSTATUS }>(status::MPP);
    set::<{ number::MSTATUS }>(1 << status::MPP_SHIFT);
}
