//! The storage of one future.

use core::{
    cell::{Cell, UnsafeCell},
    future::Future,
    mem::MaybeUninit,
    pin::Pin,
    task::Context,
};

/// Polls the future at an address; when it is done, drops it and returns `true`.
type Poll = unsafe fn(*mut u8, &mut Context<'_>) -> bool;

/// # Safety
/// A pinned `F` that is not being polled must be there; after `true` there is none.
unsafe fn poll<F: Future<Output = ()>>(future: *mut u8, context: &mut Context<'_>) -> bool {
    let future: *mut F = future.cast();
    // SAFETY: by the caller.
    let done = unsafe { Pin::new_unchecked(&mut *future) }.poll(context).is_ready();
    if done {
        // SAFETY: by the caller; it is not used again.
        unsafe { future.drop_in_place() };
    }
    done
}

/// Room for a future of up to `BYTES`, with alignment up to 16. With one of up to 48 bytes it is one
/// cache line.
#[repr(C, align(64))]
pub struct Slot<const BYTES: usize> {
    /// `None`: the slot is free.
    poll: Cell<Option<Poll>>,
    /// Whether the task is in the ready queue by `Executor::wake`.
    pub queued: Cell<bool>,
    storage: Storage<BYTES>,
}

#[repr(C, align(16))]
struct Storage<const BYTES: usize>(UnsafeCell<MaybeUninit<[u8; BYTES]>>);

impl<const BYTES: usize> Slot<BYTES> {
    pub const fn new() -> Self {
        Self {
            poll: Cell::new(None),
            queued: Cell::new(false),
            storage: Storage(UnsafeCell::new(MaybeUninit::uninit())),
        }
    }

    /// Puts a future into the slot, if it is free.
    pub fn fill<F>(&'static self, future: F) -> Result<(), F>
    where
        F: Future<Output = ()> + 'static,
    {
        const { assert!(size_of::<F>() <= BYTES, "the future does not fit into a slot") }
        const { assert!(align_of::<F>() <= 16, "the future's alignment is too large") }
        if self.poll.get().is_some() || self.queued.get() {
            return Err(future);
        }
        // SAFETY: the slot is free, so nothing is there; it is large enough.
        unsafe { self.storage.0.get().cast::<F>().write(future) };
        self.poll.set(Some(poll::<F>));
        Ok(())
    }

    /// Polls the future, if there is one. `true`: it is done, and [`Slot::clear`] has to follow.
    ///
    /// # Safety
    /// The slot must not be being polled, and be cleared after `true`.
    #[inline(always)]
    pub unsafe fn poll(&'static self, context: &mut Context<'_>) -> bool {
        let Some(poll) = self.poll.get() else { return false };
        // SAFETY: `fill` has put a future there to which `poll` belongs; it stays, as the slot is
        // static and not free; nobody else polls it, by the caller.
        unsafe { poll(self.storage.0.get().cast(), context) }
    }

    /// Makes the slot free after its future is done.
    pub fn clear(&self) {
        self.poll.set(None);
    }
}
