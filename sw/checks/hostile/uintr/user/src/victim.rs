//! The victim: a receiver that nobody may send to.

use core::{
    ptr,
    sync::atomic::{AtomicU64, Ordering},
};
use rt::{Call, REFUSED, SHARED, call};
use uintr::{Kernel, Receiver, SenderIndex, Vector};

struct System;

impl Kernel for System {
    type Error = ();
    type Peer = ();

    fn register_receiver(&mut self) -> Result<(), ()> {
        match call(Call::RegisterReceiver, [0, 0]) {
            REFUSED => Err(()),
            _ => Ok(()),
        }
    }

    fn register_sender(&mut self, (): (), _vector: Vector) -> Result<SenderIndex, ()> {
        Err(())
    }
}

fn word(index: usize) -> &'static AtomicU64 {
    // SAFETY: in the page that the kernel reads.
    unsafe { &*ptr::with_exposed_provenance::<AtomicU64>(SHARED).add(index) }
}

extern "C" fn count(_pending: u64) -> u64 {
    word(1).fetch_add(1, Ordering::Relaxed);
    0
}

/// Loops for ever. The first word of the page counts the rounds, the next one counts interrupts.
pub fn run() -> ! {
    Receiver::calling(&mut System, count).expect("registered");
    loop {
        word(0).fetch_add(1, Ordering::Relaxed);
    }
}
