//! UIPI and its CSRs: N-3.11 to N-3.14, and section 6 of the same document.

use crate::{
    check::{Check, Test, ours},
    receivers::{OWN, PEER, Receivers, entry},
};
use bare::{
    encode::{A0, A1, CsrOp, Uipi, X0, csr, csrr, csrw, uipi},
    guest::{Mode, run},
    machine::{read, try_out, write},
};
use hal::soc::{UINTC_BASE, cause, csr as number, event, irq};
use uintc::{Reason, suirs, suist};
use uintr::{Pending, Vector};

pub const TESTS: &[Test] = &[
    ours("uipi.suist", "N-3.11", suist_fields),
    ours("uipi.suirs", "N-3.12", suirs_fields),
    ours("uipi.suicfg", "N-3.13", suicfg),
    ours("uipi.suierr", "N-3.14", suierr),
    ours("uipi.csr_privilege", "N-2.2", privilege),
    ours("uipi.hidden", "N-2.5", hidden),
    ours("uipi.send", "N-6.5, N-6.6", send),
    ours("uipi.send.modes", "N-6.4", modes),
    ours("uipi.send.inactive", "UINTC-3.1, UINTC-4.2", send_inactive),
    ours("uipi.send.table_pages", "N-6.5, N-6.6", table_pages),
    ours("uipi.read", "N-6.8", take),
    ours("uipi.read.disabled", "N-6.13", read_disabled),
    ours("uipi.write", "N-6.9", add),
    ours("uipi.activate", "N-6.10", activate),
    ours("uipi.own.refused", "N-6.11, N-6.12", own_refused),
    ours("uipi.i_form", "N-6.2", old_form),
    ours("uipi.illegal", "N-6.2", illegal),
    ours("uipi.unused_fields", "N-6.3", unused_fields),
    ours("uipi.events", "N-7.1", events),
    ours("uipi.refusals_saturate", "N-7.2", saturate),
];

pub const ALL: [Uipi; 5] = [Uipi::Send, Uipi::Read, Uipi::Write, Uipi::Activate, Uipi::Deactivate];

const ENABLE: usize = 1 << 63;

fn suist_fields(check: &mut Check) {
    let held = try_out::<{ number::SUIST }>(usize::MAX);
    check.eq("Enable, reserved", held >> 56, 0x80);
    check.eq("Size", held >> 44 & 0xfff, 0xfff);
    check.eq("PPN", held & ((1 << 44) - 1), (1 << 44) - 1);
    check.eq("zeros", try_out::<{ number::SUIST }>(0), 0);
    let value = suist(0x8765_4000, 2);
    check.eq("a table", try_out::<{ number::SUIST }>(value), value);
}

fn suirs_fields(check: &mut Check) {
    check.eq("ones", try_out::<{ number::SUIRS }>(usize::MAX), ENABLE | 0xffff);
    check.eq("zeros", try_out::<{ number::SUIRS }>(0), 0);
}

fn suicfg(check: &mut Check) {
    check.eq("base", read::<{ number::SUICFG }>(), UINTC_BASE);
    check.eq("written", try_out::<{ number::SUICFG }>(0x300_0000), UINTC_BASE);
}

fn suierr(check: &mut Check) {
    let receivers = Receivers::new();
    let code = [uipi(Uipi::Send, X0, A0)];
    for write in [csrw(number::SUIERR, A1), csr(CsrOp::Rci, X0, number::SUIERR, 1)] {
        run(Mode::User, &code, &[5]);
        check.is("a refusal to show", read::<{ number::SUIERR }>() != 0);
        run(Mode::Supervisor, &[write], &[0, usize::MAX]);
        check.eq("cleared by any write", read::<{ number::SUIERR }>(), 0);
    }
    drop(receivers);
}

fn privilege(check: &mut Check) {
    for number in [number::SUIST, number::SUIRS, number::SUICFG, number::SUIERR] {
        for code in [csrr(A0, number), csrw(number, X0)] {
            for mode in [Mode::Supervisor, Mode::Machine] {
                check.ended("above U", &run(mode, &[code], &[]));
            }
            let trap = run(Mode::User, &[code], &[]);
            check.trapped("in U", &trap, Mode::Machine, cause::ILLEGAL_INSN);
        }
    }
}

fn hidden(check: &mut Check) {
    let receivers = Receivers::new();
    let (table, own) = (read::<{ number::SUIST }>(), read::<{ number::SUIRS }>());
    receivers.uintc.add_pending(OWN, Pending(6));
    // Without Enable the other fields give nothing.
    for (sideleg, suist, suirs) in [
        (0, 0, 0),
        (0, table & !ENABLE, own & !ENABLE),
        (1 << irq::USI, 0, 0),
        (1 << irq::UEI, 0, 0),
        (0, table, 0),
        (0, 0, own),
    ] {
        write::<{ number::SIDELEG }>(sideleg);
        write::<{ number::SUIST }>(suist);
        write::<{ number::SUIRS }>(suirs);
        let given = sideleg != 0 || (suist | suirs) & ENABLE != 0;
        for operation in ALL {
            let before = receivers.state();
            let code = uipi(operation, A0, A1);
            let trap = run(Mode::User, &[code], &[7, receivers.to_peer]);
            if given {
                check.ended("in U", &trap);
            } else {
                check.trapped("hidden in U", &trap, Mode::Machine, cause::ILLEGAL_INSN);
                check.eq("tval", trap.tval, code as usize);
                check.eq("rd", trap.a0(), 7);
                check.is("entries to stay", receivers.state() == before);
                check.eq("no refusal", read::<{ number::SUIERR }>(), 0);
                for mode in [Mode::Supervisor, Mode::Machine] {
                    check.ended("above U", &run(mode, &[code], &[7, receivers.to_peer]));
                }
                write::<{ number::SUIERR }>(0);
            }
        }
    }
}

fn send(check: &mut Check) {
    let receivers = Receivers::new();
    for vector in (0..Vector::COUNT).filter_map(|number| Vector::try_from(number).ok()) {
        for receiver in [OWN, PEER, 511] {
            receivers.table(vector.number().into(), entry(vector, receiver));
            let code = [uipi(Uipi::Send, X0, A0)];
            check.ended("send", &run(Mode::User, &code, &[vector.number().into()]));
            check.eq("pending", receivers.uintc.take_pending(receiver).0, vector.mask());
        }
    }
    check.is("nothing else pending", !receivers.anything_pending());
    check.eq("no refusal", read::<{ number::SUIERR }>(), 0);
}

fn modes(check: &mut Check) {
    let receivers = Receivers::new();
    for mode in [Mode::User, Mode::Supervisor, Mode::Machine] {
        let code = [uipi(Uipi::Send, X0, A0), uipi(Uipi::Write, X0, A1), uipi(Uipi::Read, A0, X0)];
        let trap = run(mode, &code, &[receivers.to_peer, 6]);
        check.ended("all modes", &trap);
        check.eq("own", trap.a0(), 6);
        check.eq("peer", receivers.take_peer(), 1 << 9);
    }
}

fn send_inactive(check: &mut Check) {
    let receivers = Receivers::new();
    receivers.uintc.set_active(PEER, false);
    for times in 1..3 {
        run(Mode::User, &[uipi(Uipi::Send, X0, A0)], &[receivers.to_peer]);
        check.is("inactive still", !receivers.uintc.is_active(PEER));
        if times == 2 {
            check.eq("pending once", receivers.take_peer(), 1 << 9);
        }
    }
}

fn table_pages(check: &mut Check) {
    let receivers = Receivers::new();
    for (pages, index, sound) in [(1, 511, true), (1, 512, false), (2, 512, true), (2, 1023, true)]
    {
        receivers.select_table(pages);
        receivers.table(index, entry(Vector::new(3), PEER));
        run(Mode::User, &[uipi(Uipi::Send, X0, A0)], &[index]);
        check.eq("sent", receivers.take_peer(), (sound as u64) << 3);
    }
    // Large indices with a small product by 8, and a table without pages.
    receivers.select_table(2);
    receivers.table(0, entry(Vector::new(3), PEER));
    for index in [1 << 61, 1 << 62, 1 << 63, 1 << 32, 1 << 12, 1 << 10] {
        run(Mode::User, &[uipi(Uipi::Send, X0, A0)], &[index]);
        check.eq("not sent", receivers.take_peer(), 0);
    }
    receivers.select_table(0);
    run(Mode::User, &[uipi(Uipi::Send, X0, A0)], &[0]);
    check.eq("Size 0", receivers.take_peer(), 0);
}

fn take(check: &mut Check) {
    let receivers = Receivers::new();
    for pending in [0, 1, 1 << 63, 0x5555_aaaa_0ff0_1234] {
        receivers.uintc.add_pending(OWN, Pending(pending));
        let code = [uipi(Uipi::Read, A0, X0), uipi(Uipi::Read, A1, X0)];
        let trap = run(Mode::User, &code, &[7, 7]);
        check.eq("read", trap.a0() as u64, pending);
        check.eq("read again", trap.registers[A1 as usize], 0);
    }
}

fn read_disabled(check: &mut Check) {
    let receivers = Receivers::new();
    receivers.uintc.add_pending(0, Pending(0xff));
    write::<{ number::SUIRS }>(0);
    let trap = run(Mode::User, &[uipi(Uipi::Read, A0, X0)], &[7]);
    check.ended("no trap", &trap);
    check.eq("rd", trap.a0(), 0);
    check.eq("nothing taken", receivers.uintc.take_pending(0).0, 0xff);
}

fn add(check: &mut Check) {
    let receivers = Receivers::new();
    receivers.uintc.add_pending(OWN, Pending(0x100));
    for mask in [0, 1, 1 << 63 | 2] {
        run(Mode::User, &[uipi(Uipi::Write, X0, A0)], &[mask]);
    }
    check.eq("added", receivers.uintc.take_pending(OWN).0, 1 << 63 | 0x103);
}

fn activate(check: &mut Check) {
    let receivers = Receivers::new();
    for (operation, active) in
        [(Uipi::Deactivate, false), (Uipi::Deactivate, false), (Uipi::Activate, true)]
    {
        let before = receivers.uintc.location(OWN);
        run(Mode::User, &[uipi(operation, X0, A0)], &[usize::MAX]);
        let expected = uintc::Location { active, ..before };
        check.is("only Active to change", receivers.uintc.location(OWN) == expected);
        check.is("the peer's to stay", receivers.uintc.is_active(PEER));
    }
}

fn own_refused(check: &mut Check) {
    let receivers = Receivers::new();
    for (value, reason) in [
        (0, Reason::ReceiverDisabled),
        (OWN.into(), Reason::ReceiverDisabled),
        (suirs(512), Reason::OwnReceiver),
        (suirs(512 | OWN), Reason::OwnReceiver),
        (suirs(0xffff), Reason::OwnReceiver),
    ] {
        for operation in [Uipi::Read, Uipi::Write, Uipi::Activate, Uipi::Deactivate] {
            let before = receivers.state();
            write::<{ number::SUIRS }>(value);
            let trap = run(Mode::User, &[uipi(operation, A0, A1)], &[1, 0x1_0000_00ff]);
            check.ended("no trap", &trap);
            receivers.is_refused(check, reason, operation, 0xff);
            check.is("entries to stay", receivers.state() == before);
        }
    }
}

fn old_form(check: &mut Check) {
    let receivers = Receivers::new();
    // The operation in the immediate (in place of funct7 and rs2), with funct3 2 and 6, and the
    // R-form with funct3 2.
    for operation in 0..5u32 {
        let words = [
            operation << 20 | A1 << 15 | 2 << 12 | A0 << 7 | 0x7b,
            operation << 25 | A1 << 15 | 2 << 12 | A0 << 7 | 0x7b,
        ];
        for word in words {
            let trap = run(Mode::User, &[word], &[0, receivers.to_peer]);
            check.trapped("funct3 2", &trap, Mode::Machine, cause::ILLEGAL_INSN);
        }
    }
    check.eq("nothing sent", receivers.take_peer(), 0);
}

fn illegal(check: &mut Check) {
    let receivers = Receivers::new();
    let mut traps = |word: u32| {
        for mode in [Mode::User, Mode::Machine] {
            let trap = run(mode, &[word], &[0, receivers.to_peer]);
            check.trapped("illegal", &trap, Mode::Machine, cause::ILLEGAL_INSN);
        }
    };
    for operation in ALL {
        let word = uipi(operation, A0, A1);
        (0..5).for_each(|bit| traps(word | 1 << (20 + bit)));
        (0..8).filter(|funct3| *funct3 != 6).for_each(|funct3| {
            traps(word & !(7 << 12) | funct3 << 12);
        });
    }
    (5..128).for_each(|funct7| traps(uipi(Uipi::Send, A0, A1) | funct7 << 25));
    check.eq("nothing sent", receivers.take_peer(), 0);
    check.eq("no refusal", read::<{ number::SUIERR }>(), 0);
}

fn unused_fields(check: &mut Check) {
    let receivers = Receivers::new();
    let code = [
        uipi(Uipi::Send, A1, A0),
        uipi(Uipi::Activate, A1, A0),
        uipi(Uipi::Deactivate, A1, A0),
        uipi(Uipi::Write, A1, A0),
    ];
    check.ended("rd not x0", &run(Mode::User, &code, &[receivers.to_peer]));
    let trap = run(Mode::User, &[uipi(Uipi::Read, A0, A1)], &[0, usize::MAX]);
    check.eq("READ with rs1", trap.a0(), receivers.to_peer);
    check.eq("sent", receivers.take_peer(), 1 << 9);
}

fn events(check: &mut Check) {
    let receivers = Receivers::new();
    write::<{ number::MHPMEVENT3 }>(event::UIPI);
    write::<{ number::MHPMEVENT3 + 1 }>(event::UIPI_REFUSED);
    write::<{ number::MHPMCOUNTER3 }>(0);
    write::<{ number::MHPMCOUNTER3 + 1 }>(0);
    let code = [uipi(Uipi::Send, X0, A0), uipi(Uipi::Send, X0, A1), uipi(Uipi::Read, A0, X0)];
    run(Mode::User, &code, &[receivers.to_peer, 0x1000]);
    check.eq("UIPI", read::<{ number::MHPMCOUNTER3 }>(), 3);
    check.eq("refused", read::<{ number::MHPMCOUNTER3 + 1 }>(), 1);
    write::<{ number::MHPMEVENT3 }>(event::NONE);
    write::<{ number::MHPMEVENT3 + 1 }>(event::NONE);
}

fn saturate(check: &mut Check) {
    let receivers = Receivers::new();
    write::<{ number::SUIST }>(0);
    // addi a1, a1, -1; bnez a1, back to the SEND.
    let code = [uipi(Uipi::Send, X0, A0), bare::encode::addi(A1, A1, -1), 0xfe05_9ce3];
    run(Mode::User, &code, &[0, 0xfffe]);
    receivers.count_is(check, 0xfffe);
    run(Mode::User, &code, &[0, 3]);
    receivers.count_is(check, 0xffff);
}
