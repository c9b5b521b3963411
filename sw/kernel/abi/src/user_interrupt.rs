//! Limits of user interrupts.

/// Vectors of a receiver; a vector is the badge of a notification's capability.
pub const VECTORS: usize = 64;
/// Most receivers of a kernel. The machine may have fewer.
pub const RECEIVERS: usize = 512;
/// Threads that can send at the same time.
pub const SENDER_TABLES: usize = 32;
/// Entries of a thread's sender table.
pub const SENDERS: usize = 256;
