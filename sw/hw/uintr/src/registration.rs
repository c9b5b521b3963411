//! Registration: asks the kernel, then sets the user's CSRs, which may not exist before (`N-2.5`).

use crate::{
    SenderIndex, Vector, Vectors,
    entry::{self, FrameHandler, Handler},
    uipi,
};
use core::sync::atomic::AtomicU64;
use hal::csr::{self, status};
use soc::{csr as number, irq};

/// The services of the kernel that the library needs.
pub trait Kernel {
    /// Why the kernel refuses.
    type Error;
    /// Names another thread's receiver to the kernel: a capability or a descriptor.
    type Peer;

    /// Makes the calling thread a receiver.
    fn register_receiver(&mut self) -> Result<(), Self::Error>;

    /// Lets the calling thread make `vector` pending at `peer`.
    fn register_sender(
        &mut self,
        peer: Self::Peer,
        vector: Vector,
    ) -> Result<SenderIndex, Self::Error>;
}

/// The calling thread as a receiver: its vectors, to be given to senders.
#[derive(Debug)]
pub struct Receiver {
    pub vectors: Vectors,
}

impl Receiver {
    /// Interrupts call `handler`, a function in Rust.
    pub fn calling<K: Kernel>(kernel: &mut K, handler: Handler) -> Result<Self, K::Error> {
        // SAFETY: the entry saves what a function may change.
        unsafe { Self::entering(kernel, entry::call(), handler as usize) }
    }

    /// Interrupts call `handler`, which may exchange the registers of the interrupted code.
    ///
    /// # Safety
    /// Code must be able to go on with the registers that the handler leaves.
    pub unsafe fn exchanging<K: Kernel>(
        kernel: &mut K,
        handler: FrameHandler,
    ) -> Result<Self, K::Error> {
        // SAFETY: the entry saves everything; the rest is by the caller.
        unsafe { Self::entering(kernel, entry::full(), handler as usize) }
    }

    /// Interrupts only add their vectors to `word`. The thread takes them from there with `swap`.
    /// No other thread may change the word.
    pub fn collecting<K: Kernel>(
        kernel: &mut K,
        word: &'static AtomicU64,
    ) -> Result<Self, K::Error> {
        // SAFETY: the entry changes the word, and no register.
        unsafe { Self::entering(kernel, entry::collect(), word.as_ptr() as usize) }
    }

    /// Interrupts enter `utvec`, with `uscratch` for it to use.
    ///
    /// # Safety
    /// `utvec` must be the 4-byte aligned address of code that may interrupt any other code of this
    /// thread.
    pub unsafe fn entering<K: Kernel>(
        kernel: &mut K,
        utvec: usize,
        uscratch: usize,
    ) -> Result<Self, K::Error> {
        kernel.register_receiver()?;
        // SAFETY: by the caller. Interrupts are enabled last.
        unsafe {
            enter_at(utvec, uscratch);
            csr::set::<{ number::UIE }>(1 << irq::USI);
            csr::set::<{ number::USTATUS }>(status::UIE);
        }
        Ok(Self { vectors: Vectors::new() })
    }

    /// Changes where interrupts enter.
    ///
    /// # Safety
    /// As for [`Receiver::entering`].
    pub unsafe fn enter(&mut self, utvec: usize, uscratch: usize) {
        // SAFETY: by the caller; no interrupt comes between the two.
        masked(|| unsafe { enter_at(utvec, uscratch) });
    }
}

/// # Safety
/// As for [`Receiver::entering`]; interrupts must be off.
unsafe fn enter_at(utvec: usize, uscratch: usize) {
    // SAFETY: by the caller.
    unsafe {
        csr::write::<{ number::UTVEC }>(utvec);
        csr::write::<{ number::USCRATCH }>(uscratch);
    }
}

/// Runs `work` with user interrupts off. They wait for its end.
pub fn masked<T>(work: impl FnOnce() -> T) -> T {
    // SAFETY: restores the state before the call.
    unsafe {
        let before = csr::clear::<{ number::USTATUS }>(status::UIE);
        let result = work();
        csr::set::<{ number::USTATUS }>(before & status::UIE);
        result
    }
}

/// The right to make one vector of one receiver pending.
#[derive(Clone, Copy, Debug)]
pub struct Sender(SenderIndex);

impl Sender {
    /// Asks the kernel for it.
    pub fn register<K: Kernel>(
        kernel: &mut K,
        peer: K::Peer,
        vector: Vector,
    ) -> Result<Self, K::Error> {
        kernel.register_sender(peer, vector).map(Self)
    }

    /// Makes the vector pending. What was written to memory before is seen by the handler.
    #[inline(always)]
    pub fn send(self) {
        uipi::send(self.0);
    }

    /// What SEND takes.
    pub fn index(self) -> SenderIndex {
        self.0
    }
}
