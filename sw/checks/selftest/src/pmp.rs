//! Physical memory protection.

use crate::{
    check::{Check, Test, ours, test},
    space::{self, RWX, data_page, poke},
};
use bare::{
    encode::{A0, A1, ECALL, Load, X0, csrc, csrs, jalr, ld, load, sd},
    guest::{Mode, Trap, run},
    machine::{OPEN_PMP_ENTRY, PMP_OPEN, read, write},
};
use hal::{
    csr::status,
    soc::{cause, csr as number},
};
use sv39::{Flags, PAGE};

pub const TESTS: &[Test] = &[
    test("pmp.registers", "priv 3.7.1", registers),
    ours("pmp.beyond_memory", "priv 3.7.1", beyond_memory),
    ours("pmp.upper_entries", "priv 3.7 (0, 16 or 64 entries have CSRs)", upper_entries),
    ours("pmp.grain", "priv 3.7.1 (granularity 4 KiB)", grain),
    test("pmp.no_match", "priv 3.7.1", no_match),
    test("pmp.permissions", "priv 3.7.1", permissions),
    test("pmp.machine_unlocked", "priv 3.7.1", machine_unlocked),
    test("pmp.tor", "priv 3.7.1", top_of_range),
    test("pmp.priority", "priv 3.7.1", priority),
    test("pmp.straddle", "priv 3.7.1", straddle),
    test("pmp.mprv", "priv 3.1.6.3, 3.7.1", mprv),
    test("pmp.page_table", "priv 3.7.2", page_table),
    test("pmp.translated", "priv 3.7.2", translated),
];

/// This runs last: what it locks stays locked until reset.
pub const LOCKING: &[Test] = &[test("pmp.lock", "priv 3.7.1", lock)];

/// Configuration of entries 8 to 15.
const PMPCFG2: u16 = number::PMPCFG0 + 2;
const READ: usize = 1;
const WRITE: usize = 2;
const EXECUTE: usize = 4;
const TOR: usize = 1 << 3;
const NAPOT: usize = 3 << 3;
const LOCKED: usize = 1 << 7;

/// `pmpaddr` of the NAPOT region of one page.
fn page(address: usize) -> usize {
    address >> 2 | (PAGE / 8 - 1)
}

/// `pmpcfg0` with these first entries, followed by the open entry.
fn configure(entries: &[usize]) {
    let own = entries.iter().enumerate().fold(0, |all, (index, entry)| all | entry << (8 * index));
    write::<{ number::PMPCFG0 }>(own | PMP_OPEN << (8 * OPEN_PMP_ENTRY));
    bare::machine::sfence();
}

fn registers(check: &mut Check) {
    write::<{ number::PMPCFG0 }>(0);
    for address in [usize::MAX >> 10, 0x2000_03ff] {
        write::<{ number::PMPADDR0 }>(address);
        write::<{ number::PMPCFG0 }>(NAPOT | READ);
        let held = read::<{ number::PMPADDR0 }>();
        check.is("high bits to read 0", held >> 54 == 0);
        check.eq("implemented bits", held & 0x3fff_fe00, address & 0x3fff_fe00);
        write::<{ number::PMPCFG0 }>(0);
    }
    let ones = 0x1f1f_1f1f_1f1f_1f1f;
    write::<{ number::PMPCFG0 }>(ones);
    check.eq("eight entries", read::<{ number::PMPCFG0 }>(), ones);
    configure(&[]);
}

fn beyond_memory(check: &mut Check) {
    // A region outside physical memory must not close or open one inside.
    let address = data_page(0);
    for bit in 33..56 {
        write::<{ number::PMPADDR0 }>(page(1 << bit | address));
        configure(&[NAPOT]);
        check.ended("region", &run(Mode::User, &[ld(A0, A1)], &[0, address]));
        // From the lower bound up, which is above all memory.
        write::<{ number::PMPADDR0 }>((1 << bit | address) >> 2);
        write::<{ number::PMPADDR0 + 1 }>(usize::MAX);
        configure(&[0, TOR]);
        check.ended("lower bound", &run(Mode::User, &[ld(A0, A1)], &[0, address]));
        // All memory lies below the upper bound.
        write::<{ number::PMPADDR0 }>(1 << bit >> 2);
        configure(&[TOR]);
        let trap = run(Mode::User, &[ld(A0, A1)], &[0, address]);
        check.trapped("upper bound", &trap, Mode::Machine, cause::INSN_ACCESS);
    }
    configure(&[]);
}

/// Entries 8 to 15 either do not exist and read 0, or work as the others do.
fn upper_entries(check: &mut Check) {
    const LAST: u16 = 15;
    let closed = data_page(0);
    write::<{ number::PMPADDR0 + LAST }>(usize::MAX);
    write::<{ number::PMPADDR0 + LAST - 1 }>(page(closed));
    write::<{ PMPCFG2 }>(PMP_OPEN << 56 | NAPOT << 48);
    if read::<{ PMPCFG2 }>() == 0 {
        check.eq("pmpaddr15", read::<{ number::PMPADDR0 + LAST }>(), 0);
        return;
    }
    check.eq("pmpcfg2", read::<{ PMPCFG2 }>(), PMP_OPEN << 56 | NAPOT << 48);
    write::<{ number::PMPCFG0 }>(0);
    bare::machine::sfence();
    for (address, open) in [(closed, false), (data_page(1), true)] {
        let trap = run(Mode::User, &[ld(A0, A1)], &[0, address]);
        if open {
            check.ended("another page", &trap);
        } else {
            check.trapped("entry 14", &trap, Mode::Machine, cause::LOAD_ACCESS);
        }
    }
    configure(&[]);
    check.ended("entry 7 comes first", &run(Mode::User, &[ld(A0, A1)], &[0, closed]));
    write::<{ PMPCFG2 }>(0);
    bare::machine::sfence();
}

fn grain(check: &mut Check) {
    write::<{ number::PMPCFG0 }>(0);
    write::<{ number::PMPADDR0 }>(usize::MAX);
    check.eq("OFF: bits below the grain", read::<{ number::PMPADDR0 }>() & 0x7ff, 0x400);
    write::<{ number::PMPCFG0 }>(NAPOT);
    check.eq("NAPOT: bits below the grain", read::<{ number::PMPADDR0 }>() & 0x7ff, 0x7ff);
    write::<{ number::PMPADDR0 }>(0);
    check.eq("NAPOT: always at least a page", read::<{ number::PMPADDR0 }>() & 0x7ff, 0x1ff);
    write::<{ number::PMPCFG0 }>(2 << 3);
    check.is("NA4 not to be selectable", read::<{ number::PMPCFG0 }>() & NAPOT != 2 << 3);
    configure(&[]);
}

fn no_match(check: &mut Check) {
    write::<{ number::PMPCFG0 }>(0);
    bare::machine::sfence();
    check.ended("M-mode", &run(Mode::Machine, &[], &[]));
    for mode in [Mode::Supervisor, Mode::User] {
        let trap = run(mode, &[], &[]);
        check.trapped("no entry matches", &trap, Mode::Machine, cause::INSN_ACCESS);
    }
}

/// Whether load, store and fetch work at `address`.
fn rights(mode: Mode, address: usize) -> usize {
    let mut rights = 0;
    for (code, right, fault) in [
        (ld(A0, A1), READ, cause::LOAD_ACCESS),
        (sd(A0, A1), WRITE, cause::STORE_ACCESS),
        (jalr(X0, A1, 0), EXECUTE, cause::INSN_ACCESS),
    ] {
        let trap: Trap = run(mode, &[code], &[ECALL as usize, address]);
        if trap.cause != fault || trap.tval != address {
            rights |= right;
        }
    }
    rights
}

/// The six combinations that are not reserved.
const RIGHTS: [usize; 6] = [0, READ, READ | WRITE, EXECUTE, READ | EXECUTE, READ | WRITE | EXECUTE];

fn prepare() -> usize {
    let address = data_page(0);
    poke(address, ECALL as usize);
    riscv::asm::fence_i();
    address
}

fn permissions(check: &mut Check) {
    let address = prepare();
    write::<{ number::PMPADDR0 }>(page(address));
    for given in RIGHTS {
        configure(&[NAPOT | given]);
        for mode in [Mode::Supervisor, Mode::User] {
            check.eq("first dword", rights(mode, address), given);
            check.eq("last dword", rights(mode, address + PAGE - 8) & READ, given & READ);
            check.ended("before the page", &run(mode, &[ld(A0, A1)], &[0, address - 8]));
            check.ended("behind the page", &run(mode, &[ld(A0, A1)], &[0, address + PAGE]));
        }
    }
}

fn machine_unlocked(check: &mut Check) {
    let address = prepare();
    write::<{ number::PMPADDR0 }>(page(address));
    configure(&[NAPOT]);
    check.eq("M-mode is free", rights(Mode::Machine, address), READ | WRITE | EXECUTE);
}

fn top_of_range(check: &mut Check) {
    let address = prepare();
    write::<{ number::PMPADDR0 }>(address >> 2);
    write::<{ number::PMPADDR0 + 1 }>((address + 2 * PAGE) >> 2);
    configure(&[0, TOR | READ]);
    check.eq("first page", rights(Mode::User, address), READ);
    check.eq("second page", rights(Mode::User, address + PAGE), READ);
    for outside in [address - 8, address + 2 * PAGE] {
        check.ended("outside", &run(Mode::User, &[ld(A0, A1), sd(A0, A1)], &[0, outside]));
    }
    write::<{ number::PMPADDR0 + 1 }>(address >> 2);
    configure(&[0, TOR]);
    check.eq("empty range", rights(Mode::User, address), READ | WRITE | EXECUTE);
}

fn priority(check: &mut Check) {
    let address = prepare();
    let both = address / (2 * PAGE) * (2 * PAGE);
    write::<{ number::PMPADDR0 }>(page(address));
    write::<{ number::PMPADDR0 + 1 }>(both >> 2 | (2 * PAGE / 8 - 1));
    configure(&[NAPOT | READ, NAPOT]);
    check.eq("the lowest entry decides", rights(Mode::User, address), READ);
    let other = both + PAGE - (address - both);
    check.eq("the next one elsewhere", rights(Mode::User, other), 0);
}

fn straddle(check: &mut Check) {
    // Some bytes match an entry that denies, the others one that allows.
    let address = prepare();
    write::<{ number::PMPADDR0 }>(page(address));
    configure(&[NAPOT]);
    for start in [address - 4, address + PAGE - 4] {
        let trap = run(Mode::User, &[load(Load::Ld, A0, A1, 0)], &[0, start]);
        check.trapped("load", &trap, Mode::Machine, cause::LOAD_ACCESS);
        let trap = run(Mode::User, &[sd(A0, A1)], &[0, start]);
        check.trapped("store", &trap, Mode::Machine, cause::STORE_ACCESS);
    }
}

fn mprv(check: &mut Check) {
    let address = prepare();
    write::<{ number::PMPADDR0 }>(page(address));
    configure(&[NAPOT]);
    let code = [csrc(number::MSTATUS, 12), csrs(number::MSTATUS, A0), ld(A0, A1)];
    let user = [status::MPRV, address, status::MPP];
    let trap = run(Mode::Machine, &code, &user);
    check.trapped("load as U", &trap, Mode::Machine, cause::LOAD_ACCESS);
}

fn page_table(check: &mut Check) {
    const VADDR: usize = 0x40_0000;
    let mut space = space::new(0);
    space.map(VADDR, data_page(0), 0, RWX | Flags::USER).expect("nothing is there");
    space::select(&space, 0);
    check.ended("open", &space::run(Mode::User, &[ld(A0, A1)], &[0, VADDR]));
    let leaf = space.entry(VADDR, 0).expect("there") as *const _ as usize;
    write::<{ number::PMPADDR0 }>(page(leaf / PAGE * PAGE));
    configure(&[NAPOT]);
    let trap = space::run(Mode::User, &[ld(A0, A1)], &[0, VADDR]);
    check.trapped("closed table", &trap, Mode::Machine, cause::LOAD_ACCESS);
    check.eq("tval", trap.tval, VADDR);
    configure(&[NAPOT | READ]);
    check.ended("readable table", &space::run(Mode::User, &[ld(A0, A1)], &[0, VADDR]));
}

fn translated(check: &mut Check) {
    const VADDR: usize = 0x40_0000;
    let mut space = space::new(0);
    space.map(VADDR, prepare(), 0, RWX | Flags::USER).expect("nothing is there");
    space::select(&space, 0);
    write::<{ number::PMPADDR0 }>(page(data_page(0)));
    for (given, sound) in [(READ, true), (0, false)] {
        configure(&[NAPOT | given]);
        let trap = space::run(Mode::User, &[ld(A0, A1)], &[0, VADDR]);
        check.is("load to follow the entry", trap.ended == sound);
        let trap = space::run(Mode::User, &[sd(A0, A1)], &[0, VADDR]);
        check.trapped("store", &trap, Mode::Machine, cause::STORE_ACCESS);
        check.eq("tval", trap.tval, VADDR);
    }
}

fn lock(check: &mut Check) {
    // Entry 6 before entry 7, which is open: both are free in all other tests.
    const SHIFT: usize = 8 * 6;
    let address = prepare();
    write::<{ number::PMPADDR0 + 6 }>(page(address));
    let config = PMP_OPEN << (8 * OPEN_PMP_ENTRY) | (LOCKED | NAPOT | READ) << SHIFT;
    write::<{ number::PMPCFG0 }>(config);
    bare::machine::sfence();
    for mode in [Mode::Machine, Mode::Supervisor, Mode::User] {
        check.eq("rights in all modes", rights(mode, address), READ);
    }
    write::<{ number::PMPCFG0 }>(PMP_OPEN << (8 * OPEN_PMP_ENTRY));
    check.eq("configuration stays", read::<{ number::PMPCFG0 }>(), config);
    write::<{ number::PMPADDR0 + 6 }>(0);
    check.eq("address stays", read::<{ number::PMPADDR0 + 6 }>() & !0x1ff, page(address) & !0x1ff);
}
