//! User interrupts: what the kernel sets up for them.

use super::{Notification, Page, Tcb};
use crate::{Label, Result, invoke};

impl Notification {
    /// Makes a thread, to which the notification is bound, a receiver of user interrupts. Returns the
    /// number of the receiver. From then on the thread has `utvec` and so on; they are `handler` and
    /// `scratch` at first, and nothing is enabled.
    pub fn register_receiver(self, thread: Tcb, handler: usize, scratch: usize) -> Result<usize> {
        let words = [handler, scratch];
        invoke(self.0, Label::UintrRegisterReceiver, &[thread.0], &words).map(|words| words[0])
    }

    /// Lets the caller send the badge of this capability, as a vector. Returns the index for UIPI
    /// SEND.
    pub fn register_sender(self) -> Result<usize> {
        invoke(self.0, Label::UintrRegisterSender, &[], &[]).map(|words| words[0])
    }

    /// Gives a thread rings of asynchronous system calls in a frame, `slots` in each; answers signal
    /// this notification. What is in the rings: [`abi::async_call`]. 0 slots take the rings away.
    pub fn register_async_syscall(self, frame: Page, thread: Tcb, slots: usize) -> Result {
        let caps = [frame.0, thread.0];
        invoke(self.0, Label::UintrRegisterAsyncSyscall, &caps, &[slots]).map(drop)
    }
}
