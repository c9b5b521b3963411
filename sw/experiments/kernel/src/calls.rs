//! System calls.

use abi::{
    Label, MessageInfo, Syscall,
    message::{IpcBuffer, REGISTERS},
};
use core::{
    arch::asm,
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
};

static BUFFER: AtomicUsize = AtomicUsize::new(0);

/// Tells where the root task's IPC buffer is.
pub fn set_buffer(address: usize) {
    BUFFER.store(address, Ordering::Relaxed);
}

/// The cycle counter.
#[inline(always)]
pub fn cycle() -> usize {
    let cycle;
    // SAFETY: reads a counter.
    unsafe { asm!("rdcycle {}", out(reg) cycle, options(nomem, nostack)) };
    cycle
}

/// A system call with words in registers. Returns what comes back in `a1`, and the cycles.
#[inline(always)]
pub fn timed(call: Syscall, cap: usize, info: MessageInfo) -> (MessageInfo, usize) {
    let (answer, before, after): (usize, usize, usize);
    // SAFETY: the calls of this program change its registers and its buffer only.
    unsafe {
        asm!(
            "rdcycle {before}",
            "ecall",
            "rdcycle {after}",
            before = out(reg) before,
            after = lateout(reg) after,
            inlateout("a0") cap => _,
            inlateout("a1") info.0 => answer,
            inlateout("a2") 0 => _,
            inlateout("a3") 0 => _,
            inlateout("a4") 0 => _,
            inlateout("a5") 0 => _,
            in("a7") call as isize,
            options(nostack),
        );
    }
    (MessageInfo(answer), after - before)
}

/// Invokes an object. Returns the label of the answer: 0 if it was done.
pub fn invoke(cap: usize, label: Label, words: &[usize], caps: &[usize]) -> usize {
    let buffer =
        core::ptr::with_exposed_provenance_mut::<IpcBuffer>(BUFFER.load(Ordering::Relaxed));
    let mut registers = [0; REGISTERS];
    // SAFETY: the root task's own buffer, which the kernel reads during a system call only.
    let buffer = unsafe { &mut *buffer };
    for (index, word) in words.iter().enumerate() {
        match registers.get_mut(index) {
            Some(register) => *register = *word,
            None => buffer.words[index] = *word,
        }
    }
    buffer.caps_or_badges[..caps.len()].copy_from_slice(caps);
    let info = MessageInfo::new(label as usize, 0, caps.len(), words.len());
    let [a2, a3, a4, a5] = registers;
    let answer: usize;
    // SAFETY: as for `timed`.
    unsafe {
        asm!(
            "ecall",
            inlateout("a0") cap => _,
            inlateout("a1") info.0 => answer,
            inlateout("a2") a2 => _,
            inlateout("a3") a3 => _,
            inlateout("a4") a4 => _,
            inlateout("a5") a5 => _,
            in("a7") Syscall::Call as isize,
            options(nostack),
        );
    }
    MessageInfo(answer).label()
}

/// Invokes an object, which must succeed.
pub fn done(cap: usize, label: Label, words: &[usize], caps: &[usize]) {
    let error = invoke(cap, label, words, caps);
    assert!(error == 0, "{label:?} of {cap}: error {error}");
}

/// Prints through the kernel.
pub struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            timed(Syscall::DebugPutChar, usize::from(byte), MessageInfo(0));
        }
        Ok(())
    }
}

/// Ends the machine.
pub fn end() -> ! {
    loop {
        timed(Syscall::DebugHalt, 0, MessageInfo(0));
    }
}
