//! User-level interrupts: sections 4 and 5 of `docs/spec/n-extension.md`.

use crate::check::{Check, Test, ours};
use bare::{
    encode::{A0, A1, A2, MRET, NOP, SRET, URET, csrr, csrs, csrw},
    guest::{Mode, Trap, catch, code_page, run},
    machine::{read, set, write},
};
use hal::{
    csr::{INTERRUPT, status},
    soc::{csr as number, irq},
};

pub const TESTS: &[Test] = &[
    ours("user.taken", "N-5.1", taken),
    ours("user.raised_in_u", "N-4.7", raised_in_u),
    ours("user.disabled", "N-4.5", disabled),
    ours("user.nested_off", "N-5.3", nested_off),
    ours("user.vectored", "N-5.2", vectored),
    ours("user.priority", "N-4.6", priority),
    ours("user.lowest_priority", "N-4.6", lowest_priority),
    ours("user.not_in_s", "N-4.5", not_in_supervisor),
    ours("user.not_in_m", "N-4.5", not_in_machine),
    ours("user.sret_pending", "N-5.6", sret_pending),
    ours("user.mret_pending", "N-5.6", mret_pending),
    ours("user.uret_pending", "N-5.6", uret_pending),
    ours("user.mideleg_0", "N-4.4", mideleg_0),
    ours("user.sideleg_0", "N-4.4", sideleg_0),
    ours("user.reset_by_handler", "N-3.5, N-5.4", handled),
];

const ALL: [usize; 3] = [irq::UEI, irq::USI, irq::UTI];
const MASK: usize = 1 << irq::USI | 1 << irq::UTI | 1 << irq::UEI;
const USI: usize = 1 << irq::USI;

/// All user interrupts delegated to U-mode and enabled.
fn delegate_all() {
    write::<{ number::MIDELEG }>(MASK);
    write::<{ number::SIDELEG }>(MASK);
    write::<{ number::MIE }>(MASK);
    write::<{ number::USTATUS }>(status::UIE);
}

fn is_interrupt(check: &mut Check, trap: &Trap, cause: usize, uepc: usize) {
    check.trapped("interrupt", trap, Mode::User, INTERRUPT | cause);
    check.eq("uepc", trap.epc, uepc);
    check.eq("utval", trap.tval, 0);
    check.eq("UIE 0, UPIE 1", read::<{ number::USTATUS }>(), status::UPIE);
}

fn taken(check: &mut Check) {
    for cause in ALL {
        delegate_all();
        write::<{ number::UTVAL }>(5);
        write::<{ number::MIP }>(1 << cause);
        let trap = run(Mode::User, &[NOP, NOP], &[]);
        is_interrupt(check, &trap, cause, code_page());
    }
}

fn raised_in_u(check: &mut Check) {
    delegate_all();
    let trap = run(Mode::User, &[NOP, csrs(number::UIP, A0), NOP], &[USI]);
    is_interrupt(check, &trap, irq::USI, code_page() + 8);
    delegate_all();
    write::<{ number::USTATUS }>(0);
    let trap = run(Mode::User, &[NOP, csrs(number::USTATUS, A0), NOP], &[status::UIE]);
    is_interrupt(check, &trap, irq::USI, code_page() + 8);
    delegate_all();
    write::<{ number::MIE }>(0);
    let trap = run(Mode::User, &[csrw(number::UIE, A0), NOP], &[USI]);
    is_interrupt(check, &trap, irq::USI, code_page() + 4);
}

fn disabled(check: &mut Check) {
    delegate_all();
    write::<{ number::MIP }>(MASK);
    write::<{ number::USTATUS }>(status::UPIE);
    check.ended("UIE 0", &run(Mode::User, &[NOP; 8], &[]));
    delegate_all();
    write::<{ number::UIE }>(0);
    check.ended("uie 0", &run(Mode::User, &[NOP; 8], &[]));
    check.eq("still pending", read::<{ number::MIP }>() & MASK, MASK);
}

fn nested_off(check: &mut Check) {
    delegate_all();
    // The handler lies in the guest and raises one more interrupt before it ends.
    write::<{ number::UTVEC }>(code_page() + 12);
    write::<{ number::MIP }>(USI);
    let code = [NOP, NOP, NOP, csrs(number::UIP, A0), NOP, csrr(A0, number::USTATUS), NOP];
    let trap = run(Mode::User, &code, &[USI]);
    check.ended("no interrupt within the handler", &trap);
    check.eq("UIE 0, UPIE 1", trap.a0(), status::UPIE);
}

fn vectored(check: &mut Check) {
    for (mode, step) in [(0, 0), (1, 1)] {
        write::<{ number::UTVEC }>(catch() | mode);
        for cause in ALL {
            delegate_all();
            write::<{ number::MIP }>(1 << cause);
            let trap = run(Mode::User, &[NOP], &[]);
            check.trapped("interrupt", &trap, Mode::User, INTERRUPT | cause);
            check.eq("slot", trap.slot, step * cause);
        }
    }
}

fn priority(check: &mut Check) {
    let mut enabled = MASK;
    for cause in ALL {
        delegate_all();
        write::<{ number::MIP }>(MASK);
        write::<{ number::MIE }>(enabled);
        let trap = run(Mode::User, &[NOP], &[]);
        check.trapped("external, software, timer", &trap, Mode::User, INTERRUPT | cause);
        enabled &= !(1 << cause);
    }
}

fn lowest_priority(check: &mut Check) {
    delegate_all();
    let ssi = 1 << irq::SSI;
    write::<{ number::MIP }>(MASK | ssi);
    set::<{ number::MIE }>(ssi);
    let trap = run(Mode::User, &[NOP], &[]);
    check.trapped("M before U", &trap, Mode::Machine, INTERRUPT | irq::SSI);
    set::<{ number::MIDELEG }>(ssi);
    let trap = run(Mode::User, &[NOP], &[]);
    check.trapped("S before U", &trap, Mode::Supervisor, INTERRUPT | irq::SSI);
}

fn not_in_supervisor(check: &mut Check) {
    delegate_all();
    write::<{ number::MIP }>(MASK);
    set::<{ number::MSTATUS }>(status::SIE | status::MPIE);
    check.ended("in S", &run(Mode::Supervisor, &[NOP; 8], &[]));
    check.eq("still pending", read::<{ number::MIP }>() & MASK, MASK);
}

fn not_in_machine(check: &mut Check) {
    delegate_all();
    write::<{ number::MIP }>(MASK);
    set::<{ number::MSTATUS }>(status::SIE | status::MPIE);
    check.ended("in M", &run(Mode::Machine, &[NOP; 8], &[]));
    check.eq("still pending", read::<{ number::MIP }>() & MASK, MASK);
}

fn sret_pending(check: &mut Check) {
    delegate_all();
    let target = code_page() + 20;
    let code = [csrs(number::SIP, A0), NOP, csrw(number::SEPC, A1), SRET, NOP, NOP];
    let trap = run(Mode::Supervisor, &code, &[USI, target]);
    is_interrupt(check, &trap, irq::USI, target);
}

fn mret_pending(check: &mut Check) {
    delegate_all();
    let target = code_page() + 20;
    let code = [csrs(number::MIP, A0), csrw(number::MEPC, A1), csrw(number::MSTATUS, A2), MRET];
    let trap = run(Mode::Machine, &code, &[USI, target, status::UIE]);
    is_interrupt(check, &trap, irq::USI, target);
}

fn uret_pending(check: &mut Check) {
    delegate_all();
    write::<{ number::USTATUS }>(status::UPIE);
    let target = code_page() + 20;
    let code = [csrs(number::UIP, A0), csrw(number::UEPC, A1), URET, NOP, NOP, NOP];
    let trap = run(Mode::User, &code, &[USI, target]);
    is_interrupt(check, &trap, irq::USI, target);
}

fn mideleg_0(check: &mut Check) {
    for cause in ALL {
        bare::machine::reset();
        delegate_all();
        write::<{ number::MIDELEG }>(0);
        write::<{ number::MIP }>(1 << cause);
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

fn sideleg_0(check: &mut Check) {
    for cause in ALL {
        bare::machine::reset();
        delegate_all();
        write::<{ number::SIDELEG }>(0);
        write::<{ number::MIP }>(1 << cause);
        let trap = run(Mode::User, &[NOP], &[]);
        check.trapped("from U to S", &trap, Mode::Supervisor, INTERRUPT | cause);
        check.ended("SIE 0 in S", &run(Mode::Supervisor, &[NOP; 8], &[]));
        set::<{ number::MSTATUS }>(status::SIE);
        let trap = run(Mode::Supervisor, &[NOP], &[]);
        check.trapped("from S to S", &trap, Mode::Supervisor, INTERRUPT | cause);
        set::<{ number::MSTATUS }>(status::MPIE);
        check.ended("delegated, in M", &run(Mode::Machine, &[NOP; 8], &[]));
    }
}

fn handled(check: &mut Check) {
    // A whole interrupt: raised, taken, withdrawn by the handler, returned from.
    delegate_all();
    write::<{ number::UTVEC }>(code_page() + 16);
    let code = [
        csrs(number::UIP, A0),
        bare::encode::addi(A1, A1, 1),
        NOP,
        0x0140_006f, // jal x0, +20: over the handler
        bare::encode::addi(A2, A2, 1),
        bare::encode::csrc(number::UIP, A0),
        URET,
        NOP,
    ];
    let trap = run(Mode::User, &code, &[USI, 0, 0]);
    check.ended("handled", &trap);
    check.eq("interrupted code", trap.registers[11], 1);
    check.eq("handler", trap.registers[12], 1);
    check.eq("ustatus", read::<{ number::USTATUS }>(), status::UIE | status::UPIE);
    check.eq("uip", read::<{ number::UIP }>(), 0);
}
