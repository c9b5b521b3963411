//! Over UINTC: `uipi send`, and a handler of a few instructions.

use super::Way;
use crate::{
    endpoint::{BYTES, Endpoint, SLOTS},
    own_thread::OwnThread,
};
use core::{
    cell::OnceCell,
    hint::spin_loop,
    sync::atomic::{AtomicU64, Ordering},
};
use executor::{Executor, ReadyQueue, SoftQueue, TaskId};
use uintr::{Kernel, Receiver, Sender, SenderIndex, Vector};
use user::{Call, REFUSED, call};

static READY: SoftQueue<SLOTS> = SoftQueue::new();
soft_ready!(READY);
static EXECUTOR: OwnThread<Executor<Ready, SLOTS, BYTES>> = OwnThread(Executor::new(Ready));
static ENDPOINT: OwnThread<OnceCell<Endpoint<Uintc>>> = OwnThread(OnceCell::new());

/// What the handler was interrupted for.
static SIGNALS: AtomicU64 = AtomicU64::new(0);
const VECTOR: Vector = Vector::new(0);

pub struct Uintc {
    peer: Sender,
    _receiver: Receiver,
}

impl Way for Uintc {
    type Queue = Ready;
    const NAME: &'static str = "uintc";

    fn open(_role: usize, peer: usize) -> Self {
        let receiver = Receiver::collecting(&mut System, &SIGNALS).expect("registered");
        let peer = Sender::register(&mut System, peer, VECTOR).expect("registered");
        Self { peer, _receiver: receiver }
    }

    fn executor() -> &'static Executor<Self::Queue, SLOTS, BYTES> {
        &EXECUTOR
    }

    fn place() -> &'static OnceCell<Endpoint<Self>> {
        &ENDPOINT
    }

    fn wake_peer(&self) {
        self.peer.send();
    }

    fn sleep(&self, dispatcher: TaskId) -> TaskId {
        while SIGNALS.load(Ordering::Relaxed) == 0 {
            spin_loop();
        }
        // A SEND that comes here is for a message that the dispatcher finds.
        SIGNALS.store(0, Ordering::Relaxed);
        dispatcher
    }
}

/// The kernel's part of registration.
struct System;

impl Kernel for System {
    type Error = ();
    type Peer = usize;

    fn register_receiver(&mut self) -> Result<(), ()> {
        match call(Call::RegisterReceiver, [0, 0]) {
            REFUSED => Err(()),
            _ => Ok(()),
        }
    }

    fn register_sender(&mut self, peer: usize, vector: Vector) -> Result<SenderIndex, ()> {
        match call(Call::RegisterSender, [peer, vector.number().into()]) {
            REFUSED => Err(()),
            index => Ok(SenderIndex(index)),
        }
    }
}
