//! The three ways of a wake-up.
//!
//! | way | the sender | the idle receiver | ready queue |
//! | --- | --- | --- | --- |
//! | [`Kernel`] | system call; the kernel interrupts the other hart | sleeps in a system call | memory |
//! | [`Uintc`] | `uipi send` | looks at the word to which a handler adds its vectors | memory |
//! | [`Taic`] | store to a channel, which makes the dispatcher ready | dequeues | the local queue |

mod kernel;
mod taic;
#[cfg(target_arch = "riscv64")]
mod uintc;

pub use kernel::{Kernel, Signals};
pub use taic::Taic;
#[cfg(target_arch = "riscv64")]
pub use uintc::Uintc;

use task::TaskId;

/// How a process is woken, and what it does until then.
pub trait Way: 'static {
    /// Has the dispatcher of the peer woken. What was written before is seen by it.
    fn wake_peer(&self);

    /// Waits until the peer wakes `dispatcher`, and tells who is ready then. A wake-up that came
    /// since the last sleep ends it at once.
    fn sleep(&self, dispatcher: TaskId) -> TaskId;
}
