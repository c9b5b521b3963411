//! A context: its owner, its queues, and the records that wake into them.

use super::config::TaicConfig;
use super::published::Published;
use super::queues::Queues;
use super::record::Record;
use super::task::Task;

/// Whom a context belongs to: all of both words counts (TAIC-1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Owner {
    pub os: u64,
    pub process: u64,
}

/// The register `context`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// Bits 5:2 of a task are its priority.
    pub priorities: bool,
    /// The pages permit compatible registration.
    pub compatible: bool,
    /// The hart to interrupt while no queue is installed.
    pub fallback: usize,
    /// Tasks up to which software may add one.
    pub limit: usize,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Context {
    pub owner: Option<Owner>,
    pub settings: Settings,
    pub queues: Queues,
    pub high_water: usize,
    /// The error bits of the page of each queue.
    pub errors: Vec<u8>,
    /// A record for each line.
    pub lines: Vec<Record>,
    pub published: Published,
    levels: usize,
}

impl Context {
    pub fn new(config: &TaicConfig) -> Self {
        Self {
            owner: None,
            settings: Settings::default(),
            queues: Queues::new(config.queues, config.priorities),
            high_water: 0,
            errors: vec![0; config.queues],
            lines: vec![Record::default(); config.lines],
            published: Published::new(config.slots),
            levels: config.priorities,
        }
    }

    /// A context of process 0 belongs to a kernel.
    pub fn is_kernel(&self) -> bool {
        self.owner.is_some_and(|owner| owner.process == 0)
    }

    /// The list that a task enters: one for all while priorities are off (TAIC-4.2).
    pub fn level(&self, task: Task) -> usize {
        if self.settings.priorities { task.level(self.levels) } else { 0 }
    }

    /// Keeps the greatest number of tasks (TAIC-5.11).
    pub fn mark(&mut self) {
        self.high_water = self.high_water.max(self.queues.total());
    }
}
