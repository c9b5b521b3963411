//! Status and interrupt registers, and the views that lower modes have of them.

use crate::check::{Check, Test, ours, test};
use bare::{
    encode::{A0, csrc, csrr, csrs, csrw},
    guest::{Mode, run},
    machine::{read, try_out, write},
};
use hal::{
    csr::status,
    soc::{csr as number, irq},
};

pub const TESTS: &[Test] = &[
    test("mstatus.fields", "priv 3.1.6", mstatus_fields),
    test("mstatus.mpp", "priv 3.1.6.1", mstatus_mpp),
    test("sstatus.view", "priv 4.1.1", sstatus_view),
    ours("ustatus.view", "N-3.1", ustatus_view),
    test("mie.bits", "priv 3.1.9", mie_bits),
    test("mip.bits", "priv 3.1.9; Sstc 2", mip_bits),
    ours("mip.user", "N-3.6", mip_user),
    test("sie.view", "priv 4.1.3", sie_view),
    test("sip.view", "priv 4.1.3", sip_view),
    ours("sip.user", "N-3.4, N-3.6", sip_user),
    ours("uie.view", "N-3.4", uie_view),
    ours("uip.view", "N-3.5", uip_view),
    ours("uip.other_bit_keeps_usip", "N-4.2", uip_other_bit),
];

const USER: usize = 1 << irq::USI | 1 << irq::UTI | 1 << irq::UEI;
const SUPERVISOR: usize = 1 << irq::SSI | 1 << irq::STI | 1 << irq::SEI;
const MACHINE: usize = 1 << irq::MSI | 1 << irq::MTI | 1 << irq::MEI;
const XLEN_64: usize = 2;

fn mstatus_fields(check: &mut Check) {
    use status::*;
    let writable = SIE | MIE | SPIE | MPIE | SPP | MPP | MPRV | SUM | MXR | TVM | TW | TSR;
    // All except MPRV: with it, this code itself would be translated.
    let held = try_out::<{ number::MSTATUS }>(!MPRV);
    check.eq("ones", held & writable, writable & !MPRV);
    check.eq("UXL", held >> 32 & 3, XLEN_64);
    check.eq("SXL", held >> 34 & 3, XLEN_64);
    check.eq("UBE, SBE, MBE", held & (1 << 6 | 3 << 36), 0);
    check.eq("VS, XS", held & (3 << 9 | 3 << 15), 0);
    check.eq("zeros", try_out::<{ number::MSTATUS }>(0) & writable, 0);
}

fn mstatus_mpp(check: &mut Check) {
    for mpp in [0, 1, 3] {
        let held = try_out::<{ number::MSTATUS }>(mpp << status::MPP_SHIFT);
        check.eq("MPP", held >> status::MPP_SHIFT & 3, mpp);
    }
    let held = try_out::<{ number::MSTATUS }>(2 << status::MPP_SHIFT);
    check.is("MPP not to hold 2", held >> status::MPP_SHIFT & 3 != 2);
}

fn sstatus_view(check: &mut Check) {
    use status::*;
    let shared = SIE | SPIE | SPP | SUM | MXR;
    let hidden = MIE | MPIE | MPP | MPRV | TVM | TW | TSR;
    write::<{ number::MSTATUS }>(!MPRV);
    let seen = read::<{ number::SSTATUS }>();
    check.eq("shared bits seen", seen & shared, shared);
    check.eq("M-mode bits seen", seen & hidden, 0);
    check.eq("UXL", seen >> 32 & 3, XLEN_64);
    write::<{ number::SSTATUS }>(0);
    check.eq("written to 0", read::<{ number::MSTATUS }>() & shared, 0);
    check.eq("M-mode bits kept", read::<{ number::MSTATUS }>() & hidden, hidden & !MPRV);
    write::<{ number::MSTATUS }>(0);
    write::<{ number::SSTATUS }>(usize::MAX);
    check.eq("written to 1", read::<{ number::MSTATUS }>() & shared, shared);
    check.eq("M-mode bits kept", read::<{ number::MSTATUS }>() & hidden, 0);
    write::<{ number::MSTATUS }>(0);
}

fn ustatus_view(check: &mut Check) {
    use status::*;
    write::<{ number::USTATUS }>(usize::MAX);
    check.eq("ustatus", read::<{ number::USTATUS }>(), UIE | UPIE);
    check.eq("seen in mstatus", read::<{ number::MSTATUS }>() & (UIE | UPIE), UIE | UPIE);
    check.eq("seen in sstatus", read::<{ number::SSTATUS }>() & (UIE | UPIE), UIE | UPIE);
    check.eq("no other bit of mstatus", read::<{ number::MSTATUS }>() & (SIE | SPIE | MIE), 0);
    write::<{ number::SSTATUS }>(UPIE);
    check.eq("written through sstatus", read::<{ number::USTATUS }>(), UPIE);
    write::<{ number::MSTATUS }>(UIE);
    check.eq("written through mstatus", read::<{ number::USTATUS }>(), UIE);
    write::<{ number::SIDELEG }>(1 << irq::USI);
    let trap = run(Mode::User, &[csrw(number::USTATUS, A0), csrr(A0, number::USTATUS)], &[UPIE]);
    check.eq("from U", trap.a0(), UPIE);
    write::<{ number::MSTATUS }>(usize::MAX & !MPRV);
    write::<{ number::USTATUS }>(0);
    check.eq("SIE kept", read::<{ number::MSTATUS }>() & SIE, SIE);
}

fn mie_bits(check: &mut Check) {
    let held = try_out::<{ number::MIE }>(usize::MAX);
    check.eq("ones", held & (SUPERVISOR | MACHINE), SUPERVISOR | MACHINE);
    check.eq("zeros", try_out::<{ number::MIE }>(0), 0);
}

fn mip_bits(check: &mut Check) {
    let stip = 1 << irq::STI;
    write::<{ number::MIP }>(usize::MAX);
    let held = read::<{ number::MIP }>();
    check.eq("SSIP, SEIP", held & SUPERVISOR & !stip, SUPERVISOR & !stip);
    check.eq("STIP with STCE", held & stip, 0);
    check.eq("MSIP, MTIP, MEIP", held & MACHINE, 0);
    write::<{ number::MENVCFG }>(0);
    write::<{ number::MIP }>(stip);
    check.eq("STIP without STCE", read::<{ number::MIP }>() & stip, stip);
    write::<{ number::MIP }>(0);
    check.eq("zeros", read::<{ number::MIP }>(), 0);
}

fn mip_user(check: &mut Check) {
    for bits in [USER, 1 << irq::UTI, 0] {
        write::<{ number::MIP }>(bits);
        check.eq("mip", read::<{ number::MIP }>() & USER, bits);
        check.eq("mie", try_out::<{ number::MIE }>(bits) & USER, bits);
    }
}

fn sie_view(check: &mut Check) {
    write::<{ number::MIE }>(SUPERVISOR | MACHINE);
    check.eq("nothing delegated", read::<{ number::SIE }>(), 0);
    write::<{ number::SIE }>(0);
    check.eq("write of what is not delegated", read::<{ number::MIE }>(), SUPERVISOR | MACHINE);
    for bit in [irq::SSI, irq::STI, irq::SEI] {
        write::<{ number::MIDELEG }>(1 << bit);
        check.eq("delegated", read::<{ number::SIE }>(), 1 << bit);
        write::<{ number::SIE }>(0);
        check.eq("cleared", read::<{ number::MIE }>() & SUPERVISOR, SUPERVISOR & !(1 << bit));
        write::<{ number::SIE }>(usize::MAX);
        check.eq("set", read::<{ number::MIE }>(), SUPERVISOR | MACHINE);
    }
}

fn sip_view(check: &mut Check) {
    write::<{ number::MENVCFG }>(0);
    write::<{ number::MIP }>(SUPERVISOR);
    check.eq("nothing delegated", read::<{ number::SIP }>(), 0);
    write::<{ number::MIDELEG }>(SUPERVISOR);
    check.eq("delegated", read::<{ number::SIP }>(), SUPERVISOR);
    write::<{ number::SIP }>(0);
    check.eq("only SSIP is cleared", read::<{ number::SIP }>(), SUPERVISOR & !(1 << irq::SSI));
    write::<{ number::MIP }>(0);
    write::<{ number::SIP }>(usize::MAX);
    check.eq("only SSIP is set", read::<{ number::MIP }>() & SUPERVISOR, 1 << irq::SSI);
    write::<{ number::MIDELEG }>(0);
    write::<{ number::SIP }>(0);
    check.eq("not delegated", read::<{ number::MIP }>() & SUPERVISOR, 1 << irq::SSI);
}

fn sip_user(check: &mut Check) {
    write::<{ number::MIDELEG }>(USER);
    write::<{ number::SIP }>(USER);
    check.eq("sip sets", read::<{ number::MIP }>() & USER, USER);
    write::<{ number::SIE }>(USER);
    check.eq("sie sets", read::<{ number::MIE }>() & USER, USER);
    write::<{ number::MIDELEG }>(1 << irq::USI);
    check.eq("sip of what is delegated", read::<{ number::SIP }>(), 1 << irq::USI);
    check.eq("sie of what is delegated", read::<{ number::SIE }>(), 1 << irq::USI);
    write::<{ number::SIP }>(0);
    check.eq("sip clears", read::<{ number::MIP }>() & USER, USER & !(1 << irq::USI));
}

fn uie_view(check: &mut Check) {
    write::<{ number::MIDELEG }>(USER);
    write::<{ number::MIE }>(USER);
    check.eq("sideleg 0", read::<{ number::UIE }>(), 0);
    write::<{ number::UIE }>(0);
    check.eq("write with sideleg 0", read::<{ number::MIE }>() & USER, USER);
    for bit in [irq::USI, irq::UTI, irq::UEI] {
        write::<{ number::SIDELEG }>(1 << bit);
        check.eq("delegated", read::<{ number::UIE }>(), 1 << bit);
        write::<{ number::UIE }>(0);
        check.eq("cleared", read::<{ number::MIE }>() & USER, USER & !(1 << bit));
        write::<{ number::UIE }>(usize::MAX);
        check.eq("set", read::<{ number::MIE }>() & USER, USER);
    }
}

fn uip_view(check: &mut Check) {
    write::<{ number::MIDELEG }>(USER);
    write::<{ number::MIP }>(USER);
    check.eq("sideleg 0", read::<{ number::UIP }>(), 0);
    write::<{ number::UIP }>(0);
    check.eq("write with sideleg 0", read::<{ number::MIP }>() & USER, USER);
    write::<{ number::SIDELEG }>(USER);
    check.eq("delegated", read::<{ number::UIP }>(), USER);
    run(Mode::User, &[csrw(number::UIP, A0)], &[0]);
    check.eq("U clears USIP only", read::<{ number::MIP }>() & USER, USER & !(1 << irq::USI));
    write::<{ number::MIP }>(0);
    run(Mode::User, &[csrw(number::UIP, A0)], &[usize::MAX]);
    check.eq("U sets USIP only", read::<{ number::MIP }>() & USER, 1 << irq::USI);
}

fn uip_other_bit(check: &mut Check) {
    write::<{ number::MIDELEG }>(USER);
    write::<{ number::SIDELEG }>(USER);
    for usip in [0, 1 << irq::USI] {
        for code in [csrs(number::UIP, A0), csrc(number::UIP, A0)] {
            write::<{ number::MIP }>(usip);
            run(Mode::User, &[code], &[1 << irq::UTI | 1 << irq::UEI]);
            check.eq("uip", read::<{ number::MIP }>() & USER, usip);
        }
    }
}
