//! The storage of one future, and its waker. The only `unsafe` of the crate.

use crate::{ReadyQueue, TaskId};
use core::{
    cell::{Cell, OnceCell, UnsafeCell},
    future::Future,
    mem::MaybeUninit,
    pin::Pin,
    ptr,
    task::{Context, RawWaker, RawWakerVTable, Waker},
};

/// Whom a waker wakes: given to every waker of a slot, so it stays.
struct Target<Q> {
    queue: Q,
    task: TaskId,
}

impl<Q: ReadyQueue> Target<Q> {
    const VTABLE: RawWakerVTable = RawWakerVTable::new(Self::clone, Self::wake, Self::wake, |_| {});

    fn waker(&'static self) -> Waker {
        // SAFETY: the target lives for ever, and the queue may be used on every thread.
        unsafe { Waker::from_raw(Self::raw(ptr::from_ref(self).cast())) }
    }

    fn raw(data: *const ()) -> RawWaker {
        RawWaker::new(data, &Self::VTABLE)
    }

    unsafe fn clone(data: *const ()) -> RawWaker {
        Self::raw(data)
    }

    unsafe fn wake(data: *const ()) {
        // SAFETY: `data` is from `waker`.
        let target = unsafe { &*data.cast::<Self>() };
        target.queue.wake(target.task);
    }
}

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

/// Room for a future of up to `BYTES`, with alignment up to 16. One of up to 48 bytes is in one
/// cache line with what a switch to it needs.
#[repr(C, align(64))]
pub struct Slot<Q, const BYTES: usize> {
    /// `None`: the slot is free.
    poll: Cell<Option<Poll>>,
    /// Whether the task is in the ready queue by `Executor::wake`.
    pub queued: Cell<bool>,
    storage: Storage<BYTES>,
    /// Of the first future on.
    waker: UnsafeCell<MaybeUninit<Waker>>,
    target: OnceCell<Target<Q>>,
}

#[repr(C, align(16))]
struct Storage<const BYTES: usize>(UnsafeCell<MaybeUninit<[u8; BYTES]>>);

impl<Q: ReadyQueue, const BYTES: usize> Slot<Q, BYTES> {
    pub const fn new() -> Self {
        Self {
            poll: Cell::new(None),
            queued: Cell::new(false),
            waker: UnsafeCell::new(MaybeUninit::uninit()),
            storage: Storage(UnsafeCell::new(MaybeUninit::uninit())),
            target: OnceCell::new(),
        }
    }

    /// Puts a future into the slot, if it is free.
    pub fn fill<F>(&'static self, future: F, queue: Q, task: TaskId) -> Result<(), F>
    where
        F: Future<Output = ()> + 'static,
    {
        const { assert!(size_of::<F>() <= BYTES, "the future does not fit into a slot") }
        const { assert!(align_of::<F>() <= 16, "the future's alignment is too large") }
        if self.poll.get().is_some() || self.queued.get() {
            return Err(future);
        }
        let waker = self.target.get_or_init(|| Target { queue, task }).waker();
        // SAFETY: the slot is free, so nothing is there but a waker that needs no drop, and nobody
        // uses that; it is large enough.
        unsafe {
            (*self.waker.get()).write(waker);
            self.storage.0.get().cast::<F>().write(future);
        }
        self.poll.set(Some(poll::<F>));
        Ok(())
    }

    /// Polls the future, if there is one.
    ///
    /// # Safety
    /// The slot must not be being polled.
    #[inline(always)]
    pub unsafe fn poll(&'static self) {
        let Some(poll) = self.poll.get() else { return };
        // SAFETY: `fill` has written the waker before `poll`.
        let waker = unsafe { (*self.waker.get()).assume_init_ref() };
        // SAFETY: `fill` has put a future there to which `poll` belongs; it stays, as the slot is
        // static and not free; nobody else polls it, by the caller.
        if unsafe { poll(self.storage.0.get().cast(), &mut Context::from_waker(waker)) } {
            self.poll.set(None);
        }
    }
}
