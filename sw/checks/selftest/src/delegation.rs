//! Delegation of exceptions to S-mode. None goes to U-mode.

use crate::{
    accesses::HOLE,
    check::{Check, Test, ours, test},
    space::data_page,
};
use bare::{
    encode::{A0, A1, Amo, EBREAK, ILLEGAL, NOP, X0, amo, jalr, ld, sd},
    guest::{Mode, code_page, run},
    machine::write,
};
use hal::soc::{cause, csr as number};

pub const TESTS: &[Test] = &[
    test("medeleg.to_s", "priv 3.1.8", to_supervisor),
    test("medeleg.not_from_m", "priv 3.1.8", not_from_machine),
    test("medeleg.ecall_s", "priv 3.1.8", ecall_s),
    test("medeleg.others_stay", "priv 3.1.8", others_stay),
    ours("sedeleg.none_to_u", "N-3.3", none_to_user),
];

/// An instruction, its `a1`, the exception it raises, and whether `a1` is its `tval`.
fn provocations() -> [(u32, usize, usize, bool); 7] {
    let misaligned = data_page(0) + 1;
    [
        (EBREAK, 0, cause::BREAKPOINT, false),
        (ILLEGAL, 0, cause::ILLEGAL_INSN, false),
        (ld(A0, A1), HOLE, cause::LOAD_ACCESS, true),
        (sd(A0, A1), HOLE, cause::STORE_ACCESS, true),
        (jalr(X0, A1, 0), HOLE, cause::INSN_ACCESS, true),
        (amo(Amo::Lr, 3, A0, A1, X0), misaligned, cause::LOAD_MISALIGNED, true),
        (amo(Amo::Add, 3, A0, A1, X0), misaligned, cause::STORE_MISALIGNED, true),
    ]
}

fn to_supervisor(check: &mut Check) {
    for mode in [Mode::User, Mode::Supervisor] {
        for (insn, a1, cause, tval) in provocations() {
            write::<{ number::MEDELEG }>(1 << cause);
            let trap = run(mode, &[NOP, insn], &[0, a1]);
            check.trapped("delegated", &trap, Mode::Supervisor, cause);
            let at = if cause == cause::INSN_ACCESS { a1 } else { code_page() + 4 };
            check.eq("sepc", trap.epc, at);
            if tval {
                check.eq("stval", trap.tval, a1);
            }
        }
    }
    write::<{ number::MEDELEG }>(1 << cause::ECALL_U);
    let trap = run(Mode::User, &[NOP], &[]);
    check.trapped("ecall from U", &trap, Mode::Supervisor, cause::ECALL_U);
}

fn not_from_machine(check: &mut Check) {
    for (insn, a1, cause, _) in provocations() {
        write::<{ number::MEDELEG }>(1 << cause);
        let trap = run(Mode::Machine, &[NOP, insn], &[0, a1]);
        check.trapped("in M", &trap, Mode::Machine, cause);
    }
}

fn ecall_s(check: &mut Check) {
    // Then the vector of S-mode must not end in `ecall`: it leads to the illegal second word.
    write::<{ number::MEDELEG }>(1 << cause::ECALL_S);
    write::<{ number::STVEC }>(code_page() + 8);
    let trap = run(Mode::Supervisor, &[bare::encode::ECALL, NOP, ILLEGAL], &[]);
    check.trapped("from the handler", &trap, Mode::Machine, cause::ILLEGAL_INSN);
    check.eq("at the vector", trap.epc, code_page() + 8);
    check.eq("scause", bare::machine::read::<{ number::SCAUSE }>(), cause::ECALL_S);
    check.eq("sepc", bare::machine::read::<{ number::SEPC }>(), code_page());
}

fn others_stay(check: &mut Check) {
    for (insn, a1, cause, _) in provocations() {
        // The way out of the S-mode vector stays open.
        write::<{ number::MEDELEG }>(!(1 << cause | 1 << cause::ECALL_S));
        let trap = run(Mode::User, &[NOP, insn], &[0, a1]);
        check.trapped("not delegated", &trap, Mode::Machine, cause);
    }
}

fn none_to_user(check: &mut Check) {
    write::<{ number::SEDELEG }>(usize::MAX);
    for (insn, a1, cause, _) in provocations() {
        write::<{ number::MEDELEG }>(0);
        let trap = run(Mode::User, &[insn], &[0, a1]);
        check.trapped("goes to M", &trap, Mode::Machine, cause);
        write::<{ number::MEDELEG }>(1 << cause);
        let trap = run(Mode::User, &[insn], &[0, a1]);
        check.trapped("goes to S", &trap, Mode::Supervisor, cause);
    }
}
