//! The atomics of the queues.

pub use core::{
    hint::spin_loop,
    sync::atomic::{AtomicU64, AtomicUsize, fence},
};
