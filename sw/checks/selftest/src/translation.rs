//! Sv39: levels, permissions, faults.

use crate::{
    accesses::HOLE,
    check::{Check, Test, ours, test},
    space::{self, RWX, data_page, poke, run},
};
use bare::{
    encode::{A0, A1, X0, jalr, ld, sd},
    guest::{Mode, Trap},
    machine::{clear, read, set, sfence, write},
};
use hal::{
    csr::status,
    soc::{DRAM_BASE, cause, csr as number},
};
use sv39::{Entry, Flags, PAGE, size};

pub const TESTS: &[Test] = &[
    test("sv39.levels", "priv 4.4.1", levels),
    test("sv39.permissions", "priv 4.3.1, 4.4.1", permissions),
    test("sv39.sum_mxr", "priv 3.1.6.3, 4.1.1.2", sum_and_mxr),
    test("sv39.invalid", "priv 4.3.1, 4.3.2", invalid),
    test("sv39.misaligned_superpage", "priv 4.3.2", misaligned_superpage),
    ours("sv39.accessed_dirty", "priv 4.3.1 (faults; Svade)", accessed_dirty),
    test("sv39.canonical", "priv 4.4.1", canonical),
    test("sv39.physical_hole", "priv 4.3.2, 3.6", physical_hole),
    test("sv39.table_in_hole", "priv 4.3.2", table_in_hole),
    ours("sv39.table_beyond", "priv 4.1.11, 4.3.2", table_beyond),
    test("sv39.delegated_fault", "priv 4.1.7 to 4.1.9", delegated_fault),
];

/// The virtual address of all tests.
pub const VADDR: usize = 0x20_0000_0000;

/// The three kinds of access.
#[derive(Clone, Copy)]
pub enum Access {
    Load,
    Store,
    Fetch,
}

pub const ACCESSES: [Access; 3] = [Access::Load, Access::Store, Access::Fetch];

impl Access {
    fn page_fault(self) -> usize {
        match self {
            Self::Load => cause::LOAD_PAGE,
            Self::Store => cause::STORE_PAGE,
            Self::Fetch => cause::INSN_PAGE,
        }
    }

    fn access_fault(self) -> usize {
        match self {
            Self::Load => cause::LOAD_ACCESS,
            Self::Store => cause::STORE_ACCESS,
            Self::Fetch => cause::INSN_ACCESS,
        }
    }

    /// Performs the access at `address`. A fetch finds an `ecall` there.
    pub fn perform(self, mode: Mode, address: usize) -> Trap {
        let code = match self {
            Self::Load => ld(A0, A1),
            Self::Store => sd(A0, A1),
            Self::Fetch => jalr(X0, A1, 0),
        };
        let trap = run(mode, &[code], &[CONTENT, address]);
        let ecall = cause::ECALL_U + mode as usize;
        let fetched = trap.cause == ecall && trap.epc == address;
        Trap { ended: trap.ended || fetched, ..trap }
    }
}

/// Contents of data pages: `ecall` and zeros.
pub const CONTENT: usize = bare::encode::ECALL as usize;

/// Makes and selects a space with `entry` at `level` for [`VADDR`].
pub fn with_entry(level: usize, entry: Entry) {
    poke(data_page(0), CONTENT);
    riscv::asm::fence_i();
    let mut space = space::new(0);
    *space.entry(VADDR, level).expect("nothing is there") = entry;
    space::select(&space, 0);
}

fn refused(check: &mut Check, what: &str, mode: Mode, address: usize) {
    for access in ACCESSES {
        let trap = access.perform(mode, address);
        check.trapped(what, &trap, Mode::Machine, access.page_fault());
        check.eq("tval", trap.tval, address);
    }
}

fn levels(check: &mut Check) {
    for level in 0..3 {
        let page = data_page(0) / size(level) * size(level);
        with_entry(level, Entry::new(page, RWX));
        let address = VADDR + data_page(0) % size(level);
        for access in ACCESSES {
            let trap = access.perform(Mode::Supervisor, address);
            check.ended("access", &trap);
        }
        check.eq("loaded", Access::Load.perform(Mode::Supervisor, address).a0(), CONTENT);
        let mut beyond = VADDR + size(level);
        if level == 2 {
            beyond = VADDR - 8;
        }
        refused(check, "beyond the page", Mode::Supervisor, beyond);
    }
}

/// Whether the specification allows the access to a valid leaf with these flags.
fn allowed(flags: Flags, access: Access, mode: Mode, sum: bool, mxr: bool) -> bool {
    let user = flags.contains(Flags::USER);
    let reachable = match (mode, user) {
        (Mode::User, user) => user,
        (_, false) => true,
        (_, true) => sum && !matches!(access, Access::Fetch),
    };
    reachable
        && match access {
            Access::Load => flags.contains(Flags::READ) || mxr && flags.contains(Flags::EXECUTE),
            Access::Store => flags.contains(Flags::WRITE),
            Access::Fetch => flags.contains(Flags::EXECUTE),
        }
}

fn check_permissions(check: &mut Check, sum: bool, mxr: bool) {
    // All leaves. Write without read is reserved.
    for bits in (1..16).map(|bits| bits << 1).filter(|bits| bits & 0xe != 0 && bits & 6 != 4) {
        let flags = Flags(bits) | Flags::READY;
        with_entry(0, Entry::new(data_page(0), flags));
        for (bit, on) in [(status::SUM, sum), (status::MXR, mxr)] {
            clear::<{ number::MSTATUS }>(bit);
            set::<{ number::MSTATUS }>(if on { bit } else { 0 });
        }
        for mode in [Mode::User, Mode::Supervisor] {
            for access in ACCESSES {
                let trap = access.perform(mode, VADDR);
                if allowed(flags, access, mode, sum, mxr) {
                    check.ended("allowed", &trap);
                } else {
                    check.trapped("refused", &trap, Mode::Machine, access.page_fault());
                    check.eq("tval", trap.tval, VADDR);
                }
            }
        }
    }
}

fn permissions(check: &mut Check) {
    check_permissions(check, false, false);
}

fn sum_and_mxr(check: &mut Check) {
    check_permissions(check, true, false);
    check_permissions(check, false, true);
    check_permissions(check, true, true);
}

fn invalid(check: &mut Check) {
    let page = data_page(0);
    let pointer = Flags::VALID;
    let entries = [
        ("V = 0", 0, Entry(Entry::new(page, RWX).0 & !1)),
        ("W without R", 0, Entry::new(page, Flags::READY | Flags::WRITE)),
        ("W and X without R", 0, Entry::new(page, Flags::READY | Flags::WRITE | Flags::EXECUTE)),
        ("no leaf at level 0", 0, Entry::new(page, pointer)),
        ("V = 0 at level 1", 1, Entry(0)),
        ("V = 0 at level 2", 2, Entry(0)),
        ("reserved bits 60 to 54", 0, Entry(Entry::new(page, RWX).0 | 1 << 54)),
        ("PBMT without Svpbmt", 0, Entry(Entry::new(page, RWX).0 | 1 << 61)),
        ("N without Svnapot", 0, Entry(Entry::new(page, RWX).0 | 1 << 63)),
        ("U in a pointer", 1, Entry::new(page, pointer | Flags::USER)),
        ("A in a pointer", 1, Entry::new(page, pointer | Flags::ACCESSED)),
        ("D in a pointer", 1, Entry::new(page, pointer | Flags::DIRTY)),
    ];
    for (what, level, entry) in entries {
        with_entry(level, entry);
        // The pointers lead to a table, so that only the pointer itself is at fault.
        poke(page, Entry::new(data_page(1), RWX).0);
        refused(check, what, Mode::Supervisor, VADDR);
        poke(page, CONTENT);
    }
}

fn misaligned_superpage(check: &mut Check) {
    let page = DRAM_BASE;
    for (level, misaligned) in [(1, PAGE), (1, 256 * PAGE), (2, size(1)), (2, PAGE)] {
        with_entry(level, Entry::new(page + misaligned, RWX));
        refused(check, "misaligned superpage", Mode::Supervisor, VADDR);
    }
}

fn accessed_dirty(check: &mut Check) {
    let rwx = Flags(RWX.0 & !Flags::ACCESSED.0 & !Flags::DIRTY.0);
    for flags in [rwx, rwx | Flags::DIRTY] {
        with_entry(0, Entry::new(data_page(0), flags));
        refused(check, "A = 0", Mode::Supervisor, VADDR);
    }
    with_entry(0, Entry::new(data_page(0), rwx | Flags::ACCESSED));
    check.ended("load, D = 0", &Access::Load.perform(Mode::Supervisor, VADDR));
    check.ended("fetch, D = 0", &Access::Fetch.perform(Mode::Supervisor, VADDR));
    let trap = Access::Store.perform(Mode::Supervisor, VADDR);
    check.trapped("store, D = 0", &trap, Mode::Machine, cause::STORE_PAGE);
}

fn canonical(check: &mut Check) {
    with_entry(0, Entry::new(data_page(0), RWX));
    for wrong in [1 << 39, 1 << 40, 1 << 62, 1 << 63, 0xffff_ff80_0000_0000] {
        for access in ACCESSES {
            // The hart chooses what mtval holds for such an address.
            let trap = access.perform(Mode::Supervisor, VADDR | wrong);
            check.trapped("not canonical", &trap, Mode::Machine, access.page_fault());
        }
    }
    let mut space = space::new(0);
    space.map(usize::MAX - PAGE + 1, data_page(0), 0, RWX).expect("nothing is there");
    space::select(&space, 0);
    let trap = Access::Load.perform(Mode::Supervisor, usize::MAX - PAGE + 1);
    check.ended("the highest page", &trap);
}

fn physical_hole(check: &mut Check) {
    for hole in [HOLE, 1 << 40] {
        with_entry(0, Entry::new(hole, RWX));
        for access in ACCESSES {
            let trap = access.perform(Mode::Supervisor, VADDR);
            check.trapped("a leaf to a hole", &trap, Mode::Machine, access.access_fault());
            check.eq("tval", trap.tval, VADDR);
        }
    }
}

fn table_in_hole(check: &mut Check) {
    for level in 1..3 {
        with_entry(level, Entry::new(HOLE, Flags::VALID));
        for access in ACCESSES {
            let trap = access.perform(Mode::Supervisor, VADDR);
            check.trapped("a table in a hole", &trap, Mode::Machine, access.access_fault());
            check.eq("tval", trap.tval, VADDR);
        }
    }
}

fn table_beyond(check: &mut Check) {
    // The table itself, with one more bit in its page number.
    let root = space::new(0).satp(0);
    for bit in (32..56).map(|bit| 1 << (bit - PAGE.trailing_zeros())) {
        write::<{ number::SATP }>(root | bit);
        check.eq("satp", read::<{ number::SATP }>(), root | bit);
        sfence();
        let trap = run(Mode::Supervisor, &[], &[]);
        check.trapped("a table that does not exist", &trap, Mode::Machine, cause::INSN_ACCESS);
    }
}

fn delegated_fault(check: &mut Check) {
    with_entry(0, Entry::INVALID);
    write::<{ number::MEDELEG }>(
        1 << cause::LOAD_PAGE | 1 << cause::STORE_PAGE | 1 << cause::INSN_PAGE,
    );
    for access in ACCESSES {
        for mode in [Mode::User, Mode::Supervisor] {
            let trap = access.perform(mode, VADDR + 8);
            check.trapped("page fault", &trap, Mode::Supervisor, access.page_fault());
            check.eq("stval", trap.tval, VADDR + 8);
            let spp = if mode == Mode::User { 0 } else { status::SPP };
            check.eq("SPP", trap.status & status::SPP, spp);
        }
    }
}
