//! The storage of one future.

use core::{
    cell::{Cell, UnsafeCell},
    future::Future,
    mem::MaybeUninit,
    pin::Pin,
    ptr,
    task::Context,
};

/// Polls the future in the slot at an address; when it is done, drops it and returns `true`.
type Poll = unsafe fn(*mut u8, &mut Context<'_>) -> bool;

/// Where a future is in its slot.
const STORAGE: usize = 16;

/// # Safety
/// In the slot a pinned `F` must be that is not being polled; after `true` there is none.
unsafe fn poll<F: Future<Output = ()>>(slot: *mut u8, context: &mut Context<'_>) -> bool {
    // SAFETY: it is in the slot.
    let future: *mut F = unsafe { slot.add(STORAGE) }.cast();
    // SAFETY: by the caller.
    let done = unsafe { Pin::new_unchecked(&mut *future) }.poll(context).is_ready();
    // SAFETY: by the caller; it is not used again.
    done && unsafe { finish(future) }
}

/// Drops a future that is done. `true`. Apart from its polls, which need not save registers then.
///
/// # Safety
/// As of [`ptr::drop_in_place`].
#[cold]
#[inline(never)]
unsafe fn finish<F>(future: *mut F) -> bool {
    // SAFETY: by the caller.
    unsafe { future.drop_in_place() };
    true
}

/// Of a slot without a future.
fn vacant(_: *mut u8, _: &mut Context<'_>) -> bool {
    false
}

/// Room for a future of up to `BYTES`, with alignment up to 16. With one of up to 48 bytes it is one
/// cache line.
#[repr(C, align(64))]
pub struct Slot<const BYTES: usize> {
    poll: Cell<Poll>,
    /// Whether the task is in the ready queue by `Executor::wake`.
    pub queued: Cell<bool>,
    /// Of a free slot: the next one that is free.
    pub next: Cell<u32>,
    storage: Storage<BYTES>,
}

#[repr(C, align(16))]
struct Storage<const BYTES: usize>(UnsafeCell<MaybeUninit<[u8; BYTES]>>);

impl<const BYTES: usize> Slot<BYTES> {
    /// A slot without a future, before `next` in the list of those.
    pub const fn new(next: u32) -> Self {
        Self {
            poll: Cell::new(vacant),
            queued: Cell::new(false),
            next: Cell::new(next),
            storage: Storage(UnsafeCell::new(MaybeUninit::uninit())),
        }
    }

    /// Puts a future into the slot.
    ///
    /// # Safety
    /// The slot must have none.
    #[inline(always)]
    pub unsafe fn fill<F>(&'static self, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        const { assert!(size_of::<F>() <= BYTES, "the future does not fit into a slot") }
        const { assert!(align_of::<F>() <= 16, "the future's alignment is too large") }
        const { assert!(core::mem::offset_of!(Self, storage) == STORAGE) }
        // SAFETY: nothing is there, by the caller; it is large enough.
        unsafe { self.storage.0.get().cast::<F>().write(future) };
        self.poll.set(poll::<F>);
    }

    /// Polls the future, if there is one. `true`: it is done, and [`Slot::clear`] has to follow.
    ///
    /// # Safety
    /// The slot must not be being polled, and be cleared after `true`.
    #[inline(always)]
    pub unsafe fn poll(&'static self, context: &mut Context<'_>) -> bool {
        // SAFETY: `fill` has put a future there to which the function belongs; it stays, as the slot
        // is static and not free; nobody else polls it, by the caller. `vacant` needs none.
        unsafe { (self.poll.get())(ptr::from_ref(self).cast_mut().cast(), context) }
    }

    /// The slot has no future any more.
    ///
    /// # Safety
    /// Its future must be done.
    pub unsafe fn clear(&self) {
        self.poll.set(vacant);
    }
}
