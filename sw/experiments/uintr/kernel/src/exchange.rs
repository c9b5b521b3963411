//! The receiver that has no hart, and switching to it.

use crate::hart::Hart;
use core::{
    mem, ptr,
    sync::atomic::{AtomicPtr, Ordering},
};
use process::Thread;
use supervisor::hal::{csr, soc::csr as number};

static WITHOUT_HART: AtomicPtr<Thread> = AtomicPtr::new(ptr::null_mut());

/// Offers a switched-out thread to the first hart that takes it.
pub fn leave(thread: &'static mut Thread) {
    // Keeps later writes to UINTC behind earlier ones.
    riscv::asm::fence();
    WITHOUT_HART.store(thread, Ordering::Release);
}

fn take() -> Option<&'static mut Thread> {
    // SAFETY: whoever takes the pointer is the only one to have the thread.
    unsafe { WITHOUT_HART.swap(ptr::null_mut(), Ordering::Acquire).as_mut() }
}

impl Hart {
    /// Gives the hart to the receiver that has none; the running one then has none. Returns `false`
    /// if no receiver waits at the moment.
    pub fn exchange(&mut self) -> bool {
        let begin = csr::read::<{ number::CYCLE }>();
        let Some(incoming) = take() else { return false };
        let outgoing = mem::replace(&mut self.receiver, incoming);
        outgoing.switch_out();
        leave(outgoing);
        self.receiver.load();
        let active = csr::read::<{ number::CYCLE }>();
        self.receiver.activate(self.id);
        self.exchanged = [begin, active];
        true
    }
}
