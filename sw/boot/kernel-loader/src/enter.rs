//! The way into the kernel: its page table, and the registers that it expects.

use core::arch::asm;

const GIGA_SHIFT: u32 = 30;
const GIGA: usize = 1 << GIGA_SHIFT;
/// Valid, readable, writable, executable, accessed, dirty.
const LEAF: usize = 0b1100_1111;
const SV39: usize = 8 << 60;

/// What a hart enters the kernel with.
pub struct Handover {
    /// `a0` to `a5` of the contract.
    pub arguments: [usize; 6],
    /// Virtual address of the kernel's entry.
    pub entry: usize,
    /// `satp`.
    translation: usize,
}

#[repr(C, align(4096))]
struct Table([usize; 512]);
static mut TABLE: Table = Table([0; 512]);

impl Handover {
    /// Makes the page table: DRAM at itself, for the loader, and the kernel. To be called once.
    ///
    /// `kernel` is a virtual address of the kernel, `physical` where that lies. They are equal modulo
    /// 1 GiB.
    pub fn new(arguments: [usize; 6], entry: usize, kernel: usize, physical: usize) -> Self {
        let table = &raw mut TABLE;
        // SAFETY: nobody else names it, and this runs once.
        let entries = unsafe { &mut (*table).0 };
        for (vaddr, paddr) in [(physical, physical), (kernel, physical)] {
            entries[vaddr >> GIGA_SHIFT & 511] = (paddr & !(GIGA - 1)) >> 12 << 10 | LEAF;
        }
        Self { arguments, entry, translation: SV39 | table as usize >> 12 }
    }
}

/// Enters the kernel as hart `number` of it.
pub fn enter(handover: &Handover, hart: usize, number: usize) -> ! {
    let [a0, a1, a2, a3, a4, a5] = handover.arguments;
    riscv::asm::fence_i();
    riscv::asm::sfence_vma_all();
    // SAFETY: the table maps the loader where it is, and the kernel, which never returns.
    unsafe {
        asm!(
            "csrw satp, {satp}",
            "sfence.vma",
            "jr {entry}",
            satp = in(reg) handover.translation,
            entry = in(reg) handover.entry,
            in("a0") a0,
            in("a1") a1,
            in("a2") a2,
            in("a3") a3,
            in("a4") a4,
            in("a5") a5,
            in("a6") hart,
            in("a7") number,
            options(noreturn),
        )
    }
}
