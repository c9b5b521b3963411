//! Over TAIC: a store puts the peer's dispatcher into its ready queue.

use super::Way;
use core::cell::Cell;
use taic::Arming;
use task::{ReadyQueue, TaicQueue, TaskId, before_device};

/// See the module. The local queue at `PAGE` is the executor's ready queue.
pub struct Taic<const PAGE: usize> {
    queue: TaicQueue<PAGE>,
    /// Numbers of the channels to the peer and from it.
    to: u16,
    from: u16,
    /// The task that the latter wakes.
    armed: Cell<Option<TaskId>>,
}

impl<const PAGE: usize> Taic<PAGE> {
    pub const fn new(queue: TaicQueue<PAGE>, to: u16, from: u16) -> Self {
        Self { queue, to, from, armed: Cell::new(None) }
    }
}

impl<const PAGE: usize> Way for Taic<PAGE> {
    #[inline(always)]
    fn wake_peer(&self) {
        before_device();
        self.queue.page().send(self.to);
    }

    #[inline(always)]
    fn sleep(&self, dispatcher: TaskId) -> TaskId {
        if self.armed.replace(Some(dispatcher)) != Some(dispatcher) {
            let arming = Arming::new(self.from, dispatcher.kept());
            self.queue.page().arm(arming.expect("an executor's tasks have short identifiers"));
        }
        loop {
            if let Some(task) = self.queue.dequeue() {
                return task;
            }
        }
    }
}
