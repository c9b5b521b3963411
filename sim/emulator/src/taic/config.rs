//! The sizes of a TAIC.

/// Places kept for operations under way (TAIC-5.9).
pub(super) const RESERVE: usize = 4;

/// The sizes of a TAIC, as the SoC chooses them. All but `harts` are powers of two.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaicConfig {
    /// Contexts of processes and kernels.
    pub contexts: usize,
    /// Local queues of a context.
    pub queues: usize,
    /// Levels of priority.
    pub priorities: usize,
    /// Places for tasks in all queues together.
    pub tasks: usize,
    /// Channels between contexts.
    pub channels: usize,
    /// Published senders, and published receivers, of a context.
    pub slots: usize,
    /// Lines of devices.
    pub lines: usize,
    /// Harts, each with a port of its own.
    pub harts: usize,
}

impl TaicConfig {
    /// The places that limits of contexts may share out (TAIC-5.9).
    pub fn assignable(&self) -> usize {
        self.tasks - self.channels - self.lines - self.contexts * self.slots - RESERVE
    }

    /// The limit that a context begins with, unless less is left (TAIC-3.4).
    pub fn share(&self) -> usize {
        self.assignable() / self.contexts
    }

    /// Records of channels, of lines in each context, and of published receivers.
    pub fn records(&self) -> usize {
        self.channels + self.contexts * (self.lines + self.slots)
    }

    /// Numbers of pages of queues.
    pub fn pages(&self) -> usize {
        self.contexts * self.queues
    }
}
