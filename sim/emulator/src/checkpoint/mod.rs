//! Checkpoints: a bootable ELF file that restores the state of the machine and goes on from there.
//!
//! The restore program runs in M-mode on all harts, from the base of DRAM on, where boot ROMs jump
//! to. It restores CSRs, has hart 0 perform the accesses that restore devices, cleans up behind
//! itself, and lets all harts go. Its last instructions must lie where the program finds nothing
//! that it needs: in a page of zeros outside of its segments.
//!
//! Not restored: reservations (a later SC fails), `suierr`, what UINTC and TAIC tell of refusals, and
//! TAIC's marks of the most tasks and the fewest places.

mod code;
mod devices;
mod elf;
mod harts;

use crate::hart::Priv;
use crate::machine::Machine;
use crate::soc;
use code::Area;
use harts::{Context, Program};

const PAGE: usize = 4096;
/// Bytes that a `jal` reaches, less the page that it is in.
const REACH: u64 = (1 << 20) - PAGE as u64;
const DRAM: u64 = soc::DRAM_BASE as u64;

/// The file, or why there cannot be one in this state. A later state may be possible.
pub fn checkpoint(machine: &Machine) -> Result<Vec<u8>, String> {
    let contexts = machine.harts.iter().map(Context::of).collect::<Result<Vec<_>, _>>()?;
    let accesses = devices::accesses(machine)?;
    let memory = machine.bus.memory.dram();
    let free = free_pages(machine, memory);
    let tail = tail_page(&contexts, &free)?;
    let program = Program::new(&contexts, &accesses, memory);
    let pages = program.main_bytes().div_ceil(PAGE);
    let main = run_of(&free, pages, tail).ok_or("no free memory for the restore program")?;
    let bounds = (main, main + (pages * PAGE) as u64);
    let mut dram = memory.to_vec();
    for Area { base, bytes } in program.link(bounds, tail, machine.bus.clint.time()) {
        let at = (base - DRAM) as usize;
        dram[at..at + bytes.len()].copy_from_slice(&bytes);
    }
    Ok(elf::image(DRAM, &dram))
}

/// Pages of zeros that the program's segments do not cover, by address.
fn free_pages(machine: &Machine, dram: &[u8]) -> Vec<u64> {
    let covered = |address: u64| {
        machine.segments().any(|(start, end)| start < address + PAGE as u64 && address < end)
    };
    (DRAM..)
        .step_by(PAGE)
        .zip(dram.chunks(PAGE))
        .filter(|&(address, page)| {
            address != DRAM && !covered(address) && page.iter().all(|&byte| byte == 0)
        })
        .map(|(address, _)| address)
        .collect()
}

/// The highest free page from which every hart in M-mode reaches its next instruction.
fn tail_page(contexts: &[Context], free: &[u64]) -> Result<u64, String> {
    let near = |page: u64, context: &Context| page.abs_diff(context.pc) < REACH;
    let machine = || contexts.iter().filter(|context| context.privilege == Priv::M);
    let page = free.iter().rev().find(|&&page| machine().all(|context| near(page, context)));
    page.copied().ok_or_else(|| {
        let places: Vec<_> = machine().map(|context| format!("{:#x}", context.pc)).collect();
        format!("no free page near the harts in M-mode, at {}", places.join(" and "))
    })
}

/// The highest `count` free pages in a row, without `taken`.
fn run_of(free: &[u64], count: usize, taken: u64) -> Option<u64> {
    let row = |pages: &&[u64]| {
        let length = pages[count - 1] - pages[0];
        length == ((count - 1) * PAGE) as u64 && !pages.contains(&taken)
    };
    free.windows(count).rev().find(row).map(|pages| pages[0])
}
