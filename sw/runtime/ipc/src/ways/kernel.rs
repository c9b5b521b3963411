//! Through the kernel: a system call, an interrupt between harts, the return from a system call.

use super::Way;
use task::TaskId;

/// The two system calls.
pub trait Signals: 'static {
    /// Signals the peer, whether or not it sleeps.
    fn signal(&self);

    /// Returns when this process has been signalled since this returned last.
    fn sleep(&self);
}

/// See the module.
pub struct Kernel<S>(pub S);

impl<S: Signals> Way for Kernel<S> {
    #[inline(always)]
    fn wake_peer(&self) {
        cold::call(signal, &self.0, &(), 0);
    }

    #[inline(always)]
    fn sleep(&self, dispatcher: TaskId) -> TaskId {
        self.0.sleep();
        dispatcher
    }
}

/// Apart from the coroutine that sends: the system call would take registers from it that it needs
/// for each message, and few messages wake somebody.
#[cold]
#[inline(never)]
extern "C" fn signal<S: Signals>(signals: &S, _: &(), _: usize) {
    signals.signal();
}
