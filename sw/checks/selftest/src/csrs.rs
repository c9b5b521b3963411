//! CSRs one by one: which bits they hold, and who may use them.

use crate::check::{Check, Test, ours, test};
use bare::{
    encode::{A0, A1, CsrOp, X0, csr, csrr, csrs, csrw},
    guest::{Mode, run},
    machine::{clear, read, set, try_out, write},
};
use hal::{
    csr::{INTERRUPT, MENVCFG_STCE, MISA_N},
    soc::{cause, csr as number, irq},
};

pub const TESTS: &[Test] = &[
    test("csr.misa", "priv 3.1.1", misa),
    ours("csr.misa.n", "N-1.2", |check| {
        check.eq("bit N", read::<{ number::MISA }>() & MISA_N, MISA_N);
    }),
    test("csr.ids", "priv 3.1.2 to 3.1.5, 3.1.17", ids),
    test("csr.instructions", "unpriv 9.1", instructions),
    test("csr.no_write_with_x0", "unpriv 9.1", no_write_with_x0),
    test("csr.read_only", "priv 2.1", read_only),
    test("csr.privilege", "priv 2.1", privilege),
    ours("csr.privilege.user", "N-2.2, N-2.5", privilege_user),
    test("csr.missing", "priv 2.1", missing),
    test("csr.scratch", "priv 3.1.13, 4.1.6", scratch),
    test("csr.epc", "priv 3.1.14, 4.1.7", epc),
    test("csr.tvec", "priv 3.1.7, 4.1.2", tvec),
    test("csr.cause", "priv 3.1.15, 4.1.8", cause_registers),
    test("csr.tval", "priv 3.1.16, 4.1.9", tval),
    ours("csr.user", "N-3.7, N-3.8, N-3.9, N-3.10", user),
    test("csr.medeleg", "priv 3.1.8", medeleg),
    test("csr.mideleg", "priv 3.1.8", mideleg),
    ours("csr.mideleg.user", "N-3.2", |check| {
        check.eq("bits 0, 4, 8", try_out::<{ number::MIDELEG }>(usize::MAX) & 0x111, 0x111);
    }),
    ours("csr.sideleg", "N-3.2", |check| {
        check.eq("all ones", try_out::<{ number::SIDELEG }>(usize::MAX), 0x111);
    }),
    ours("csr.sedeleg", "N-3.3", |check| {
        check.eq("all ones", try_out::<{ number::SEDELEG }>(usize::MAX), 0);
    }),
    test("csr.satp", "priv 4.1.11", satp),
    test("csr.envcfg", "priv 3.1.18, 4.1.10; Sstc 2", envcfg),
];

fn misa(check: &mut Check) {
    let misa = read::<{ number::MISA }>();
    check.eq("MXL", misa >> 62, 2);
    for letter in "imacsu".bytes() {
        check.eq("extension bit", misa >> (letter - b'a') & 1, 1);
    }
}

fn ids(check: &mut Check) {
    for id in [number::MVENDORID, number::MARCHID, number::MIMPID, number::MCONFIGPTR] {
        check.ended("readable", &run(Mode::Machine, &[csrr(A0, id)], &[]));
    }
    check.eq("mhartid", read::<{ number::MHARTID }>(), 0);
}

fn instructions(check: &mut Check) {
    const BEFORE: usize = 0xf0f0_1234_5678_9abc;
    const OPERAND: usize = 0x00ff_ff00_00ff_ff15;
    let cases = [
        ("csrrw", CsrOp::Rw, A1, OPERAND),
        ("csrrs", CsrOp::Rs, A1, BEFORE | OPERAND),
        ("csrrc", CsrOp::Rc, A1, BEFORE & !OPERAND),
        ("csrrwi", CsrOp::Rwi, 0x15, 0x15),
        ("csrrsi", CsrOp::Rsi, 0x15, BEFORE | 0x15),
        ("csrrci", CsrOp::Rci, 0x1c, BEFORE & !0x1c),
    ];
    for (name, op, source, after) in cases {
        write::<{ number::SSCRATCH }>(BEFORE);
        let code = [csr(op, A0, number::SSCRATCH, source)];
        let trap = run(Mode::Supervisor, &code, &[0, OPERAND]);
        check.ended(name, &trap);
        check.eq(name, trap.a0(), BEFORE);
        check.eq(name, read::<{ number::SSCRATCH }>(), after);
    }
}

fn no_write_with_x0(check: &mut Check) {
    for op in [CsrOp::Rs, CsrOp::Rc, CsrOp::Rsi, CsrOp::Rci] {
        let trap = run(Mode::Machine, &[csr(op, A0, number::MHARTID, X0)], &[]);
        check.ended("a read of a read-only CSR", &trap);
    }
    write::<{ number::SSCRATCH }>(5);
    check.ended("csrrw", &run(Mode::Machine, &[csrw(number::SSCRATCH, X0)], &[]));
    check.eq("csrrw writes x0", read::<{ number::SSCRATCH }>(), 0);
}

fn read_only(check: &mut Check) {
    for number in [number::MHARTID, number::MVENDORID, number::CYCLE, number::INSTRET] {
        for code in [csrw(number, A1), csrs(number, A1), csr(CsrOp::Rwi, X0, number, 0)] {
            let trap = run(Mode::Machine, &[code], &[0, 0]);
            check.trapped("write", &trap, Mode::Machine, cause::ILLEGAL_INSN);
        }
    }
}

const MACHINE_ONLY: [u16; 17] = [
    number::MSTATUS,
    number::MISA,
    number::MEDELEG,
    number::MIDELEG,
    number::MIE,
    number::MTVEC,
    number::MCOUNTEREN,
    number::MENVCFG,
    number::MSCRATCH,
    number::MEPC,
    number::MCAUSE,
    number::MTVAL,
    number::MIP,
    number::PMPCFG0,
    number::PMPADDR0,
    number::MCYCLE,
    number::MHARTID,
];
const SUPERVISOR: [u16; 12] = [
    number::SSTATUS,
    number::SIE,
    number::STVEC,
    number::SCOUNTEREN,
    number::SENVCFG,
    number::SSCRATCH,
    number::SEPC,
    number::SCAUSE,
    number::STVAL,
    number::SIP,
    number::SATP,
    number::STIMECMP,
];

fn privilege(check: &mut Check) {
    for number in MACHINE_ONLY {
        for mode in [Mode::Supervisor, Mode::User] {
            let trap = run(mode, &[csrr(A0, number)], &[]);
            check.trapped("M-mode CSR", &trap, Mode::Machine, cause::ILLEGAL_INSN);
        }
    }
    for number in SUPERVISOR {
        check.ended("S-mode CSR in S", &run(Mode::Supervisor, &[csrr(A0, number)], &[]));
        let trap = run(Mode::User, &[csrr(A0, number)], &[]);
        check.trapped("S-mode CSR in U", &trap, Mode::Machine, cause::ILLEGAL_INSN);
    }
}

fn privilege_user(check: &mut Check) {
    let user = [
        number::USTATUS,
        number::UIE,
        number::UTVEC,
        number::USCRATCH,
        number::UEPC,
        number::UCAUSE,
        number::UTVAL,
        number::UIP,
    ];
    for sideleg in [0, 1 << irq::USI, 1 << irq::UTI, 1 << irq::UEI, 0] {
        write::<{ number::SIDELEG }>(sideleg);
        for number in user {
            for mode in [Mode::Supervisor, Mode::Machine] {
                check.ended("above U", &run(mode, &[csrr(A0, number), csrw(number, A0)], &[]));
            }
            for code in [csrr(A0, number), csrw(number, A0), csrs(number, A0)] {
                let trap = run(Mode::User, &[code], &[]);
                if sideleg != 0 {
                    check.ended("delegated", &trap);
                } else {
                    check.trapped("hidden", &trap, Mode::Machine, cause::ILLEGAL_INSN);
                    check.eq("tval", trap.tval, code as usize);
                }
            }
        }
    }
    for number in [number::SIDELEG, number::SEDELEG] {
        check.ended("in S", &run(Mode::Supervisor, &[csrr(A0, number)], &[]));
        let trap = run(Mode::User, &[csrr(A0, number)], &[]);
        check.trapped("in U", &trap, Mode::Machine, cause::ILLEGAL_INSN);
    }
}

fn missing(check: &mut Check) {
    // Floating point, an unassigned one of each privilege, odd pmpcfg of RV64, high halves of RV32.
    let missing = [0x001, 0x0ff, 0x17f, 0x2ff, 0x37f, number::PMPCFG0 + 1, 0xc80, 0xb80, 0xfff];
    for number in missing {
        let trap = run(Mode::Machine, &[csrr(A0, number)], &[]);
        check.trapped("no such CSR", &trap, Mode::Machine, cause::ILLEGAL_INSN);
    }
}

const PATTERNS: [usize; 3] = [usize::MAX, 0x0123_4567_89ab_cdef, 0];

fn scratch(check: &mut Check) {
    for value in PATTERNS {
        check.eq("mscratch", try_out::<{ number::MSCRATCH }>(value), value);
        check.eq("sscratch", try_out::<{ number::SSCRATCH }>(value), value);
    }
}

/// Canonical addresses of both halves.
const ADDRESSES: [usize; 3] = [0x3f_1234_5678, 0xffff_ffc0_9abc_def0, 0];

fn epc(check: &mut Check) {
    for value in ADDRESSES {
        check.eq("mepc", try_out::<{ number::MEPC }>(value | 1), value);
        check.eq("sepc", try_out::<{ number::SEPC }>(value | 1), value);
    }
}

fn tvec(check: &mut Check) {
    for base in [0x8000_1000usize, 0xffff_ffc0_0000_0100, 0] {
        for mode in [0, 1] {
            check.eq("stvec", try_out::<{ number::STVEC }>(base | mode), base | mode);
            check.eq("mtvec", try_out::<{ number::MTVEC }>(base | mode), base | mode);
        }
    }
}

fn cause_registers(check: &mut Check) {
    for value in [0, 15, INTERRUPT | 11] {
        check.eq("mcause", try_out::<{ number::MCAUSE }>(value), value);
        check.eq("scause", try_out::<{ number::SCAUSE }>(value), value);
    }
}

fn tval(check: &mut Check) {
    for value in ADDRESSES {
        check.eq("mtval", try_out::<{ number::MTVAL }>(value), value);
        check.eq("stval", try_out::<{ number::STVAL }>(value), value);
    }
}

fn user(check: &mut Check) {
    for value in PATTERNS {
        check.eq("uscratch", try_out::<{ number::USCRATCH }>(value), value);
    }
    for value in ADDRESSES {
        check.eq("uepc", try_out::<{ number::UEPC }>(value | 1), value);
        check.eq("utval", try_out::<{ number::UTVAL }>(value), value);
    }
    for value in [INTERRUPT, INTERRUPT | 4, INTERRUPT | 8] {
        check.eq("ucause", try_out::<{ number::UCAUSE }>(value), value);
    }
    for value in [0x8000_1000, 0x8000_1001] {
        check.eq("utvec", try_out::<{ number::UTVEC }>(value), value);
    }
}

fn medeleg(check: &mut Check) {
    const DELEGABLE: [usize; 11] = [
        cause::INSN_ACCESS,
        cause::ILLEGAL_INSN,
        cause::BREAKPOINT,
        cause::LOAD_MISALIGNED,
        cause::LOAD_ACCESS,
        cause::STORE_MISALIGNED,
        cause::STORE_ACCESS,
        cause::ECALL_U,
        cause::INSN_PAGE,
        cause::LOAD_PAGE,
        cause::STORE_PAGE,
    ];
    let held = try_out::<{ number::MEDELEG }>(usize::MAX);
    for cause in DELEGABLE {
        check.eq("delegable", held >> cause & 1, 1);
    }
    check.eq("ECALL from M", held >> cause::ECALL_M & 1, 0);
    check.eq("all zeros", try_out::<{ number::MEDELEG }>(0), 0);
}

fn mideleg(check: &mut Check) {
    let held = try_out::<{ number::MIDELEG }>(usize::MAX);
    check.eq("S-mode interrupts", held & 0x222, 0x222);
    check.eq("M-mode interrupts", held & 0x888, 0);
}

fn satp(check: &mut Check) {
    const SV39: usize = 8 << 60;
    check.eq("Sv39", try_out::<{ number::SATP }>(SV39 | 0x8_0000), SV39 | 0x8_0000);
    write::<{ number::SATP }>(0);
    for mode in [1usize, 9, 10, 15] {
        write::<{ number::SATP }>(mode << 60 | 0x1234);
        let held = read::<{ number::SATP }>();
        check.is("a write with an unsupported mode has no effect", held == 0 || held >> 60 == mode);
        write::<{ number::SATP }>(0);
    }
    let asid = try_out::<{ number::SATP }>(SV39 | 0xffff << 44) >> 44 & 0xffff;
    check.is("ASID bits from the least significant on", (asid + 1).is_power_of_two());
    check.is("some ASID bits", asid != 0);
}

fn envcfg(check: &mut Check) {
    set::<{ number::MENVCFG }>(MENVCFG_STCE);
    check.eq("menvcfg.STCE", read::<{ number::MENVCFG }>() >> 63, 1);
    clear::<{ number::MENVCFG }>(MENVCFG_STCE);
    check.eq("menvcfg.STCE", read::<{ number::MENVCFG }>() >> 63, 0);
    for fiom in [1, 0] {
        let held = try_out::<{ number::SENVCFG }>(fiom);
        check.is("senvcfg.FIOM to be WARL", held <= fiom);
    }
}
