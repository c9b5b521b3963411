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
pub type Poll = unsafe fn(*mut u8, &mut Context<'_>) -> bool;

/// Where a future is in its slot.
const STORAGE: usize = 16;

/// # Safety
/// In the slot a pinned `F` must be that is not being polled; after `true` there is none.
unsafe fn poll<F: Future<Output = ()>>(slot: *mut u8, context: &mut Context<'_>) -> bool {
    // SAFETY: it is in the slot.
    let future: *mut F = unsafe { slot.add(STORAGE) }.cast();
    // SAFETY: by the caller.
    let done = unsafe { Pin::new_unchecked(&mut *future) }.poll(context).is_ready();
    if done {
        // SAFETY: by the caller; it is not used again. An async block that is done has nothing to
        // drop, which is seen here, so that no poll saves registers for it.
        unsafe { future.drop_in_place() };
    }
    done
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
    /// Of a free slot: the task of the next one that is free, or 0.
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

    /// What polls the future, if there is one, for [`Slot::address`]. After `true` [`Slot::clear`]
    /// has to follow. It is safe to call while the future is not being polled.
    #[inline(always)]
    pub fn poll(&self) -> Poll {
        self.poll.get()
    }

    /// Where the slot is, which stays there as long as it has a future: `fill` wants a static.
    #[inline(always)]
    pub fn address(&self) -> *mut u8 {
        ptr::from_ref(self).cast_mut().cast()
    }

    /// The slot has no future any more.
    ///
    /// # Safety
    /// Its future must be done.
    pub unsafe fn clear(&self) {
        self.poll.set(vacant);
    }
}
