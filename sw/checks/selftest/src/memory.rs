//! Loads and stores of every width and alignment, and instruction memory.

use crate::{
    check::{Check, Test, ours, test},
    space::{self, data_page, peek, poke},
};
use bare::{
    encode::{A0, A1, A2, FENCE, FENCE_I, Load, NOP, X0, addi, load, sd, store},
    guest::{Mode, code_page, run},
};
use hal::soc::cause;
use sv39::{Flags, PAGE};

pub const TESTS: &[Test] = &[
    test("memory.widths", "unpriv 2.6", widths),
    ours("memory.misaligned_load", "unpriv 2.6 (in hardware)", misaligned_load),
    ours("memory.misaligned_store", "unpriv 2.6 (in hardware)", misaligned_store),
    ours("memory.misaligned_fault", "priv 3.1.16", misaligned_fault),
    test("memory.forwarding", "unpriv 14 (a hart sees its own stores)", forwarding),
    test("memory.fence_i", "unpriv 3", fence_i),
    test("memory.fence", "unpriv 2.7", fences),
    test("memory.fetch_crossing", "unpriv 16; priv 3.1.16", fetch_crossing),
];

const PATTERN: [usize; 2] = [0x8786_8584_8382_8180, 0xf7f6_f5f4_f3f2_f1f0];

/// `width` bytes at `offset` of [`PATTERN`], as a load with or without sign returns them.
fn expected(offset: usize, width: usize, signed: bool) -> usize {
    let wide = u128::from(PATTERN[1] as u64) << 64 | u128::from(PATTERN[0] as u64);
    let unused = 64 - 8 * width as u32;
    let value = ((wide >> (8 * offset)) as u64) << unused;
    if signed { ((value as i64) >> unused) as usize } else { (value >> unused) as usize }
}

const LOADS: [(Load, usize, bool); 7] = [
    (Load::Lb, 1, true),
    (Load::Lh, 2, true),
    (Load::Lw, 4, true),
    (Load::Ld, 8, true),
    (Load::Lbu, 1, false),
    (Load::Lhu, 2, false),
    (Load::Lwu, 4, false),
];

fn check_load(
    check: &mut Check,
    base: usize,
    offset: usize,
    (kind, width, signed): (Load, usize, bool),
) {
    let trap = run(Mode::User, &[load(kind, A0, A1, 0)], &[0, base + offset]);
    check.ended("load", &trap);
    check.eq("loaded", trap.a0(), expected(offset, width, signed));
}

fn widths(check: &mut Check) {
    let base = data_page(0) + 64;
    poke(base, PATTERN[0]);
    poke(base + 8, PATTERN[1]);
    for kind in LOADS {
        for offset in (0..8).step_by(kind.1) {
            check_load(check, base, offset, kind);
        }
    }
    check_stores(check, base, true);
}

/// Stores of all widths at all offsets from `base`, aligned or misaligned ones.
fn check_stores(check: &mut Check, base: usize, aligned: bool) {
    const VALUE: usize = 0x1122_3344_5566_7788;
    for width_log2 in 0..4 {
        let width = 1usize << width_log2;
        for offset in (0..8).filter(|offset| (offset % width == 0) == aligned) {
            poke(base, PATTERN[0]);
            poke(base + 8, PATTERN[1]);
            let code = [store(width_log2 as u32, A0, A1, 0)];
            check.ended("store", &run(Mode::User, &code, &[VALUE, base + offset]));
            let mask = (u128::MAX >> (128 - 8 * width)) << (8 * offset);
            let before = u128::from(PATTERN[1] as u64) << 64 | u128::from(PATTERN[0] as u64);
            let after = before & !mask | (VALUE as u128) << (8 * offset) & mask;
            check.eq("low", peek(base), after as u64 as usize);
            check.eq("high", peek(base + 8), (after >> 64) as u64 as usize);
        }
    }
}

/// Within a cache line, across two, across two pages.
fn bases() -> [usize; 3] {
    [data_page(0) + 64, data_page(0) + 120, data_page(1) - 8]
}

fn misaligned_load(check: &mut Check) {
    for base in bases() {
        poke(base, PATTERN[0]);
        poke(base + 8, PATTERN[1]);
        for kind in LOADS {
            for offset in (0..8).filter(|offset| offset % kind.1 != 0) {
                check_load(check, base, offset, kind);
            }
        }
    }
}

fn misaligned_store(check: &mut Check) {
    for base in bases() {
        check_stores(check, base, false);
    }
}

fn misaligned_fault(check: &mut Check) {
    // Two virtual pages; only the first is mapped.
    const VADDR: usize = 0x40_0000;
    let mut space = space::new(0);
    let flags = space::RWX | Flags::USER;
    space.map(VADDR, data_page(0), 0, flags).expect("nothing is there");
    space::select(&space, 0);
    let last = data_page(0) + PAGE - 8;
    poke(last, PATTERN[0]);
    for offset in 1..8 {
        let address = VADDR + PAGE - offset;
        let trap = space::run(Mode::User, &[load(Load::Ld, A0, A1, 0)], &[5, address]);
        check.trapped("load", &trap, Mode::Machine, cause::LOAD_PAGE);
        check.eq("tval: the part that faulted", trap.tval, VADDR + PAGE);
        check.eq("rd", trap.a0(), 5);
        let trap = space::run(Mode::User, &[sd(X0, A1)], &[0, address]);
        check.trapped("store", &trap, Mode::Machine, cause::STORE_PAGE);
        check.eq("tval: the part that faulted", trap.tval, VADDR + PAGE);
        check.eq("nothing written", peek(last), PATTERN[0]);
    }
}

fn forwarding(check: &mut Check) {
    let base = data_page(0) + 256;
    for lag in 0..4 {
        poke(base, PATTERN[0]);
        let mut code = [NOP; 8];
        code[0] = store(3, A2, A1, 0);
        code[1] = store(0, X0, A1, 3);
        code[2 + lag] = load(Load::Ld, A0, A1, 0);
        let trap = run(Mode::User, &code, &[0, base, PATTERN[1]]);
        check.eq("dword and byte stored, dword loaded", trap.a0(), PATTERN[1] & !0xff00_0000);
    }
}

fn fence_i(check: &mut Check) {
    // The guest replaces its third instruction after it has run it once.
    let target = code_page() + 12;
    for value in 1..4 {
        let new = addi(A0, X0, value);
        let code = [store(2, A2, A1, 0), FENCE_I, NOP, addi(A0, X0, 0)];
        check.ended(
            "first run",
            &run(Mode::Supervisor, &code, &[9, target, addi(A0, X0, 0) as usize]),
        );
        let trap = run(Mode::Supervisor, &code, &[9, target, new as usize]);
        check.eq("the new instruction is executed", trap.a0(), value as usize);
    }
}

fn fences(check: &mut Check) {
    const FENCE_TSO: u32 = 0x8330_000f;
    const PAUSE: u32 = 0x0100_000f;
    for fence in [FENCE, FENCE_TSO, PAUSE, FENCE | 5 << 15 | 6 << 7, 0x0000_000f] {
        check.ended("fence, reserved fields ignored", &run(Mode::User, &[fence], &[]));
    }
}

fn fetch_crossing(check: &mut Check) {
    // A 4-byte instruction across two pages. The second page is missing at first.
    const VADDR: usize = 0x40_0000;
    let mut space = space::new(0);
    let flags = space::RWX | Flags::USER;
    space.map(VADDR, data_page(0), 0, flags).expect("nothing is there");
    space::select(&space, 0);
    let insn = addi(A0, X0, 42) as usize;
    poke(data_page(0) + PAGE - 8, insn << 48 | 0x0001_0001_0001);
    poke(data_page(1), insn >> 16 | (bare::encode::ECALL as usize) << 16);
    riscv::asm::fence_i();
    let pc = VADDR + PAGE - 2;
    let trap = bare::guest::enter(Mode::User, pc, &[0]);
    check.trapped("second half", &trap, Mode::Machine, cause::INSN_PAGE);
    check.eq("epc", trap.epc, pc);
    check.eq("tval: the part that faulted", trap.tval, VADDR + PAGE);
    space.map(VADDR + PAGE, data_page(1), 0, flags).expect("nothing is there");
    space::select(&space, 0);
    let trap = bare::guest::enter(Mode::User, pc, &[0]);
    check.trapped("ecall behind it", &trap, Mode::Machine, cause::ECALL_U);
    check.eq("executed", trap.a0(), 42);
}
