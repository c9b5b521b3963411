//! Over UINTC: `uipi send`, and a handler of a few instructions.

use super::Way;
use core::{
    hint::spin_loop,
    sync::atomic::{AtomicU64, Ordering},
};
use task::TaskId;
use uintr::{Receiver, Sender};

/// See the module.
pub struct Uintc {
    peer: Sender,
    _receiver: Receiver,
    /// What the handler was interrupted for.
    signals: &'static AtomicU64,
}

impl Uintc {
    /// Wakes by `peer`; is woken by whatever `receiver` collects in `signals`, which is used for
    /// nothing else.
    pub fn new(peer: Sender, receiver: Receiver, signals: &'static AtomicU64) -> Self {
        Self { peer, _receiver: receiver, signals }
    }
}

impl Way for Uintc {
    #[inline(always)]
    fn wake_peer(&self) {
        self.peer.send();
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
