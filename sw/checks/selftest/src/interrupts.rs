//! Interrupts of M- and S-mode: enables, delegation, priority, vectors, WFI.

use crate::check::{Check, Test, ours, test};
use bare::{
    encode::{A0, JUMP_TO_SELF, NOP, WFI, csrr, csrs, csrw},
    guest::{Mode, catch, code_page, run, vectors},
    machine::{clear, read, set, write},
};
use hal::{
    clint,
    csr::{INTERRUPT, status},
    soc::{csr as number, irq},
};

pub const TESTS: &[Test] = &[
    test("interrupt.machine", "priv 3.1.9", machine),
    test("interrupt.machine.disabled", "priv 3.1.6.1, 3.1.9", machine_disabled),
    test("interrupt.supervisor.not_delegated", "priv 3.1.9", not_delegated),
    test("interrupt.supervisor", "priv 3.1.8, 3.1.9, 4.1.3", supervisor),
    test("interrupt.supervisor.not_in_m", "priv 3.1.8", not_in_machine),
    test("interrupt.priority", "priv 3.1.9", priority),
    test("interrupt.vectored.m", "priv 3.1.7", vectored_machine),
    test("interrupt.vectored.s", "priv 4.1.2", vectored_supervisor),
    test("interrupt.csr_write", "priv 3.1.6.1, 3.1.9", after_csr_write),
    test("interrupt.sret", "priv 3.1.6.1", at_sret),
    test("clint.timer", "priv 3.2.1", timer),
    test("wfi.wakes", "priv 3.3.3", wfi_wakes),
    test("wfi.interrupted", "priv 3.3.3", wfi_interrupted),
    ours("wfi.user_pending", "N-4.8", wfi_user_pending),
];

const SUPERVISOR: [usize; 3] = [irq::SEI, irq::SSI, irq::STI];

/// Makes an M- or S-mode interrupt pending, if software can.
fn raise(cause: usize) {
    match cause {
        irq::MSI => clint::set_msip(0, true),
        irq::MTI => clint::set_mtimecmp(0, 0),
        irq::STI => write::<{ number::STIMECMP }>(0),
        _ => set::<{ number::MIP }>(1 << cause),
    }
    // The lines take some cycles from the devices.
    while read::<{ number::MIP }>() >> cause & 1 == 0 {}
}

fn machine(check: &mut Check) {
    for cause in [irq::MSI, irq::MTI] {
        bare::machine::reset();
        write::<{ number::MIE }>(1 << cause);
        raise(cause);
        for (mode, enable) in
            [(Mode::Machine, status::MPIE), (Mode::Supervisor, 0), (Mode::User, 0)]
        {
            clear::<{ number::MSTATUS }>(status::MPIE);
            set::<{ number::MSTATUS }>(enable);
            let trap = run(mode, &[NOP, NOP], &[]);
            check.trapped("taken", &trap, Mode::Machine, INTERRUPT | cause);
            check.eq("before the first instruction", trap.epc, code_page());
            check.eq("tval", trap.tval, 0);
            check.eq("MPP", trap.status >> status::MPP_SHIFT & 3, mode as usize);
        }
    }
}

fn machine_disabled(check: &mut Check) {
    for cause in [irq::MSI, irq::MTI] {
        bare::machine::reset();
        raise(cause);
        for mode in [Mode::Machine, Mode::Supervisor, Mode::User] {
            set::<{ number::MSTATUS }>(status::MPIE);
            check.ended("mie 0", &run(mode, &[NOP; 8], &[]));
        }
        write::<{ number::MIE }>(1 << cause);
        clear::<{ number::MSTATUS }>(status::MPIE);
        check.ended("MIE 0 in M", &run(Mode::Machine, &[NOP; 8], &[]));
    }
}

fn not_delegated(check: &mut Check) {
    for cause in SUPERVISOR {
        bare::machine::reset();
        write::<{ number::MIE }>(1 << cause);
        raise(cause);
        for mode in [Mode::User, Mode::Supervisor] {
            let trap = run(mode, &[NOP], &[]);
            check.trapped("to M", &trap, Mode::Machine, INTERRUPT | cause);
        }
        check.ended("MIE 0 in M", &run(Mode::Machine, &[NOP; 8], &[]));
        set::<{ number::MSTATUS }>(status::MPIE);
        let trap = run(Mode::Machine, &[NOP], &[]);
        check.trapped("to M from M", &trap, Mode::Machine, INTERRUPT | cause);
    }
}

fn supervisor(check: &mut Check) {
    for cause in SUPERVISOR {
        bare::machine::reset();
        write::<{ number::MIE }>(1 << cause);
        write::<{ number::MIDELEG }>(1 << cause);
        raise(cause);
        let trap = run(Mode::User, &[NOP], &[]);
        check.trapped("from U", &trap, Mode::Supervisor, INTERRUPT | cause);
        check.eq("sepc", trap.epc, code_page());
        check.eq("stval", trap.tval, 0);
        check.ended("SIE 0 in S", &run(Mode::Supervisor, &[NOP; 8], &[]));
        set::<{ number::MSTATUS }>(status::SIE);
        let trap = run(Mode::Supervisor, &[NOP], &[]);
        check.trapped("SIE 1 in S", &trap, Mode::Supervisor, INTERRUPT | cause);
    }
}

fn not_in_machine(check: &mut Check) {
    for cause in SUPERVISOR {
        bare::machine::reset();
        write::<{ number::MIE }>(1 << cause);
        write::<{ number::MIDELEG }>(1 << cause);
        set::<{ number::MSTATUS }>(status::MPIE | status::SIE);
        raise(cause);
        check.ended("delegated, in M", &run(Mode::Machine, &[NOP; 8], &[]));
    }
}

fn priority(check: &mut Check) {
    // Highest first: with all of them pending, each is taken once those above it are masked.
    let order = [irq::MSI, irq::MTI, irq::SEI, irq::SSI, irq::STI];
    for cause in order {
        raise(cause);
    }
    let mut enabled = order.iter().fold(0, |all, cause| all | 1 << cause);
    for cause in order {
        write::<{ number::MIE }>(enabled);
        let trap = run(Mode::User, &[NOP], &[]);
        check.trapped("highest first", &trap, Mode::Machine, INTERRUPT | cause);
        enabled &= !(1 << cause);
    }
    // Interrupts for M-mode come before those for S-mode.
    write::<{ number::MIDELEG }>(1 << irq::SEI);
    write::<{ number::MIE }>(1 << irq::SEI | 1 << irq::SSI);
    let trap = run(Mode::User, &[NOP], &[]);
    check.trapped("M before S", &trap, Mode::Machine, INTERRUPT | irq::SSI);
}

fn vectored_machine(check: &mut Check) {
    write::<{ number::MTVEC }>(vectors() | 1);
    for cause in [irq::MSI, irq::SSI, irq::SEI] {
        write::<{ number::MIE }>(1 << cause);
        raise(cause);
        let trap = run(Mode::User, &[NOP], &[]);
        check.trapped("taken", &trap, Mode::Machine, INTERRUPT | cause);
        check.eq("base + 4 * cause", trap.slot, cause);
    }
    write::<{ number::MIE }>(0);
    check.eq("exception at base", run(Mode::User, &[], &[]).slot, 0);
}

fn vectored_supervisor(check: &mut Check) {
    write::<{ number::STVEC }>(catch() | 1);
    write::<{ number::MIDELEG }>(0x222);
    for cause in SUPERVISOR {
        write::<{ number::MIE }>(1 << cause);
        raise(cause);
        let trap = run(Mode::User, &[NOP], &[]);
        check.trapped("taken", &trap, Mode::Supervisor, INTERRUPT | cause);
        check.eq("base + 4 * cause", trap.slot, cause);
    }
    write::<{ number::MIE }>(0);
    write::<{ number::MEDELEG }>(1 << hal::soc::cause::BREAKPOINT);
    let trap = run(Mode::User, &[bare::encode::EBREAK], &[]);
    check.eq("exception at base", trap.slot, 0);
}

fn after_csr_write(check: &mut Check) {
    write::<{ number::MIE }>(1 << irq::SSI);
    raise(irq::SSI);
    let trap = run(Mode::Machine, &[NOP, csrs(number::MSTATUS, A0), NOP], &[status::MIE]);
    check.trapped("MIE set", &trap, Mode::Machine, INTERRUPT | irq::SSI);
    check.eq("taken before the next instruction", trap.epc, code_page() + 8);
    write::<{ number::MIP }>(0);
    set::<{ number::MSTATUS }>(status::MPIE);
    let trap = run(Mode::Machine, &[csrs(number::MIP, A0), NOP], &[1 << irq::SSI]);
    check.eq("mip set", trap.epc, code_page() + 4);
    write::<{ number::MIE }>(0);
    set::<{ number::MSTATUS }>(status::MPIE);
    let trap = run(Mode::Machine, &[csrs(number::MIE, A0), NOP], &[1 << irq::SSI]);
    check.eq("mie set", trap.epc, code_page() + 4);
}

fn at_sret(check: &mut Check) {
    write::<{ number::MIDELEG }>(1 << irq::SSI);
    write::<{ number::MIE }>(1 << irq::SSI);
    let code =
        [csrs(number::SIP, A0), csrw(number::SEPC, bare::encode::A1), bare::encode::SRET, NOP, NOP];
    let trap = run(Mode::Supervisor, &code, &[1 << irq::SSI, code_page() + 16]);
    check.trapped("on the way to U", &trap, Mode::Supervisor, INTERRUPT | irq::SSI);
    check.eq("sepc", trap.epc, code_page() + 16);
}

fn timer(check: &mut Check) {
    write::<{ number::MIE }>(1 << irq::MTI);
    let due = clint::mtime() + 30;
    clint::set_mtimecmp(0, due);
    check.eq("not yet", read::<{ number::MIP }>() >> irq::MTI & 1, 0);
    let trap = run(Mode::User, &[JUMP_TO_SELF], &[]);
    check.trapped("when it is time", &trap, Mode::Machine, INTERRUPT | irq::MTI);
    let now = clint::mtime();
    check.is("not before mtimecmp", now >= due);
    check.is("within 500 ticks", now < due + 500);
    clint::set_mtimecmp(0, u64::MAX);
    run(Mode::Machine, &[NOP; 16], &[]);
    check.eq("gone with a new mtimecmp", read::<{ number::MIP }>() >> irq::MTI & 1, 0);
}

fn wfi_wakes(check: &mut Check) {
    // Interrupts off: WFI ends when one is pending and enabled in mie, and execution goes on.
    write::<{ number::MIE }>(1 << irq::MTI);
    clint::set_mtimecmp(0, clint::mtime() + 30);
    let trap = run(Mode::Machine, &[WFI, csrr(A0, number::MIP)], &[]);
    check.ended("wfi with MIE 0", &trap);
    check.eq("its interrupt is pending", trap.a0() >> irq::MTI & 1, 1);
    write::<{ number::MIE }>(1 << irq::SSI);
    write::<{ number::MIDELEG }>(1 << irq::SSI);
    raise(irq::SSI);
    check.ended("wfi in S with SIE 0", &run(Mode::Supervisor, &[WFI], &[]));
}

fn wfi_interrupted(check: &mut Check) {
    write::<{ number::MIE }>(1 << irq::MTI);
    set::<{ number::MSTATUS }>(status::MPIE);
    clint::set_mtimecmp(0, clint::mtime() + 30);
    let trap = run(Mode::Machine, &[WFI, NOP], &[]);
    check.trapped("wfi with MIE 1", &trap, Mode::Machine, INTERRUPT | irq::MTI);
    check.is("mepc at or after WFI", [4, 0].contains(&(trap.epc - code_page())));
}

fn wfi_user_pending(check: &mut Check) {
    let usi = 1 << irq::USI;
    write::<{ number::MIDELEG }>(usi);
    write::<{ number::SIDELEG }>(usi);
    write::<{ number::MIE }>(usi);
    write::<{ number::MIP }>(usi);
    check.ended("wfi in S does not sleep", &run(Mode::Supervisor, &[WFI], &[]));
    check.eq("USIP still pending", read::<{ number::MIP }>() & usi, usi);
}
