//! Access faults and misaligned atomics: fetches, loads and stores that must fail.

use crate::{
    check::{Check, Test, ours, test},
    space::data_page,
};
use bare::{
    encode::{A0, A1, A2, Amo, Load, X0, amo, ld, load, sd, store},
    guest::{Mode, code_page, enter, run},
};
use hal::soc::{BOOTROM_BASE, DRAM_BASE, DRAM_SIZE, FINISHER_BASE, UART0_BASE, cause};

pub const TESTS: &[Test] = &[
    test("exception.fetch_access", "priv 3.6, 3.1.16", fetch_access),
    test("exception.load_access", "priv 3.6, 3.1.16", load_access),
    test("exception.store_access", "priv 3.6, 3.1.16", store_access),
    ours("exception.hole_page", "priv 3.6 (attributes by page)", hole_pages),
    ours("exception.rom", "priv 3.6", rom),
    ours("exception.io", "priv 3.6.3, 3.6.4", io),
    ours("exception.amo_misaligned", "unpriv 8.2, 8.4", amo_misaligned),
];

const MODES: [Mode; 3] = [Mode::User, Mode::Supervisor, Mode::Machine];

/// An address without memory or device.
pub const HOLE: usize = 0x1800_0000;

fn fetch_access(check: &mut Check) {
    for mode in MODES {
        let trap = enter(mode, HOLE, &[]);
        check.trapped("jump into a hole", &trap, Mode::Machine, cause::INSN_ACCESS);
        check.eq("epc", trap.epc, HOLE);
        check.eq("tval", trap.tval, HOLE);
    }
}

fn load_access(check: &mut Check) {
    let lr = amo(Amo::Lr, 3, A0, A1, X0);
    for code in [ld(A0, A1), load(Load::Lbu, A0, A1, 0), load(Load::Lw, A0, A1, 0), lr] {
        for address in [HOLE, HOLE + 0x7_fff8] {
            let trap = run(Mode::Supervisor, &[code], &[77, address]);
            check.trapped("load from a hole", &trap, Mode::Machine, cause::LOAD_ACCESS);
            check.eq("tval", trap.tval, address);
            check.eq("epc", trap.epc, code_page());
            check.eq("rd", trap.a0(), 77);
        }
    }
}

fn store_access(check: &mut Check) {
    let sc = amo(Amo::Sc, 3, A0, A1, A2);
    let swap = amo(Amo::Swap, 3, A0, A1, A2);
    for code in [sd(A0, A1), store(0, A0, A1, 0), swap] {
        let trap = run(Mode::Supervisor, &[code], &[77, HOLE]);
        check.trapped("store to a hole", &trap, Mode::Machine, cause::STORE_ACCESS);
        check.eq("tval", trap.tval, HOLE);
        check.eq("rd", trap.a0(), 77);
    }
    // Without a reservation, SC may fail without looking at the address.
    let trap = run(Mode::Supervisor, &[sc], &[77, HOLE]);
    check.is("SC to a hole to fail or fault", !trap.ended || trap.a0() != 0);
}

fn hole_pages(check: &mut Check) {
    let holes =
        [0, DRAM_BASE - 8, 0x0010_1000, 0x0100_0000 - 8, 0x0201_0000, DRAM_BASE + DRAM_SIZE];
    for address in holes.into_iter().chain([1 << 32, 1 << 55, usize::MAX - 7]) {
        let trap = run(Mode::Machine, &[ld(A0, A1)], &[0, address]);
        check.trapped("load beside a device", &trap, Mode::Machine, cause::LOAD_ACCESS);
        check.eq("tval", trap.tval, address);
        let trap = run(Mode::Machine, &[sd(A0, A1)], &[0, address]);
        check.trapped("store beside a device", &trap, Mode::Machine, cause::STORE_ACCESS);
        // mepc and mtval need not hold addresses beyond those that exist.
        let trap = enter(Mode::Machine, address, &[]);
        check.trapped("jump beside a device", &trap, Mode::Machine, cause::INSN_ACCESS);
    }
}

fn rom(check: &mut Check) {
    check.ended("load", &run(Mode::Machine, &[ld(A0, A1)], &[0, BOOTROM_BASE]));
    for code in [sd(A0, A1), amo(Amo::Add, 3, A0, A1, A2)] {
        let trap = run(Mode::Machine, &[code], &[0, BOOTROM_BASE]);
        check.trapped("store", &trap, Mode::Machine, cause::STORE_ACCESS);
    }
}

fn io(check: &mut Check) {
    let trap = enter(Mode::Machine, UART0_BASE, &[]);
    check.trapped("jump to a device", &trap, Mode::Machine, cause::INSN_ACCESS);
    let trap = run(Mode::Machine, &[amo(Amo::Add, 2, A0, A1, X0)], &[0, FINISHER_BASE]);
    check.trapped("AMO on a device", &trap, Mode::Machine, cause::STORE_ACCESS);
    let trap = run(Mode::Machine, &[amo(Amo::Lr, 2, A0, A1, X0)], &[0, FINISHER_BASE]);
    check.trapped("LR on a device", &trap, Mode::Machine, cause::LOAD_ACCESS);
}

fn amo_misaligned(check: &mut Check) {
    let address = data_page(0);
    for (width, offset) in [(2, 2), (2, 1), (3, 4), (3, 1)] {
        let arguments = [0, address + offset, 1];
        let trap = run(Mode::Machine, &[amo(Amo::Lr, width, A0, A1, X0)], &arguments);
        let lr = [cause::LOAD_MISALIGNED, cause::LOAD_ACCESS].contains(&trap.cause);
        check.is("misaligned LR to fault", !trap.ended && lr);
        check.eq("tval", trap.tval, address + offset);
        for op in [Amo::Sc, Amo::Add] {
            let trap = run(Mode::Machine, &[amo(op, width, A0, A1, A2)], &arguments);
            let store = [cause::STORE_MISALIGNED, cause::STORE_ACCESS].contains(&trap.cause);
            check.is("misaligned SC or AMO to fault", !trap.ended && store);
            check.eq("tval", trap.tval, address + offset);
        }
    }
}
