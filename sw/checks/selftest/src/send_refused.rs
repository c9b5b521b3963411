//! SEND that has no effect: one test for each reason.

use crate::{
    accesses::HOLE,
    check::{Check, Test, ours},
    receivers::{OWN, PEER, Receivers, entry},
};
use bare::{
    encode::{A0, Uipi, X0, uipi},
    guest::{Mode, run},
    machine::{OPEN_PMP_ENTRY, PMP_OPEN, sfence, write},
};
use hal::soc::{CLINT_BASE, UINTC_BASE, csr as number};
use sv39::PAGE;
use uintc::{Reason, suist};
use uintr::Vector;

pub const TESTS: &[Test] = &[
    ours("uipi.refused.disabled", "N-6.5, N-6.12", disabled),
    ours("uipi.refused.beyond", "N-6.5, N-6.12", beyond),
    ours("uipi.refused.invalid", "N-6.5, N-6.12", invalid),
    ours("uipi.refused.vector", "N-6.5, N-6.12", vector),
    ours("uipi.refused.receiver", "N-6.5, N-6.12", receiver),
    ours("uipi.refused.pmp", "N-6.7", pmp),
    ours("uipi.refused.no_memory", "N-6.7", no_memory),
];

const INDEX: usize = 7;
const MODES: [Mode; 3] = [Mode::User, Mode::Supervisor, Mode::Machine];

/// Expects that the only effect of a SEND of `index` is this refusal.
fn refused(check: &mut Check, receivers: &Receivers, mode: Mode, index: usize, reason: Reason) {
    let before = receivers.state();
    check.ended("no trap", &run(mode, &[uipi(Uipi::Send, X0, A0)], &[index]));
    receivers.is_refused(check, reason, Uipi::Send, index as u32);
    check.is("entries to stay", receivers.state() == before);
}

/// Expects a SEND to arrive.
fn arrives(check: &mut Check, receivers: &Receivers, index: usize) {
    run(Mode::User, &[uipi(Uipi::Send, X0, A0)], &[index]);
    check.eq("sent", receivers.take_peer(), 1 << 9);
}

fn disabled(check: &mut Check) {
    let receivers = Receivers::new();
    for value in [0, suist(receivers.table_address(), 1) & !(1 << 63)] {
        for mode in MODES {
            write::<{ number::SUIST }>(value);
            refused(check, &receivers, mode, receivers.to_peer, Reason::SenderDisabled);
        }
    }
}

fn beyond(check: &mut Check) {
    let receivers = Receivers::new();
    // A valid entry lies behind the table.
    receivers.table(512, entry(Vector::new(9), PEER));
    for mode in MODES {
        for index in [512, 1 << 12, 1 << 31, 1 << 61 | receivers.to_peer, usize::MAX] {
            refused(check, &receivers, mode, index, Reason::BeyondTable);
        }
    }
    arrives(check, &receivers, receivers.to_peer);
}

fn invalid(check: &mut Check) {
    let receivers = Receivers::new();
    // All bits except Valid.
    for word in [entry(Vector::new(9), PEER) & !1, 0, 1 << 63 | 0xfffe] {
        receivers.table(INDEX, word);
        refused(check, &receivers, Mode::User, INDEX, Reason::EntryInvalid);
    }
    receivers.table(INDEX, entry(Vector::new(9), PEER) | 0xfffe | 0xffff << 32);
    arrives(check, &receivers, INDEX);
}

fn vector(check: &mut Check) {
    let receivers = Receivers::new();
    for vector in [64u64, 65, 0x109, 0x8009, 0xffff] {
        receivers.table(INDEX, 1 | vector << 16 | u64::from(PEER) << 48);
        refused(check, &receivers, Mode::User, INDEX, Reason::Vector);
    }
    // The vector is judged before the receiver.
    receivers.table(INDEX, 1 | 64 << 16 | 512 << 48);
    refused(check, &receivers, Mode::User, INDEX, Reason::Vector);
}

fn receiver(check: &mut Check) {
    let receivers = Receivers::new();
    for receiver in [512, 512 | PEER, 0x8000 | OWN, 0xffff] {
        receivers.table(INDEX, entry(Vector::new(9), receiver));
        refused(check, &receivers, Mode::User, INDEX, Reason::Receiver);
    }
}

fn pmp(check: &mut Check) {
    const NAPOT: usize = 3 << 3;
    const READ: usize = 1;
    const WRITE: usize = 2;
    let receivers = Receivers::new();
    receivers.select_table(2);
    receivers.table(512, entry(Vector::new(9), PEER));
    write::<{ number::PMPADDR0 }>((receivers.table_address() + PAGE) >> 2 | (PAGE / 8 - 1));
    // The second page is closed and opened again. The first stays open.
    for rights in [0, READ, 0, READ | WRITE] {
        write::<{ number::PMPCFG0 }>(PMP_OPEN << (8 * OPEN_PMP_ENTRY) | NAPOT | rights);
        sfence();
        arrives(check, &receivers, receivers.to_peer);
        if rights == 0 {
            for mode in MODES {
                refused(check, &receivers, mode, 512, Reason::TableAccess);
            }
        } else {
            arrives(check, &receivers, 512);
        }
    }
}

fn no_memory(check: &mut Check) {
    let receivers = Receivers::new();
    // The table itself with one more bit in its address: not cut to one that exists.
    let aliases = (32..56).map(|bit| 1 << bit | receivers.table_address());
    for address in
        [HOLE, CLINT_BASE, UINTC_BASE, usize::MAX >> 8 & !0xfff, 0].into_iter().chain(aliases)
    {
        for mode in MODES {
            write::<{ number::SUIST }>(suist(address, 1));
            refused(check, &receivers, mode, receivers.to_peer, Reason::TableAccess);
        }
    }
}
