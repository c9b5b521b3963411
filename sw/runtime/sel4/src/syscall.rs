//! System calls and the IPC buffer: the part with `unsafe`.

use abi::{
    MessageInfo, Syscall,
    message::{self, REGISTERS, place},
};
use core::{marker::PhantomData, ptr};

/// What a system call takes and leaves in registers: `a0` to `a5`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Call {
    /// The capability; afterwards the badge.
    pub cap: usize,
    pub info: MessageInfo,
    pub words: [usize; REGISTERS],
}

/// Makes a system call.
pub(crate) fn system_call(number: Syscall, call: Call) -> Call {
    raw(number as isize, call)
}

/// Makes any system call, with `a0` to `a5`. Returns `a0` and `a1`. For tests of the kernel.
pub fn raw_call(number: isize, [cap, info, words @ ..]: [usize; 2 + REGISTERS]) -> [usize; 2] {
    let call = raw(number, Call { cap, info: MessageInfo(info), words });
    [call.cap, call.info.0]
}

#[cfg(target_arch = "riscv64")]
fn raw(number: isize, call: Call) -> Call {
    let [mut a2, mut a3, mut a4, mut a5] = call.words;
    let (badge, info);
    // SAFETY: the kernel changes these registers and this thread's IPC buffer, which no reference
    // leads to. What else happens to memory is what the other side of a message does, or what a
    // mapping changes: who maps memory answers for it.
    unsafe {
        core::arch::asm!(
            "ecall",
            in("a7") number,
            inlateout("a0") call.cap => badge,
            inlateout("a1") call.info.0 => info,
            inlateout("a2") a2,
            inlateout("a3") a3,
            inlateout("a4") a4,
            inlateout("a5") a5,
            options(nostack),
        );
    }
    Call { cap: badge, info: MessageInfo(info), words: [a2, a3, a4, a5] }
}

/// On the host, for tests of what needs no kernel.
#[cfg(not(target_arch = "riscv64"))]
fn raw(_: isize, _: Call) -> Call {
    unreachable!("there is no kernel here")
}

/// Lets another thread of the same priority run.
pub fn yield_now() {
    system_call(Syscall::Yield, Call::default());
}

/// Tells the kernel that there are requests in the caller's ring.
pub fn wake_syscall_handler() {
    system_call(Syscall::WakeSyscallHandler, Call::default());
}

/// The IPC buffer of the thread that runs. It stays on this thread.
#[derive(Clone, Copy)]
pub struct IpcBuffer {
    words: *mut usize,
    thread: PhantomData<*mut ()>,
}

impl IpcBuffer {
    /// The one at the address in `tp`.
    pub fn own() -> Self {
        let address: usize;
        #[cfg(target_arch = "riscv64")]
        // SAFETY: reads a register.
        unsafe {
            core::arch::asm!("mv {0}, tp", out(reg) address, options(nomem, nostack, preserves_flags));
        }
        #[cfg(not(target_arch = "riscv64"))]
        {
            address = 0;
        }
        Self { words: ptr::with_exposed_provenance_mut(address), thread: PhantomData }
    }

    fn load(self, index: usize) -> usize {
        // SAFETY: within the buffer, by the callers here; `tp` holds the address of a buffer.
        unsafe { self.words.add(index).read_volatile() }
    }

    fn store(self, index: usize, word: usize) {
        // SAFETY: as for `load`.
        unsafe { self.words.add(index).write_volatile(word) }
    }

    /// A word of the message, 0 to [`message::MAX_LENGTH`] - 1.
    pub fn word(self, index: usize) -> usize {
        assert!(index < message::MAX_LENGTH);
        self.load(place::WORDS + index)
    }

    pub fn set_word(self, index: usize, word: usize) {
        assert!(index < message::MAX_LENGTH);
        self.store(place::WORDS + index, word);
    }

    /// The badge that arrived in place of a capability, if the message's `caps_unwrapped` says so.
    pub fn badge(self, index: usize) -> usize {
        assert!(index < message::MAX_EXTRA_CAPS);
        self.load(place::CAPS_OR_BADGES + index)
    }

    /// A capability that the next message carries.
    pub fn set_cap(self, index: usize, cap: usize) {
        assert!(index < message::MAX_EXTRA_CAPS);
        self.store(place::CAPS_OR_BADGES + index, cap);
    }

    /// Where the next capability that is received goes.
    pub fn set_receive_place(self, cnode: usize, index: usize, depth: usize) {
        self.store(place::RECEIVE_CNODE, cnode);
        self.store(place::RECEIVE_INDEX, index);
        self.store(place::RECEIVE_DEPTH, depth);
    }
}
