//! The local queues of one context.

use std::collections::VecDeque;

use super::record::RecordId;
use super::task::Task;

/// A task in a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ready {
    pub task: Task,
    /// The record that woke it; none for an ENQUEUE.
    pub record: Option<RecordId>,
}

/// Where a task enters its list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    Head,
    Tail,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Queue {
    allocated: bool,
    /// One list for each level of priority, the most urgent first.
    levels: Vec<VecDeque<Ready>>,
}

impl Queue {
    fn len(&self) -> usize {
        self.levels.iter().map(VecDeque::len).sum()
    }

    fn take(&mut self) -> Option<Ready> {
        self.levels.iter_mut().find_map(VecDeque::pop_front)
    }
}

/// The queues of a context. None holds a task unless it is allocated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Queues {
    queues: Vec<Queue>,
}

/// Tasks of a queue up to which the least loaded one is told apart (TAIC-6.4).
const COUNTED: usize = 15;

impl Queues {
    pub fn new(queues: usize, levels: usize) -> Self {
        let queue = Queue { allocated: false, levels: vec![VecDeque::new(); levels] };
        Self { queues: vec![queue; queues] }
    }

    /// Allocates the lowest queue that is not (TAIC-3.1).
    pub fn allocate(&mut self) -> Option<usize> {
        let queue = self.queues.iter().position(|queue| !queue.allocated)?;
        self.queues[queue].allocated = true;
        Some(queue)
    }

    pub fn is_allocated(&self, queue: usize) -> bool {
        self.queues.get(queue).is_some_and(|queue| queue.allocated)
    }

    fn lowest(&self) -> Option<usize> {
        self.queues.iter().position(|queue| queue.allocated)
    }

    /// Frees a queue. Its tasks move to the lowest other one, in order (TAIC-3.5). Without another
    /// one the context ends, and they are dropped: false.
    pub fn free(&mut self, queue: usize, level: impl Fn(Task) -> usize) -> bool {
        self.queues[queue].allocated = false;
        let Some(other) = self.lowest() else {
            self.queues[queue].levels.iter_mut().for_each(VecDeque::clear);
            return false;
        };
        while let Some(ready) = self.queues[queue].take() {
            self.queues[other].levels[level(ready.task)].push_back(ready);
        }
        true
    }

    /// The queue that a woken task enters: the wanted one, or the lowest that is allocated
    /// (TAIC-5.8). None if there is no queue.
    pub fn target(&self, wanted: usize) -> Option<usize> {
        if self.is_allocated(wanted) { Some(wanted) } else { self.lowest() }
    }

    /// The queue with the fewest tasks, the lowest among equals (TAIC-6.4).
    pub fn least_loaded(&self) -> Option<usize> {
        (0..self.queues.len())
            .filter(|&queue| self.queues[queue].allocated)
            .min_by_key(|&queue| self.len(queue).min(COUNTED))
    }

    pub fn insert(&mut self, queue: usize, level: usize, end: End, ready: Ready) {
        let list = &mut self.queues[queue].levels[level];
        match end {
            End::Head => list.push_front(ready),
            End::Tail => list.push_back(ready),
        }
    }

    /// The first task of `preferred`, or of `own`, or of the next queue that has one (TAIC-5.3,
    /// TAIC-5.4).
    pub fn take(&mut self, own: usize, preferred: Option<usize>) -> Option<Ready> {
        let count = self.queues.len();
        let round = (0..count).map(|step| (own + step) % count);
        preferred.into_iter().chain(round).find_map(|queue| self.queues[queue].take())
    }

    /// The tasks of one queue, level by level.
    pub fn tasks(&self, queue: usize) -> impl Iterator<Item = &Ready> {
        self.queues[queue].levels.iter().flatten()
    }

    /// Tasks in one queue.
    pub fn len(&self, queue: usize) -> usize {
        self.queues[queue].len()
    }

    /// Tasks in all queues.
    pub fn total(&self) -> usize {
        self.queues.iter().map(Queue::len).sum()
    }
}
