//! Over UINTC: `uipi send`, and a handler of a few instructions.

use super::Way;
use core::{
    cell::Cell,
    hint::spin_loop,
    sync::atomic::{AtomicU64, Ordering},
};
use task::TaskId;
use uintr::{Receiver, Sender};

/// See the module.
pub struct Uintc {
    /// `None` until both are registered.
    peer: Cell<Option<Sender>>,
    receiver: Cell<Option<Receiver>>,
    /// What the handler was interrupted for.
    signals: &'static AtomicU64,
}

impl Uintc {
    /// A process that nobody wakes and that wakes nobody, until it is [`connected`](Self::connect).
    pub const fn new(signals: &'static AtomicU64) -> Self {
        Self { peer: Cell::new(None), receiver: Cell::new(None), signals }
    }

    /// Wakes by `peer`; is woken by whatever `receiver` collects in the word of [`Uintc::new`],
    /// which is used for nothing else.
    pub fn connect(&self, peer: Sender, receiver: Receiver) {
        self.peer.set(Some(peer));
        self.receiver.set(Some(receiver));
    }
}

impl Way for Uintc {
    #[inline(always)]
    fn wake_peer(&self) {
        if let Some(peer) = self.peer.get() {
            peer.send();
        }
    }

    #[inline(always)]
    fn sleep(&self, dispatcher: TaskId) -> TaskId {
        while self.signals.load(Ordering::Relaxed) == 0 {
            spin_loop();
        }
        // A SEND that comes here is for a message that the dispatcher finds.
        self.signals.store(0, Ordering::Relaxed);
        dispatcher
    }
}
