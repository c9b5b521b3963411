//! The receiver that has no hart, and switching to it.

use crate::hart::Hart;
use core::{
    mem, ptr,
    sync::atomic::{AtomicPtr, Ordering},
};
use process::Thread;
use supervisor::hal::{csr, soc::csr as number};

static WITHOUT_HART: AtomicPtr<Thread> = AtomicPtr::new(ptr::null_mut());

/// Leaves a thread, which is switched out, to the first hart that takes it.
pub fn leave(thread: &'static mut Thread) {
    // What is written to UINTC after this follows what was before.
    riscv::asm::fence();
    WITHOUT_HART.store(thread, Ordering::Release);
}

fn take() -> Option<&'static mut Thread> {
    // SAFETY: who takes the pointer has the thread alone.
    unsafe { WITHOUT_HART.swap(ptr::null_mut(), Ordering::Acquire).as_mut() }
}

impl Hart {
    /// Gives the hart to the receiver that has none, and leaves the one that runs without. `false`
    /// if there is none at the moment.
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
