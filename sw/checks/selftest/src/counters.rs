//! Counters, who may read them, and the supervisor timer.

use crate::check::{Check, Test, ours, test};
use bare::{
    encode::{A0, A1, JUMP_TO_SELF, NOP, csrr, csrs, csrw},
    guest::{Mode, run},
    machine::{clear, read, set, write},
};
use hal::{
    clint,
    csr::{INTERRUPT, MENVCFG_STCE},
    soc::{cause, csr as number, event, irq},
};

pub const TESTS: &[Test] = &[
    test("counter.mcycle", "priv 3.1.10", mcycle),
    test("counter.minstret", "priv 3.1.10", minstret),
    test("counter.inhibit", "priv 3.1.12", inhibit),
    test("counter.enable", "priv 3.1.11, 4.1.5", enable),
    test("counter.enable.bits", "priv 3.1.11, 4.1.5", enable_bits),
    test("counter.time", "unpriv 10.1; priv 3.2.1", time),
    ours("counter.hpm", "priv 3.1.10; selectors of hdl/core/isa.py", hpm),
    ours("counter.hpm.traps", "priv 3.1.10; selectors of hdl/core/isa.py", hpm_traps),
    test("sstc.pending", "Sstc 2", sstc_pending),
    test("sstc.access", "Sstc 2", sstc_access),
];

fn mcycle(check: &mut Check) {
    let first = read::<{ number::MCYCLE }>();
    check.is("mcycle to grow", read::<{ number::MCYCLE }>() > first);
    write::<{ number::MCYCLE }>(1 << 40);
    let now = read::<{ number::MCYCLE }>();
    check.is("mcycle to be writable", (1 << 40..(1 << 40) + 100_000).contains(&now));
    check.is("cycle to be its copy", read::<{ number::CYCLE }>() >= now);
}

fn minstret(check: &mut Check) {
    let code = [csrr(A0, number::MINSTRET), NOP, NOP, NOP, csrr(A1, number::MINSTRET)];
    let trap = run(Mode::Machine, &code, &[]);
    check.eq("4 instructions on", trap.registers[11] - trap.registers[10], 4);
    let code = [csrw(number::MINSTRET, A0), csrr(A0, number::MINSTRET)];
    let trap = run(Mode::Machine, &code, &[1000]);
    check.eq("the write takes effect after its own instruction", trap.a0(), 1000);
}

fn inhibit(check: &mut Check) {
    write::<{ number::MCOUNTINHIBIT }>(5);
    let held = read::<{ number::MCOUNTINHIBIT }>();
    check.eq("bit 1", held & 2, 0);
    let [cycle, instret] = [read::<{ number::MCYCLE }>(), read::<{ number::MINSTRET }>()];
    run(Mode::Machine, &[NOP; 8], &[]);
    if held & 1 != 0 {
        check.eq("mcycle stands", read::<{ number::MCYCLE }>(), cycle);
    }
    if held & 4 != 0 {
        check.eq("minstret stands", read::<{ number::MINSTRET }>(), instret);
    }
}

fn enable(check: &mut Check) {
    let counters = [number::CYCLE, number::TIME, number::INSTRET];
    for (index, counter) in counters.into_iter().enumerate() {
        for (machine, supervisor) in [(false, false), (false, true), (true, false), (true, true)] {
            let bit = 1 << index;
            write::<{ number::MCOUNTEREN }>(if machine { bit } else { 7 & !bit });
            write::<{ number::SCOUNTEREN }>(if supervisor { bit } else { 7 & !bit });
            for (mode, allowed) in [
                (Mode::Machine, true),
                (Mode::Supervisor, machine),
                (Mode::User, machine && supervisor),
            ] {
                let trap = run(mode, &[csrr(A0, counter)], &[]);
                match allowed {
                    true => check.ended("enabled counter", &trap),
                    false => {
                        check.trapped("disabled counter", &trap, Mode::Machine, cause::ILLEGAL_INSN)
                    }
                }
            }
        }
    }
}

fn enable_bits(check: &mut Check) {
    for bits in [7, 0] {
        write::<{ number::MCOUNTEREN }>(bits);
        write::<{ number::SCOUNTEREN }>(bits);
        check.eq("mcounteren", read::<{ number::MCOUNTEREN }>() & 7, bits);
        check.eq("scounteren", read::<{ number::SCOUNTEREN }>() & 7, bits);
    }
}

fn time(check: &mut Check) {
    let before = clint::mtime();
    let time = read::<{ number::TIME }>() as u64;
    let after = clint::mtime();
    // The CSR may lag the device by a tick.
    check.is("time between two reads of mtime", before <= time + 1 && time <= after);
}

fn hpm(check: &mut Check) {
    write::<{ number::MHPMEVENT3 }>(event::INSTRUCTION);
    check.eq("selector", read::<{ number::MHPMEVENT3 }>(), event::INSTRUCTION);
    let code = [csrr(A0, number::MHPMCOUNTER3), NOP, NOP, csrr(A1, number::HPMCOUNTER3)];
    let trap = run(Mode::Machine, &code, &[]);
    check.eq("instructions", trap.registers[11] - trap.registers[10], 3);
    write::<{ number::MHPMEVENT3 }>(event::NONE);
    write::<{ number::MHPMCOUNTER3 }>(77);
    run(Mode::Machine, &[NOP; 8], &[]);
    check.eq("selector 0 counts nothing", read::<{ number::MHPMCOUNTER3 }>(), 77);
}

fn hpm_traps(check: &mut Check) {
    write::<{ number::MHPMEVENT3 }>(event::TRAP_M);
    write::<{ number::MHPMEVENT3 + 1 }>(event::TRAP_S);
    write::<{ number::MHPMCOUNTER3 }>(0);
    write::<{ number::MHPMCOUNTER3 + 1 }>(0);
    run(Mode::User, &[], &[]);
    check.eq("ECALL into M", read::<{ number::MHPMCOUNTER3 }>(), 1);
    check.eq("none into S", read::<{ number::MHPMCOUNTER3 + 1 }>(), 0);
    write::<{ number::MEDELEG }>(1 << cause::ECALL_U);
    run(Mode::User, &[], &[]);
    check.eq("one more into M, from S", read::<{ number::MHPMCOUNTER3 }>(), 2);
    check.eq("one into S", read::<{ number::MHPMCOUNTER3 + 1 }>(), 1);
    write::<{ number::MHPMEVENT3 }>(event::USER_INTERRUPT);
    write::<{ number::MHPMCOUNTER3 }>(0);
    let usi = 1 << irq::USI;
    write::<{ number::MIDELEG }>(usi);
    write::<{ number::SIDELEG }>(usi);
    write::<{ number::MIE }>(usi);
    write::<{ number::USTATUS }>(1);
    run(Mode::User, &[csrs(number::UIP, A0), NOP], &[usi]);
    check.eq("user interrupt", read::<{ number::MHPMCOUNTER3 }>(), 1);
}

fn sstc_pending(check: &mut Check) {
    let stip = 1 << irq::STI;
    write::<{ number::STIMECMP }>(0);
    // The comparison may lag by some cycles.
    run(Mode::Machine, &[NOP; 16], &[]);
    check.eq("time >= stimecmp", read::<{ number::MIP }>() & stip, stip);
    write::<{ number::STIMECMP }>(usize::MAX);
    run(Mode::Machine, &[NOP; 16], &[]);
    check.eq("time < stimecmp", read::<{ number::MIP }>() & stip, 0);
    write::<{ number::MIDELEG }>(stip);
    write::<{ number::SIE }>(stip);
    write::<{ number::STIMECMP }>(read::<{ number::TIME }>() + 20);
    let trap = run(Mode::User, &[JUMP_TO_SELF], &[]);
    let sti = INTERRUPT | irq::STI;
    check.trapped("once the time has come", &trap, Mode::Supervisor, sti);
}

fn sstc_access(check: &mut Check) {
    let code = [csrr(A0, number::STIMECMP), csrw(number::STIMECMP, A0)];
    check.ended("from S", &run(Mode::Supervisor, &code, &[]));
    let trap = run(Mode::User, &code, &[]);
    check.trapped("from U", &trap, Mode::Machine, cause::ILLEGAL_INSN);
    clear::<{ number::MENVCFG }>(MENVCFG_STCE);
    let trap = run(Mode::Supervisor, &code, &[]);
    check.trapped("without STCE", &trap, Mode::Machine, cause::ILLEGAL_INSN);
    set::<{ number::MENVCFG }>(MENVCFG_STCE);
    write::<{ number::MCOUNTEREN }>(0);
    let trap = run(Mode::Supervisor, &code, &[]);
    check.trapped("without mcounteren.TM", &trap, Mode::Machine, cause::ILLEGAL_INSN);
}
