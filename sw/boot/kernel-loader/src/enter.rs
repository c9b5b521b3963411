//! The way into the kernel: its page table, and the registers that it expects.

use core::arch::asm;
use sv39::{AddressSpace, Entry, Flags, ROOT_LEVEL, Table, size};

/// What a hart enters the kernel with.
pub struct Handover {
    /// `a0` to `a5` of the contract.
    pub arguments: [usize; 6],
    /// Virtual address of the kernel's entry.
    pub entry: usize,
    /// `satp`.
    translation: usize,
}

static mut TABLES: [Table; 1] = [Table::EMPTY];

impl Handover {
    /// Makes the page table: DRAM at itself, for the loader, and the kernel. To be called once.
    ///
    /// `kernel` is a virtual address of the kernel, `physical` where that lies. They are equal modulo
    /// 1 GiB.
    pub fn new(arguments: [usize; 6], entry: usize, kernel: usize, physical: usize) -> Self {
        let tables = &raw mut TABLES;
        // SAFETY: nobody else names them, and this runs once.
        let mut space =
            AddressSpace::new(unsafe { &mut *tables }, tables as usize).expect("there is a table");
        let base = |address: usize| address & !(size(ROOT_LEVEL) - 1);
        for vaddr in [physical, kernel] {
            let entry = space.entry(base(vaddr), ROOT_LEVEL).expect("addresses of Sv39");
            *entry = Entry::new(base(physical), Flags::READY | Flags::RWX);
        }
        Self { arguments, entry, translation: space.satp(0) }
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
