//! Limits of task contexts, and words of their invocations.

/// Most contexts of a kernel. The machine may have fewer.
pub const CONTEXTS: usize = 16;
/// Most local queues of a context. The machine may have fewer.
pub const QUEUES: usize = 8;
/// Most channels of a kernel. The machine may have fewer.
pub const CHANNELS: usize = 256;
/// In the place of a queue: the one with the fewest tasks.
pub const LEAST_LOADED: usize = usize::MAX;
/// The greatest task that a channel can be armed with; the least is minus this, minus 1.
pub const TASK_MAX: usize = (1 << 51) - 1;
