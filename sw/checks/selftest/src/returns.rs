//! Trap entry and return: the stacks of interrupt enables and modes.

use crate::check::{Check, Test, ours, test};
use bare::{
    encode::{A0, A1, CsrOp, EBREAK, MRET, NOP, SRET, URET, X0, csr, csrr, csrs, csrw},
    guest::{Mode, code_page, run},
    machine::{clear, read, set, write},
};
use hal::{
    csr::status,
    soc::{cause, csr as number, irq},
};

pub const TESTS: &[Test] = &[
    test("trap.entry.m", "priv 3.1.6.1", entry_machine),
    test("trap.entry.s", "priv 3.1.6.1, 4.1.1", entry_supervisor),
    test("mret", "priv 3.1.6.1, 3.3.2", mret),
    test("mret.mprv", "priv 3.1.6.3", mret_mprv),
    test("sret", "priv 3.1.6.1, 3.3.2", sret),
    test("sret.mprv", "priv 3.1.6.3", sret_mprv),
    test("sret.in_m", "priv 3.3.2", sret_in_machine),
    ours("uret", "N-5.4", uret),
    ours("uret.outside_u", "N-5.5", uret_outside),
    ours("uret.hidden", "N-2.5", uret_hidden),
];

/// Address of a guest's word `index`.
fn at(index: usize) -> usize {
    code_page() + 4 * index
}

fn entry_machine(check: &mut Check) {
    use status::*;
    for mode in [Mode::User, Mode::Supervisor, Mode::Machine] {
        // MRET sets MIE from MPIE; the trap then sets MPIE from MIE.
        for enabled in [0, MPIE] {
            clear::<{ number::MSTATUS }>(MPIE);
            set::<{ number::MSTATUS }>(enabled);
            let trap = run(mode, &[NOP], &[]);
            check.eq("MPP", trap.status >> MPP_SHIFT & 3, mode as usize);
            check.eq("MIE", trap.status & MIE, 0);
            check.eq("MPIE", trap.status & MPIE, enabled);
        }
    }
}

fn entry_supervisor(check: &mut Check) {
    use status::*;
    write::<{ number::MEDELEG }>(1 << cause::BREAKPOINT);
    for (mode, spp) in [(Mode::User, 0), (Mode::Supervisor, SPP)] {
        for (enabled, kept) in [(SIE, SPIE), (0, 0)] {
            clear::<{ number::MSTATUS }>(SIE | SPIE | SPP);
            set::<{ number::MSTATUS }>(enabled);
            let trap = run(mode, &[NOP, EBREAK], &[]);
            check.trapped("ebreak", &trap, Mode::Supervisor, cause::BREAKPOINT);
            check.eq("SPP", trap.status & SPP, spp);
            check.eq("SIE", trap.status & SIE, 0);
            check.eq("SPIE", trap.status & SPIE, kept);
            check.eq("sepc", trap.epc, at(1));
            check.eq("slot", trap.slot, 0);
        }
    }
}

/// A guest in M-mode that returns with `MPP` = `mode` and ends after reading the status it can see.
fn mret_to(mode: Mode, more: usize) -> bare::guest::Trap {
    let code = [csrw(number::MSTATUS, A0), csrw(number::MEPC, A1), MRET, EBREAK, NOP];
    let mstatus = (mode as usize) << status::MPP_SHIFT | more;
    run(Mode::Machine, &code, &[mstatus, at(4)])
}

fn mret(check: &mut Check) {
    use status::*;
    for mode in [Mode::User, Mode::Supervisor, Mode::Machine] {
        for more in [0, MPIE] {
            // The next trap shows the mode in MPP, and MIE in MPIE.
            let trap = mret_to(mode, more);
            check.eq("arrives at mepc in MPP", trap.cause, cause::ECALL_U + mode as usize);
            check.eq("epc", trap.epc, at(5));
            check.eq("MIE from MPIE", trap.status & MPIE, more);
        }
    }
    // MPIE = 1 and MPP = U after MRET: seen by M-mode code that returned to itself.
    let code = [
        csrw(number::MSTATUS, A0),
        csrw(number::MEPC, A1),
        MRET,
        EBREAK,
        csrr(A0, number::MSTATUS),
    ];
    let mstatus = 3 << MPP_SHIFT;
    let trap = run(Mode::Machine, &code, &[mstatus, at(4)]);
    check.eq("MPP afterwards", trap.a0() & MPP, 0);
    check.eq("MPIE afterwards", trap.a0() & MPIE, MPIE);
}

fn mret_mprv(check: &mut Check) {
    use status::*;
    for mode in [Mode::User, Mode::Supervisor] {
        let trap = mret_to(mode, MPRV);
        check.eq("MPRV after MRET to a lower mode", trap.status & MPRV, 0);
    }
    let trap = mret_to(Mode::Machine, MPRV);
    check.eq("MPRV after MRET to M", trap.status & MPRV, MPRV);
}

fn sret(check: &mut Check) {
    use status::*;
    for (spp, arrives) in [(0, cause::ECALL_U), (SPP, cause::ECALL_S)] {
        for (spie, sie) in [(SPIE, SIE), (0, 0)] {
            let code = [csrs(number::SSTATUS, A0), csrw(number::SEPC, A1), SRET, EBREAK, NOP];
            clear::<{ number::MSTATUS }>(SIE | SPIE | SPP);
            let trap = run(Mode::Supervisor, &code, &[spp | spie, at(4)]);
            check.eq("arrives at sepc in SPP", trap.cause, arrives);
            check.eq("epc", trap.epc, at(5));
            check.eq("SIE from SPIE", trap.status & SIE, sie);
            check.eq("SPIE afterwards", trap.status & SPIE, SPIE);
            check.eq("SPP afterwards", trap.status & SPP, 0);
        }
    }
}

/// A guest in M-mode that does SRET to the mode of `spp`, with MPRV set.
fn sret_from_machine(spp: usize) -> bare::guest::Trap {
    let code = [csrw(number::MSTATUS, A0), csrw(number::SEPC, A1), SRET, EBREAK, NOP];
    run(Mode::Machine, &code, &[spp | status::MPRV | status::MPP, at(4)])
}

fn sret_mprv(check: &mut Check) {
    let trap = sret_from_machine(status::SPP);
    check.eq("MPRV after SRET", trap.status & status::MPRV, 0);
}

fn sret_in_machine(check: &mut Check) {
    set::<{ number::MSTATUS }>(status::TSR);
    check.eq("to U", sret_from_machine(0).cause, cause::ECALL_U);
    check.eq("to S", sret_from_machine(status::SPP).cause, cause::ECALL_S);
}

fn uret(check: &mut Check) {
    use status::*;
    write::<{ number::SIDELEG }>(1 << irq::USI);
    for (upie, uie) in [(UPIE, UIE), (0, 0)] {
        let code = [csrw(number::USTATUS, A0), csrw(number::UEPC, A1), URET, EBREAK, NOP];
        let trap = run(Mode::User, &code, &[upie, at(4)]);
        check.eq("arrives at uepc in U", trap.cause, cause::ECALL_U);
        check.eq("epc", trap.epc, at(5));
        check.eq("UIE from UPIE, UPIE 1", read::<{ number::USTATUS }>(), uie | UPIE);
    }
}

fn uret_hidden(check: &mut Check) {
    write::<{ number::USTATUS }>(status::UPIE);
    write::<{ number::UEPC }>(at(4));
    let trap = run(Mode::User, &[NOP, URET, NOP, NOP, NOP], &[]);
    check.trapped("nothing delegated", &trap, Mode::Machine, cause::ILLEGAL_INSN);
    check.eq("epc", trap.epc, at(1));
    check.eq("tval", trap.tval, URET as usize);
    check.eq("ustatus untouched", read::<{ number::USTATUS }>(), status::UPIE);
}

fn uret_outside(check: &mut Check) {
    for mode in [Mode::Supervisor, Mode::Machine] {
        let code = [csr(CsrOp::Rwi, X0, number::USTATUS, status::UPIE as u32), URET];
        let trap = run(mode, &code, &[]);
        check.trapped("uret", &trap, Mode::Machine, cause::ILLEGAL_INSN);
        check.eq("ustatus untouched", read::<{ number::USTATUS }>(), status::UPIE);
    }
}
