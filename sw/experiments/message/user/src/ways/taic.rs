//! Over TAIC: a store puts the peer's dispatcher into its ready queue.

use super::Way;
use crate::{
    endpoint::{BYTES, Endpoint, SLOTS},
    own_thread::OwnThread,
};
use core::{
    arch::asm,
    cell::{Cell, OnceCell},
};
use executor::{Executor, ReadyQueue, TaskId};
use taic::{Arming, LocalQueue};
use user::QUEUES;

// SAFETY: mapped for the whole life of the process.
const QUEUE: LocalQueue = unsafe { LocalQueue::new(QUEUES) };
static EXECUTOR: OwnThread<Executor<HardQueue, SLOTS, BYTES>> = OwnThread(Executor::new(HardQueue));
static ENDPOINT: OwnThread<OnceCell<Endpoint<Taic>>> = OwnThread(OnceCell::new());

/// The ready queue: the process's local queue.
#[derive(Clone, Copy)]
pub struct HardQueue;

impl ReadyQueue for HardQueue {
    #[inline(always)]
    fn enqueue(&self, task: TaskId) {
        QUEUE.enqueue(identifier(task));
    }

    #[inline(always)]
    fn dequeue(&self) -> Option<TaskId> {
        let task = QUEUE.dequeue();
        // SAFETY: orders memory accesses behind it; what was written before the task became ready
        // is seen.
        unsafe { asm!("fence i, rw", options(nostack)) };
        TaskId::from_word(task?.bits())
    }

    fn wake(&self, task: TaskId) {
        before_device();
        self.enqueue(task);
    }
}

const fn identifier(task: TaskId) -> taic::TaskId {
    taic::TaskId::from_bits(task.word()).expect("a task's word is not 0")
}

/// What was written is seen by whoever learns of the store to the device that follows.
#[inline(always)]
fn before_device() {
    // SAFETY: orders accesses.
    unsafe { asm!("fence rw, o", options(nostack)) };
}

pub struct Taic {
    /// Numbers of the channels to the peer and from it.
    to: u16,
    from: u16,
    /// The task that the latter wakes.
    armed: Cell<Option<TaskId>>,
}

impl Way for Taic {
    type Queue = HardQueue;
    const NAME: &'static str = "taic";

    fn open(role: usize, peer: usize) -> Self {
        Self { to: role as u16, from: peer as u16, armed: Cell::new(None) }
    }

    fn executor() -> &'static Executor<Self::Queue, SLOTS, BYTES> {
        &EXECUTOR
    }

    fn place() -> &'static OnceCell<Endpoint<Self>> {
        &ENDPOINT
    }

    #[inline(always)]
    fn wake_peer(&self) {
        before_device();
        QUEUE.send(self.to);
    }

    #[inline(always)]
    fn sleep(&self, dispatcher: TaskId) -> TaskId {
        if self.armed.replace(Some(dispatcher)) != Some(dispatcher) {
            let arming = Arming::new(self.from, identifier(dispatcher).kept());
            QUEUE.arm(arming.expect("a short identifier"));
        }
        loop {
            if let Some(task) = HardQueue.dequeue() {
                return task;
            }
        }
    }
}
