//! Statics of a process that has one thread.

use core::ops::Deref;

/// Something that only the thread of this process uses.
pub struct OwnThread<T>(pub T);

// SAFETY: a process of this kernel has a single thread, and no handler that runs Rust.
unsafe impl<T> Sync for OwnThread<T> {}

impl<T> Deref for OwnThread<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}
