//! What is measured.

use crate::{
    calls::{cycle, done, timed},
    measure,
    server::{ARRIVED, REPLIED},
    setup::{Objects, SPARE},
};
use abi::{Label, MessageInfo, Rights, Syscall, slot};
use core::sync::atomic::Ordering;

const NONE: MessageInfo = MessageInfo(0);

/// System calls that concern nobody else.
pub fn alone(objects: &Objects) {
    measure("kernel.null_syscall", "", || timed(Syscall::BenchmarkNullSyscall, 0, NONE).1);
    measure("kernel.yield", "", || timed(Syscall::Yield, 0, NONE).1);
    measure("kernel.signal", "waiter=none", || timed(Syscall::Send, objects.notification, NONE).1);
    measure("kernel.poll", "", || timed(Syscall::NbRecv, objects.notification, NONE).1);
    let words = [SPARE, Rights::READ_WRITE.0, 0];
    measure("kernel.page_map", "", || {
        let before = cycle();
        done(objects.frame, Label::PageMap, &words, &[slot::VSPACE]);
        let after = cycle();
        done(objects.frame, Label::PageUnmap, &[], &[]);
        after - before
    });
    measure("kernel.page_unmap", "", || {
        done(objects.frame, Label::PageMap, &words, &[slot::VSPACE]);
        let before = cycle();
        done(objects.frame, Label::PageUnmap, &[], &[]);
        cycle() - before
    });
}

/// A call to the server, and its reply.
pub fn messages(objects: &Objects, parameters: &'static str, words: usize) {
    let info = MessageInfo::new(1, 0, 0, words);
    measure("kernel.call", parameters, || {
        let before = cycle();
        timed(Syscall::Call, objects.badged, info);
        ARRIVED.load(Ordering::Relaxed) - before
    });
    measure("kernel.reply", parameters, || {
        timed(Syscall::Call, objects.badged, info);
        cycle() - REPLIED.load(Ordering::Relaxed)
    });
}
