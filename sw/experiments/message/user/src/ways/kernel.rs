//! Through the kernel: a system call, an interrupt between harts, the return from a system call.

use super::Way;
use crate::{
    endpoint::{BYTES, Endpoint, SLOTS},
    own_thread::OwnThread,
};
use core::cell::OnceCell;
use executor::{Executor, ReadyQueue, SoftQueue, TaskId};
use user::{Call, call};

static READY: SoftQueue<SLOTS> = SoftQueue::new();
soft_ready!(READY);
static EXECUTOR: OwnThread<Executor<Ready, SLOTS, BYTES>> = OwnThread(Executor::new(Ready));
static ENDPOINT: OwnThread<OnceCell<Endpoint<Kernel>>> = OwnThread(OnceCell::new());

pub struct Kernel {
    peer: usize,
}

impl Way for Kernel {
    type Queue = Ready;
    const NAME: &'static str = "kernel";

    fn open(_role: usize, peer: usize) -> Self {
        Self { peer }
    }

    fn executor() -> &'static Executor<Self::Queue, SLOTS, BYTES> {
        &EXECUTOR
    }

    fn place() -> &'static OnceCell<Endpoint<Self>> {
        &ENDPOINT
    }

    fn wake_peer(&self) {
        call(Call::Signal, [self.peer, 0]);
    }

    fn sleep(&self, dispatcher: TaskId) -> TaskId {
        call(Call::Sleep, [0, 0]);
        dispatcher
    }
}
