//! A ready queue in the TAIC.

use crate::{ReadyQueue, TaskId};
use taic::LocalQueue;

/// The local queue whose page this process sees at `PAGE`: an enqueue is a store, a dequeue a load.
///
/// The context's limit must leave room for every task, and for each use of a waker until its task
/// is dequeued; what finds no room is lost, and noted in the page's error register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaicQueue<const PAGE: usize>(());

impl<const PAGE: usize> TaicQueue<PAGE> {
    /// The queue.
    ///
    /// # Safety
    /// The page must be mapped at `PAGE` for as long as this or a copy of it is used.
    pub const unsafe fn new() -> Self {
        Self(())
    }

    /// All that the page can do.
    #[inline(always)]
    pub const fn page(self) -> LocalQueue {
        // SAFETY: mapped, by the caller of `new`.
        unsafe { LocalQueue::new(PAGE) }
    }
}

impl<const PAGE: usize> ReadyQueue for TaicQueue<PAGE> {
    #[inline(always)]
    fn enqueue(&self, task: TaskId) {
        self.page().enqueue(task);
    }

    #[inline(always)]
    fn dequeue(&self) -> Option<TaskId> {
        let task = self.page().dequeue();
        behind_device();
        // The flags are for the device.
        TaskId::from_bits(task?.address())
    }

    fn wake(&self, task: TaskId) {
        before_device();
        self.page().enqueue(task);
    }
}

/// What was written is seen by whoever learns of the store to the device that follows.
#[inline(always)]
pub fn before_device() {
    #[cfg(target_arch = "riscv64")]
    // SAFETY: orders accesses, and does nothing else.
    unsafe {
        core::arch::asm!("fence rw, o", options(nostack, preserves_flags));
    }
}

/// What was written before a task became ready is seen after the load that dequeued it.
#[inline(always)]
fn behind_device() {
    #[cfg(target_arch = "riscv64")]
    // SAFETY: orders accesses, and does nothing else.
    unsafe {
        core::arch::asm!("fence i, rw", options(nostack, preserves_flags));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_no_memory() {
        assert_eq!(size_of::<TaicQueue<0x1000>>(), 0);
    }
}
