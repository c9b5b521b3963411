//! What is measured.

use crate::{
    calls::{cycle, timed},
    measure,
    server::{ARRIVED, REPLIED},
    setup::{Objects, SPARE},
};
use core::sync::atomic::Ordering;
use root::Space;
use sel4::{MessageInfo, Rights, abi::Syscall};

const NONE: MessageInfo = MessageInfo(0);

/// System calls that concern nobody else.
pub fn alone(objects: &Objects) {
    measure("kernel.null_syscall", "", || timed(Syscall::BenchmarkNullSyscall, 0, NONE).1);
    measure("kernel.yield", "", || timed(Syscall::Yield, 0, NONE).1);
    measure("kernel.signal", "waiter=none", || {
        timed(Syscall::Send, objects.notification.0, NONE).1
    });
    measure("kernel.poll", "", || timed(Syscall::NbRecv, objects.notification.0, NONE).1);
    let (frame, space) = (objects.frame, Space::own().table);
    let map = || frame.map(space, SPARE, Rights::READ_WRITE, 0).expect("nothing is there");
    let unmap = || frame.unmap().expect("the frame is the root task's");
    measure("kernel.page_map", "", || {
        let before = cycle();
        map();
        let after = cycle();
        unmap();
        after - before
    });
    measure("kernel.page_unmap", "", || {
        map();
        let before = cycle();
        unmap();
        cycle() - before
    });
}

/// A call to the server, and its reply.
pub fn messages(objects: &Objects, parameters: &'static str, words: usize) {
    let info = MessageInfo::new(1, 0, 0, words);
    measure("kernel.call", parameters, || {
        let before = cycle();
        timed(Syscall::Call, objects.badged.0, info);
        ARRIVED.load(Ordering::Relaxed) - before
    });
    measure("kernel.reply", parameters, || {
        timed(Syscall::Call, objects.badged.0, info);
        cycle() - REPLIED.load(Ordering::Relaxed)
    });
}
