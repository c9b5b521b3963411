//! The server: waits for a message, notes the time, and replies.

use core::{arch::global_asm, sync::atomic::AtomicUsize};
use sel4::abi::Syscall;

/// Cycle in which the last message had come.
pub static ARRIVED: AtomicUsize = AtomicUsize::new(0);
/// Cycle in which the last reply began.
pub static REPLIED: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" {
    fn server_entry();
}

// `a0`: the endpoint. It has no stack.
global_asm!(
    ".text",
    "server_entry:",
    "mv s0, a0",
    "la s1, {arrived}",
    "la s2, {replied}",
    "li a7, {recv}",
    "ecall",
    "li a7, {reply_recv}",
    "1:",
    "rdcycle t0",
    "sd t0, 0(s1)",
    // The message goes back as it came: its length in `a1`.
    "mv a0, s0",
    "rdcycle t0",
    "sd t0, 0(s2)",
    "ecall",
    "j 1b",
    arrived = sym ARRIVED,
    replied = sym REPLIED,
    recv = const Syscall::Recv as isize,
    reply_recv = const Syscall::ReplyRecv as isize,
);

/// The address of its first instruction.
pub fn entry() -> usize {
    server_entry as *const () as usize
}
