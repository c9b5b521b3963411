//! Exceptions that an instruction itself raises: cause, epc and tval of each.

use crate::{
    accesses::HOLE,
    check::{Check, Test, ours, test},
    space::data_page,
};
use bare::{
    encode::{
        A0, A1, A2, CsrOp, EBREAK, ILLEGAL, MRET, NOP, RA, SRET, URET, WFI, X0, addi, csr, jalr,
        ld, sd, sfence_vma,
    },
    guest::{Mode, Trap, code_page, run},
    machine::{self, read, set},
};
use hal::{
    csr::status,
    soc::{cause, csr as number},
};

pub const TESTS: &[Test] = &[
    test("exception.ecall", "priv 3.3.1", ecall),
    test("exception.ebreak", "priv 3.3.1", ebreak),
    test("exception.illegal", "priv 3.1.15, 3.1.16", illegal),
    test("exception.illegal.fields", "unpriv 2, 8, 9, 25", illegal_fields),
    test("exception.compressed", "unpriv 16", compressed),
    ours("exception.uipi", "N-6.2", uipi),
    test("exception.jump_bit_0", "unpriv 2.5", jump_bit_0),
    test("exception.no_effect", "priv 3.1.14", no_effect),
    test("wfi.tw", "priv 3.1.6.5", tw),
    test("status.tvm", "priv 3.1.6.5", tvm),
    test("status.tsr", "priv 3.1.6.5", tsr),
];

const MODES: [Mode; 3] = [Mode::User, Mode::Supervisor, Mode::Machine];

fn ecall(check: &mut Check) {
    let causes = [cause::ECALL_U, cause::ECALL_S, cause::ECALL_M];
    for (mode, cause) in MODES.into_iter().zip(causes) {
        let trap = run(mode, &[NOP, NOP], &[]);
        let trap = Trap { ended: false, ..trap };
        check.trapped("ecall", &trap, Mode::Machine, cause);
        check.eq("epc", trap.epc, code_page() + 8);
        check.eq("tval", trap.tval, 0);
    }
}

fn ebreak(check: &mut Check) {
    for mode in MODES {
        let trap = run(mode, &[NOP, EBREAK], &[]);
        check.trapped("ebreak", &trap, Mode::Machine, cause::BREAKPOINT);
        check.eq("epc", trap.epc, code_page() + 4);
        check.is("tval 0 or pc", trap.tval == 0 || trap.tval == trap.epc);
    }
}

fn illegal(check: &mut Check) {
    for insn in [ILLEGAL, 0xffff_ffff, 0x0000_707b, 0xc000_1073] {
        let trap = run(Mode::Supervisor, &[NOP, insn], &[]);
        check.trapped("illegal instruction", &trap, Mode::Machine, cause::ILLEGAL_INSN);
        check.eq("epc", trap.epc, code_page() + 4);
        let bits = if insn & 3 == 3 { insn } else { insn & 0xffff };
        check.is("tval 0 or the instruction", trap.tval == 0 || trap.tval == bits as usize);
    }
}

fn illegal_fields(check: &mut Check) {
    let words = [
        0x0000_7003,                        // load, funct3 7
        0x0000_4023,                        // store, funct3 4
        0x0000_2063,                        // branch, funct3 2
        0x0000_1067,                        // jalr, funct3 1
        0x0400_1033,                        // sll, funct7 2
        0x4000_1033,                        // sll, funct7 0x20
        0x8000_1013,                        // slli by funct6 0x20
        0x0200_101b,                        // slliw by 32
        0x4000_101b,                        // slliw, funct7 0x20
        0x0200_103b,                        // mulhw
        0x0000_0053,                        // floating point
        0x0000_2007,                        // flw
        0x0000_0057,                        // vector
        0x0000_002f | 2 << 12 | 0x05 << 27, // amo, funct5 5
        0x0000_002f | 1 << 12,              // amo of a half word
        0x1000_002f | 2 << 12 | 1 << 20,    // lr with rs2
        0x0000_200f,                        // misc-mem, funct3 2
        0x0000_4073,                        // system, funct3 4
        0x0030_0073,                        // system, funct12 3
        0x1050_00f3,                        // wfi with rd
        0x0000_0173,                        // ecall with rd
        0x6200_0073,                        // hfence.gvma
        0x7b20_0073,                        // dret
    ];
    for word in words {
        let trap = run(Mode::Machine, &[word], &[]);
        check.trapped("reserved encoding", &trap, Mode::Machine, cause::ILLEGAL_INSN);
        if trap.ended {
            check.eq("which is", 0, word);
        }
    }
}

/// Two 16-bit instructions as one word of code.
fn pair(first: u32, second: u32) -> u32 {
    second << 16 | first
}

fn compressed(check: &mut Check) {
    const C_NOP: u32 = 0x0001;
    const C_EBREAK: u32 = 0x9002;
    let trap = run(Mode::User, &[pair(C_NOP, C_EBREAK)], &[]);
    check.trapped("c.ebreak", &trap, Mode::Machine, cause::BREAKPOINT);
    check.eq("epc", trap.epc, code_page() + 2);
    let reserved = [
        0x0000, // all zeros
        0x2000, // c.fld
        0x8000, // reserved, quadrant 0
        0x6081, // c.lui x1, 0
        0x6101, // c.addi16sp 0
        0x9c41, // reserved arithmetic
        0x2001, // c.addiw x0
        0x4002, // c.lwsp x0
        0x6002, // c.ldsp x0
        0x8002, // c.jr x0
        0x2002, // c.fldsp
    ];
    for half in reserved {
        let trap = run(Mode::User, &[pair(C_NOP, half)], &[]);
        check.trapped("reserved compressed", &trap, Mode::Machine, cause::ILLEGAL_INSN);
        if trap.cause != cause::ILLEGAL_INSN {
            check.eq("which is", 0, half);
        }
        check.eq("epc", trap.epc, code_page() + 2);
    }
}

fn uipi(check: &mut Check) {
    const UIPI: u32 = 0x0000_607b;
    // The old I-form, operation numbers beyond DEACTIVATE, rs2 other than x0.
    let words = [0x0000_207b, 0x0200_207b, UIPI | 5 << 25, UIPI | 127 << 25, UIPI | 1 << 20];
    for word in words {
        for mode in MODES {
            let trap = run(mode, &[word], &[]);
            check.trapped("no UIPI", &trap, Mode::Machine, cause::ILLEGAL_INSN);
        }
    }
}

fn jump_bit_0(check: &mut Check) {
    let target = code_page() + 12;
    let trap = run(Mode::User, &[jalr(RA, A1, 1), EBREAK, EBREAK, NOP], &[0, target]);
    check.ended("jalr to an odd address drops bit 0", &trap);
    check.eq("link", trap.registers[1], code_page() + 4);
}

fn no_effect(check: &mut Check) {
    // What precedes the faulting instruction has happened; what follows it has not.
    let address = data_page(0);
    run(Mode::User, &[sd(X0, A1)], &[0, address]);
    let code = [addi(A0, X0, 1), ld(A2, A2), addi(A0, X0, 2), sd(A0, A1)];
    let trap = run(Mode::User, &code, &[0, address, HOLE]);
    check.eq("a0", trap.a0(), 1);
    check.eq("a2", trap.registers[12], HOLE);
    check.eq("memory", run(Mode::User, &[ld(A0, A1)], &[0, address]).a0(), 0);
    // A CSR instruction with a trap writes nothing.
    let before = read::<{ number::MSCRATCH }>();
    run(Mode::User, &[csr(CsrOp::Rwi, A0, number::SSCRATCH, 9)], &[]);
    check.eq("mscratch", read::<{ number::MSCRATCH }>(), before);
}

fn tw(check: &mut Check) {
    set::<{ number::MSTATUS }>(status::TW);
    let trap = run(Mode::Supervisor, &[WFI], &[]);
    check.trapped("wfi in S with TW", &trap, Mode::Machine, cause::ILLEGAL_INSN);
    let trap = run(Mode::User, &[WFI], &[]);
    check.trapped("wfi in U with TW", &trap, Mode::Machine, cause::ILLEGAL_INSN);
}

fn tvm(check: &mut Check) {
    let satp = csr(CsrOp::Rs, A0, number::SATP, X0);
    let codes = [satp, csr(CsrOp::Rw, X0, number::SATP, X0), sfence_vma(X0, X0)];
    for code in codes {
        check.ended("without TVM", &run(Mode::Supervisor, &[code], &[]));
        let trap = run(Mode::User, &[code], &[]);
        check.trapped("in U", &trap, Mode::Machine, cause::ILLEGAL_INSN);
    }
    set::<{ number::MSTATUS }>(status::TVM);
    for code in codes {
        let trap = run(Mode::Supervisor, &[code], &[]);
        check.trapped("with TVM", &trap, Mode::Machine, cause::ILLEGAL_INSN);
        check.ended("in M", &run(Mode::Machine, &[code], &[]));
    }
    machine::sfence();
}

fn tsr(check: &mut Check) {
    set::<{ number::MSTATUS }>(status::TSR);
    let trap = run(Mode::Supervisor, &[SRET], &[]);
    check.trapped("sret in S with TSR", &trap, Mode::Machine, cause::ILLEGAL_INSN);
    for (mode, code) in [
        (Mode::User, SRET),
        (Mode::User, MRET),
        (Mode::Supervisor, MRET),
        (Mode::Supervisor, URET),
        (Mode::Machine, URET),
    ] {
        let trap = run(mode, &[code], &[]);
        check.trapped("return in another mode", &trap, Mode::Machine, cause::ILLEGAL_INSN);
    }
}
