//! The line from UINTC to the hart, and how it becomes a user interrupt: UINTC-4.1, N-4.1.

use crate::{
    check::{Check, Test, ours},
    receivers::{NO_HART, OWN, PEER, Receivers},
};
use bare::{
    encode::{
        A0, A1, A2, JUMP_TO_SELF, NOP, SRET, URET, Uipi, WFI, X0, addi, csrc, csrr, csrs, csrw,
        uipi,
    },
    guest::{Mode, catch, code_page, run},
    machine::{clear, read, set, write},
};
use hal::{
    csr::{INTERRUPT, status},
    soc::{csr as number, irq},
};
use uintc::Location;
use uintr::{Pending, Vector};

pub const TESTS: &[Test] = &[
    ours("line.level", "UINTC-4.1", level),
    ours("line.hart", "UINTC-4.4", hart),
    ours("line.move", "UINTC-4.5", moved),
    ours("line.two_receivers", "UINTC-4.3", two_receivers),
    ours("line.views", "N-3.5, N-3.6, N-4.1", views),
    ours("line.latch", "N-4.2", latch),
    ours("line.read_then_clear", "N-8.2", read_then_clear),
    ours("line.taken", "N-5.1", taken),
    ours("line.handled", "N-8.1", handled),
    ours("line.left_pending", "N-8.3", left_pending),
    ours("line.vectored", "N-5.2", vectored),
    ours("line.mode_ignored", "UINTC-3.6", mode_ignored),
    ours("line.not_in_s", "N-4.5", not_in_supervisor),
    ours("line.sret", "N-5.6", at_sret),
    ours("line.uie_off", "N-4.5, N-4.7", nested_off),
    ours("line.mideleg_0", "N-4.4", mideleg_0),
    ours("line.sideleg_0", "N-4.4", sideleg_0),
    ours("line.wfi", "N-4.8", wfi),
    ours("uintc.id", "UINTC-2.5", identity),
    ours("uintc.refused", "UINTC-5.1, UINTC-5.3", refused),
];

const USI: usize = 1 << irq::USI;

/// USIP of the hart, some cycles after a change.
fn line() -> usize {
    for _ in 0..16 {
        riscv::asm::nop();
    }
    read::<{ number::MIP }>() & USI
}

/// Delegates and enables the user software interrupt, and puts the own receiver on this hart.
fn delegated() -> Receivers {
    let receivers = Receivers::new();
    write::<{ number::MIDELEG }>(USI);
    write::<{ number::SIDELEG }>(USI);
    write::<{ number::MIE }>(USI);
    write::<{ number::USTATUS }>(status::UIE);
    receivers.run_here();
    receivers
}

fn level(check: &mut Check) {
    let receivers = Receivers::new();
    receivers.run_here();
    check.eq("nothing pending", line(), 0);
    receivers.uintc.send(OWN, Vector::new(40));
    check.eq("pending", line(), USI);
    receivers.uintc.set_active(OWN, false);
    check.eq("inactive", line(), 0);
    receivers.uintc.set_active(OWN, true);
    check.eq("active again", line(), USI);
    run(Mode::User, &[uipi(Uipi::Deactivate, X0, X0)], &[]);
    check.eq("DEACTIVATE", line(), 0);
    run(Mode::User, &[uipi(Uipi::Activate, X0, X0)], &[]);
    check.eq("ACTIVATE", line(), USI);
    run(Mode::User, &[uipi(Uipi::Read, A0, X0)], &[]);
    check.eq("READ", line(), 0);
    run(Mode::User, &[uipi(Uipi::Write, X0, A0)], &[1]);
    check.eq("WRITE", line(), USI);
    receivers.uintc.take_pending(OWN);
    check.eq("READ_HIGH", line(), 0);
}

fn hart(check: &mut Check) {
    let receivers = Receivers::new();
    receivers.uintc.add_pending(OWN, Pending(1));
    for (hart, expected) in [(0, USI), (NO_HART, 0), (0x8000, 0), (0xfff0, 0), (0, USI)] {
        receivers.uintc.set_location(OWN, Location::on(hart));
        check.eq("all 16 bits count", line(), expected);
    }
}

fn moved(check: &mut Check) {
    let receivers = Receivers::new();
    receivers.run_here();
    receivers.uintc.send(OWN, Vector::new(1));
    check.eq("here", line(), USI);
    receivers.uintc.set_location(OWN, Location::on(1));
    check.eq("away", line(), 0);
    receivers.run_here();
    check.eq("back, still pending", line(), USI);
}

fn two_receivers(check: &mut Check) {
    let receivers = Receivers::new();
    for entry in [OWN, PEER] {
        receivers.uintc.set_location(entry, Location::on(0));
        receivers.uintc.send(entry, Vector::new(9));
    }
    let trap = run(Mode::User, &[uipi(Uipi::Read, A0, X0)], &[]);
    check.eq("own", trap.a0(), 1 << 9);
    check.eq("the other's", line(), USI);
    check.eq("still there", receivers.take_peer(), 1 << 9);
    check.eq("both read", line(), 0);
}

fn views(check: &mut Check) {
    let receivers = Receivers::new();
    receivers.run_here();
    receivers.uintc.send(OWN, Vector::new(0));
    line();
    check.eq("sip, not delegated", read::<{ number::SIP }>() & USI, 0);
    write::<{ number::MIDELEG }>(USI);
    check.eq("sip", read::<{ number::SIP }>() & USI, USI);
    check.eq("uip, not delegated", read::<{ number::UIP }>() & USI, 0);
    write::<{ number::SIDELEG }>(USI);
    check.eq("uip", read::<{ number::UIP }>() & USI, USI);
    clear::<{ number::UIP }>(USI);
    check.eq("a clear does not lower the line", read::<{ number::UIP }>() & USI, USI);
}

fn latch(check: &mut Check) {
    // Other bits are written in all views while the line is high. Afterwards the latch is clear.
    let others = 1 << irq::UTI | 1 << irq::UEI | 1 << irq::SSI;
    for number in [number::MIP, number::SIP, number::UIP] {
        for code in [csrs(number, A0), csrc(number, A0)] {
            let receivers = Receivers::new();
            write::<{ number::MIDELEG }>(USI | others);
            write::<{ number::SIDELEG }>(USI | others);
            receivers.run_here();
            receivers.uintc.send(OWN, Vector::new(2));
            check.eq("high", line(), USI);
            run(Mode::Machine, &[code], &[others]);
            check.eq("high still", line(), USI);
            receivers.uintc.take_pending(OWN);
            check.eq("low: the latch was not set", line(), 0);
            write::<{ number::MIP }>(0);
        }
    }
    // The latch alone.
    set::<{ number::MIP }>(USI);
    check.eq("latch", line(), USI);
    clear::<{ number::MIP }>(USI);
    check.eq("latch cleared", line(), 0);
}

fn read_then_clear(check: &mut Check) {
    // A vector that comes between READ and the clearing of the latch is not lost.
    let receivers = Receivers::new();
    receivers.run_here();
    write::<{ number::MIDELEG }>(USI);
    write::<{ number::SIDELEG }>(USI);
    receivers.uintc.send(OWN, Vector::new(2));
    let code = [
        uipi(Uipi::Read, A0, X0),
        uipi(Uipi::Send, X0, A1),
        csrc(number::UIP, A2),
        NOP,
        NOP,
        NOP,
        NOP,
        csrr(A2, number::UIP),
        uipi(Uipi::Read, A1, X0),
    ];
    let trap = run(Mode::User, &code, &[0, receivers.to_itself, USI]);
    check.eq("the first", trap.a0(), 1 << 2);
    check.eq("line of the second", trap.registers[A2 as usize] & USI, USI);
    check.eq("the second", trap.registers[A1 as usize], 1 << 5);
}

fn taken(check: &mut Check) {
    let receivers = delegated();
    let code = [uipi(Uipi::Send, X0, A0), JUMP_TO_SELF];
    let trap = run(Mode::User, &code, &[receivers.to_itself]);
    check.trapped("sent to itself", &trap, Mode::User, INTERRUPT | irq::USI);
    check.is("uepc behind SEND", (4..=8).contains(&(trap.epc - code_page())));
    check.eq("utval", trap.tval, 0);
    check.eq("UIE 0, UPIE 1", read::<{ number::USTATUS }>(), status::UPIE);
}

fn handled(check: &mut Check) {
    let receivers = delegated();
    write::<{ number::UTVEC }>(code_page() + 24);
    let code = [
        uipi(Uipi::Send, X0, A0),
        // Until the handler has run.
        0x0006_0063, // beqz a2, to itself
        addi(A1, A1, 1),
        NOP,
        NOP,
        0x0140_006f, // jal x0, +20: over the handler
        uipi(Uipi::Read, A2, X0),
        csrc(number::UIP, A0),
        URET,
        NOP,
    ];
    let trap = run(Mode::User, &code, &[receivers.to_itself, 0, 0]);
    check.ended("handled once", &trap);
    check.eq("interrupted code", trap.registers[A1 as usize], 1);
    check.eq("READ in the handler", trap.registers[A2 as usize], 1 << 5);
    check.eq("ustatus", read::<{ number::USTATUS }>(), status::UIE | status::UPIE);
}

fn left_pending(check: &mut Check) {
    // What a handler writes back interrupts again right after its `uret`.
    let receivers = delegated();
    write::<{ number::USTATUS }>(status::UPIE);
    write::<{ number::UEPC }>(code_page() + 16);
    receivers.uintc.send(OWN, Vector::new(3));
    let code =
        [uipi(Uipi::Read, A0, X0), csrc(number::UIP, A1), uipi(Uipi::Write, X0, A0), URET, NOP];
    let trap = run(Mode::User, &code, &[0, USI]);
    check.is("the interrupt, or the end before it", trap.ended || trap.mode == Mode::User);
    check.eq("pending", receivers.uintc.take_pending(OWN).0, 1 << 3);
}

fn vectored(check: &mut Check) {
    for mode in [0, 1] {
        let receivers = delegated();
        write::<{ number::UTVEC }>(catch() | mode);
        receivers.uintc.send(OWN, Vector::new(63));
        line();
        let trap = run(Mode::User, &[NOP], &[]);
        check.trapped("taken", &trap, Mode::User, INTERRUPT | irq::USI);
        check.eq("at the base: cause 0", trap.slot, 0);
    }
}

fn mode_ignored(check: &mut Check) {
    let receivers = delegated();
    receivers.uintc.set_location(OWN, Location { active: true, mode: false, hart: 0 });
    receivers.uintc.send(OWN, Vector::new(63));
    line();
    let trap = run(Mode::User, &[NOP], &[]);
    check.trapped("Mode 0, vector 63", &trap, Mode::User, INTERRUPT | irq::USI);
}

fn not_in_supervisor(check: &mut Check) {
    let receivers = delegated();
    receivers.uintc.send(OWN, Vector::new(1));
    set::<{ number::MSTATUS }>(status::SIE | status::MPIE);
    for mode in [Mode::Supervisor, Mode::Machine] {
        check.ended("not in this mode", &run(mode, &[NOP; 16], &[]));
        check.eq("pending", line(), USI);
    }
}

fn at_sret(check: &mut Check) {
    let receivers = delegated();
    let target = code_page() + 16;
    let code =
        [uipi(Uipi::Send, X0, A0), csrw(number::SEPC, A1), csrr(A2, number::SIP), SRET, NOP, NOP];
    write::<{ number::MSTATUS }>(status::UIE);
    receivers.uintc.send(OWN, Vector::new(1));
    line();
    let trap = run(Mode::Supervisor, &code, &[receivers.to_itself, target]);
    check.trapped("on the way to U", &trap, Mode::User, INTERRUPT | irq::USI);
    check.eq("uepc", trap.epc, target);
}

fn nested_off(check: &mut Check) {
    let receivers = delegated();
    write::<{ number::USTATUS }>(0);
    receivers.uintc.send(OWN, Vector::new(1));
    check.ended("UIE 0", &run(Mode::User, &[NOP; 16], &[]));
    let trap = run(Mode::User, &[NOP, csrs(number::USTATUS, A0), NOP], &[status::UIE]);
    check.trapped("UIE 1", &trap, Mode::User, INTERRUPT | irq::USI);
    check.eq("uepc", trap.epc, code_page() + 8);
}

fn mideleg_0(check: &mut Check) {
    let receivers = delegated();
    write::<{ number::MIDELEG }>(0);
    receivers.uintc.send(OWN, Vector::new(1));
    line();
    for mode in [Mode::User, Mode::Supervisor] {
        let trap = run(mode, &[NOP], &[]);
        check.trapped("to M", &trap, Mode::Machine, INTERRUPT | irq::USI);
    }
}

fn sideleg_0(check: &mut Check) {
    let receivers = delegated();
    write::<{ number::SIDELEG }>(0);
    receivers.uintc.send(OWN, Vector::new(1));
    line();
    let trap = run(Mode::User, &[NOP], &[]);
    check.trapped("to S", &trap, Mode::Supervisor, INTERRUPT | irq::USI);
    check.eq("before the first instruction", trap.epc, code_page());
}

fn wfi(check: &mut Check) {
    let receivers = delegated();
    receivers.uintc.send(OWN, Vector::new(1));
    check.ended("wfi in S does not sleep", &run(Mode::Supervisor, &[WFI], &[]));
    check.eq("still pending", line(), USI);
}

fn identity(check: &mut Check) {
    let receivers = Receivers::new();
    let identity = receivers.uintc.identity();
    check.is("an ID register", identity.is_some());
    check.eq("receivers", identity.map_or(0, |id| id.receivers), 512);
    check.is("a line for this hart", identity.is_some_and(|id| id.harts >= 1));
}

fn refused(check: &mut Check) {
    use hal::soc::{UINTC_BASE, uintc as register};
    let receivers = Receivers::new();
    receivers.run_here();
    let before = receivers.state();
    let send = UINTC_BASE + usize::from(OWN) * register::SEND_STRIDE + register::SEND;
    for vector in [64, 1 << 32, usize::MAX] {
        crate::space::poke(send, vector);
    }
    check.is("entries to stay", receivers.state() == before);
    let refused = receivers.uintc.refused();
    check.eq("count", refused.map_or(0, |refused| refused.count), 3);
    check.eq("entry", refused.map_or(0, |refused| refused.entry), OWN);
    receivers.uintc.forget_refused();
    check.is("forgotten", receivers.uintc.refused().is_none());
}
