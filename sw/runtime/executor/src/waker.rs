//! Wakers. All polls get the same one, the executor's own, which wakes the task that is being polled.
//! A clone of it is for that task, and stays so.

use crate::Executor;
use core::{
    ptr,
    task::{RawWaker, RawWakerVTable, Waker},
};
use task::{ReadyQueue, TaskId};

/// Whom a cloned waker wakes.
pub struct Target<Q: 'static> {
    pub queue: &'static Q,
    pub task: TaskId,
}

impl<Q: ReadyQueue> Target<Q> {
    const VTABLE: RawWakerVTable = RawWakerVTable::new(Self::raw, Self::wake, Self::wake, |_| {});

    unsafe fn raw(data: *const ()) -> RawWaker {
        RawWaker::new(data, &Self::VTABLE)
    }

    unsafe fn wake(data: *const ()) {
        // SAFETY: `data` is from `clone_current`.
        let target = unsafe { &*data.cast::<Self>() };
        target.queue.wake(target.task);
    }
}

impl<Q: ReadyQueue, const SLOTS: usize, const BYTES: usize> Executor<Q, SLOTS, BYTES> {
    const VTABLE: RawWakerVTable =
        RawWakerVTable::new(Self::clone_current, Self::wake_current, Self::wake_current, |_| {});

    /// Of whatever task is being polled. It may leave the thread only for the time of the poll,
    /// which its lifetime in the task's context says.
    pub(crate) fn own_waker(&'static self) -> Waker {
        // SAFETY: the executor lives for ever, and what the functions use of it may be used on
        // every thread: `current` is atomic, and a task that is polled has its target.
        unsafe { Waker::from_raw(RawWaker::new(ptr::from_ref(self).cast(), &Self::VTABLE)) }
    }

    unsafe fn clone_current(data: *const ()) -> RawWaker {
        // SAFETY: `data` is from `own_waker`.
        let executor = unsafe { &*data.cast::<Self>() };
        let target: *const Target<Q> = executor.target();
        // SAFETY: the target lives for ever, and the queue may be used on every thread.
        unsafe { Target::<Q>::raw(target.cast()) }
    }

    unsafe fn wake_current(data: *const ()) {
        // SAFETY: `data` is from `own_waker`.
        let executor = unsafe { &*data.cast::<Self>() };
        let target = executor.target();
        target.queue.wake(target.task);
    }
}
