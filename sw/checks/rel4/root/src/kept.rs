//! A system call changes no register but those of its answer, on whatever way it goes.

use crate::{
    check::{Outcome, Test},
    equal,
    helper::{Words, endpoint, let_others_run, low_thread, notification, stop},
};
use core::arch::global_asm;
use root::Root;
use sel4::{Endpoint, abi::Syscall};

pub const TESTS: &[Test] = &[
    ("calls that end in the same thread keep registers", same_thread),
    ("a call and its answer keep registers", call),
    ("an answer that waits for the next call keeps registers", reply_receive),
];

static WORDS: Words = Words::new();

const CAP: usize = 10;
const INFO: usize = 11;
const NUMBER: usize = 17;
/// Badge, information, and the words of a message.
const ANSWER: core::ops::Range<usize> = CAP..16;

// Loads all registers but `sp` from `words`, makes a system call, and stores them there.
global_asm!(
    ".macro those what, from, base",
    ".irp n, 1,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
    "\\what x\\n, \\from + 8 * \\n(\\base)",
    ".endr",
    ".endm",
    ".macro own what",
    ".irp n, 1,3,4,8,9,18,19,20,21,22,23,24,25,26,27",
    "\\what x\\n, 256 + 8 * \\n(sp)",
    ".endr",
    ".endm",
    "system_call_with:",
    "addi sp, sp, -528",
    "own sd",
    "sd a0, 512(sp)",
    "those ld, 0, a0",
    "ld a0, 8 * 10(a0)",
    "ecall",
    "those sd, 0, sp",
    "sd a0, 8 * 10(sp)",
    "ld a0, 512(sp)",
    ".irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
    "ld t0, 8 * \\n(sp)",
    "sd t0, 8 * \\n(a0)",
    ".endr",
    "own ld",
    "addi sp, sp, 528",
    "ret",
);
unsafe extern "C" {
    fn system_call_with(words: *mut usize);
}

/// Makes a system call with a pattern in the other registers. Returns how many of them it changed.
fn changed_by(number: Syscall, cap: usize) -> usize {
    // Caller and server must not have the same.
    let pattern = (number as isize as usize) << 8;
    let mut before: [usize; 32] = core::array::from_fn(|register| pattern + register);
    (before[CAP], before[INFO], before[NUMBER]) = (cap, 0, number as isize as usize);
    let mut after = before;
    // SAFETY: it keeps what a function keeps, and reads and writes 32 words.
    unsafe { system_call_with(after.as_mut_ptr()) };
    (0..32)
        .filter(|register| !ANSWER.contains(register) && before[*register] != after[*register])
        .count()
}

fn same_thread(root: &mut Root) -> Outcome {
    let notification = notification(root)?;
    for number in [
        Syscall::BenchmarkNullSyscall,
        Syscall::Yield,
        Syscall::NbRecv, // finds nothing
        Syscall::Send,
        Syscall::NbSend,
        Syscall::NbRecv, // finds bits
        Syscall::Send,
        Syscall::Recv,
        Syscall::DebugCapIdentify,
    ] {
        equal!(changed_by(number, notification.0), 0);
    }
    Ok(())
}

/// Answers twice. Leaves how many registers the first answer changed, while it waited for a call.
extern "C" fn answer_twice(at: usize, end: usize, _: usize) -> ! {
    Endpoint(at).receive();
    WORDS.set(0, 1 + changed_by(Syscall::ReplyRecv, at));
    changed_by(Syscall::ReplyRecv, at);
    stop(Endpoint(end))
}

fn called_twice(root: &mut Root) -> Outcome<usize> {
    WORDS.clear();
    let (through, end) = (endpoint(root)?, endpoint(root)?);
    low_thread(root, answer_twice, [through.0, end.0, 0])?;
    let_others_run(root)?;
    Ok((0..2).map(|_| changed_by(Syscall::Call, through.0)).sum())
}

fn call(root: &mut Root) -> Outcome {
    equal!(called_twice(root)?, 0);
    Ok(())
}

fn reply_receive(root: &mut Root) -> Outcome {
    called_twice(root)?;
    equal!(WORDS.get(0), 1);
    Ok(())
}
