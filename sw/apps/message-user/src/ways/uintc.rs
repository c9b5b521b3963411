//! Over UINTC: `uipi send`, and a handler of a few instructions.

use super::Way;
use crate::{
    endpoint::{BYTES, DISPATCHER, Endpoint, SLOTS},
    own_thread::OwnThread,
};
use core::{cell::OnceCell, hint::spin_loop};
use executor::{Executor, ReadyQueue, SoftQueue, TaskId};
use uintr::{Kernel, Receiver, Sender, SenderIndex, Vector};
use user::{Call, REFUSED, call};

static READY: SoftQueue<SLOTS> = SoftQueue::new();
soft_ready!(READY);
static EXECUTOR: OwnThread<Executor<Ready, SLOTS, BYTES>> = OwnThread(Executor::new(Ready));
static ENDPOINT: OwnThread<OnceCell<Endpoint<Uintc>>> = OwnThread(OnceCell::new());

/// The vector with the number of a task makes it ready.
const VECTOR: Vector = Vector::new(DISPATCHER.index() as u8);

pub struct Uintc {
    peer: Sender,
    _receiver: Receiver,
}

impl Way for Uintc {
    type Queue = Ready;
    const NAME: &'static str = "uintc";

    fn open(_role: usize, peer: usize) -> Self {
        let receiver = Receiver::collecting(&mut System, READY.signals()).expect("registered");
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

    fn idle(&self) {
        while !READY.is_woken() {
            spin_loop();
        }
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
