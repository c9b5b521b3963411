//! Exceptions: cause, epc and tval of each.

use crate::{
    check::{Check, Test, ours, test},
    space::data_page,
};
use bare::{
    encode::{
        A0, A1, A2, Amo, CsrOp, EBREAK, ILLEGAL, Load, MRET, NOP, RA, SRET, URET, WFI, X0, addi,
        amo, csr, jalr, ld, load, sd, sfence_vma, store,
    },
    guest::{Mode, code_page, enter, run},
    machine::{self, read, set},
};
use hal::{
    csr::status,
    soc::{DRAM_BASE, DRAM_SIZE, FINISHER_BASE, UART0_BASE, cause, csr as number},
};

pub const TESTS: &[Test] = &[
    test("exception.ecall", "priv 3.3.1", ecall),
    test("exception.ebreak", "priv 3.3.1", ebreak),
    test("exception.illegal", "priv 3.1.15, 3.1.16", illegal),
    test("exception.illegal.fields", "unpriv 2, 8, 9, 25", illegal_fields),
    test("exception.compressed", "unpriv 16", compressed),
    ours("exception.uipi", "N 6.2, 13.1, 13.2", uipi),
    test("exception.fetch_access", "priv 3.6, 3.1.16", fetch_access),
    test("exception.load_access", "priv 3.6, 3.1.16", load_access),
    test("exception.store_access", "priv 3.6, 3.1.16", store_access),
    ours("exception.hole_page", "priv 3.6 (attributes by page)", hole_pages),
    ours("exception.rom", "priv 3.6", rom),
    ours("exception.io", "priv 3.6.3, 3.6.4", io),
    ours("exception.amo_misaligned", "unpriv 8.2, 8.4", amo_misaligned),
    test("exception.jump_bit_0", "unpriv 2.5", jump_bit_0),
    test("exception.no_effect", "priv 3.1.14", no_effect),
    test("wfi.tw", "priv 3.1.6.5", tw),
    test("status.tvm", "priv 3.1.6.5", tvm),
    test("status.tsr", "priv 3.1.6.5", tsr),
];

const MODES: [Mode; 3] = [Mode::User, Mode::Supervisor, Mode::Machine];

/// An address where nothing is.
pub const HOLE: usize = 0x1800_0000;

fn ecall(check: &mut Check) {
    let causes = [cause::ECALL_U, cause::ECALL_S, cause::ECALL_M];
    for (mode, cause) in MODES.into_iter().zip(causes) {
        let trap = run(mode, &[NOP, NOP], &[]);
        check.trapped(
            "ecall",
            &bare::guest::Trap { ended: false, ..trap.clone() },
            Mode::Machine,
            cause,
        );
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
    // The I-form of old, operation numbers beyond DEACTIVATE, rs2 not x0.
    let words = [0x0000_207b, 0x0200_207b, UIPI | 5 << 25, UIPI | 127 << 25, UIPI | 1 << 20];
    for word in words {
        for mode in MODES {
            let trap = run(mode, &[word], &[]);
            check.trapped("no UIPI", &trap, Mode::Machine, cause::ILLEGAL_INSN);
        }
    }
}

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
    // Without a reservation it may fail without looking at the address.
    let trap = run(Mode::Supervisor, &[sc], &[77, HOLE]);
    check.is("SC to a hole to fail or fault", !trap.ended || trap.a0() != 0);
}

fn hole_pages(check: &mut Check) {
    let holes =
        [0, DRAM_BASE - 8, 0x0010_1000, 0x0200_0000 - 8, 0x0201_0000, DRAM_BASE + DRAM_SIZE];
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
    const RESET_VECTOR: usize = 0x1000;
    check.ended("load", &run(Mode::Machine, &[ld(A0, A1)], &[0, RESET_VECTOR]));
    for code in [sd(A0, A1), amo(Amo::Add, 3, A0, A1, A2)] {
        let trap = run(Mode::Machine, &[code], &[0, RESET_VECTOR]);
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

fn jump_bit_0(check: &mut Check) {
    let target = code_page() + 12;
    let trap = run(Mode::User, &[jalr(RA, A1, 1), EBREAK, EBREAK, NOP], &[0, target]);
    check.ended("jalr to an odd address drops bit 0", &trap);
    check.eq("link", trap.registers[1], code_page() + 4);
}

fn no_effect(check: &mut Check) {
    // What comes after the faulting instruction has not happened, what was before has.
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
