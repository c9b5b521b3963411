//! Over TAIC: a store puts the peer's dispatcher into its ready queue.

use super::Way;
use crate::{
    endpoint::{BYTES, DISPATCHER, Endpoint, SLOTS},
    own_thread::OwnThread,
};
use core::{arch::asm, cell::OnceCell};
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
    /// Number of the channel to the peer.
    channel: u16,
}

impl Way for Taic {
    type Queue = HardQueue;
    const NAME: &'static str = "taic";

    fn open(role: usize, peer: usize) -> Self {
        let arming = Arming::new(peer as u16, identifier(DISPATCHER).kept());
        QUEUE.arm(arming.expect("a short identifier"));
        Self { channel: role as u16 }
    }

    fn executor() -> &'static Executor<Self::Queue, SLOTS, BYTES> {
        &EXECUTOR
    }

    fn place() -> &'static OnceCell<Endpoint<Self>> {
        &ENDPOINT
    }

    fn wake_peer(&self) {
        before_device();
        QUEUE.send(self.channel);
    }

    fn idle(&self) {}
}
