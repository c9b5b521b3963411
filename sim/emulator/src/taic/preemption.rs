//! Preemption: which queue is installed on which hart, and which hart is interrupted.

use super::task::LEAST_URGENT;

/// A queue of a context.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueueId {
    pub context: usize,
    pub queue: usize,
}

/// An interrupt of a hart that was not taken yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Raised {
    /// For a task in this queue, which comes first (TAIC-5.4).
    For(usize),
    /// For a wake that came while no queue of the context was installed (TAIC-10.8).
    Late,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Hart {
    installed: Option<QueueId>,
    running: u8,
    raised: Option<Raised>,
}

/// The harts, and the contexts whose interrupt no hart could take.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Harts {
    harts: Vec<Hart>,
    /// A bit for each context.
    undelivered: u64,
}

impl Harts {
    pub fn new(harts: usize) -> Self {
        let hart = Hart { installed: None, running: LEAST_URGENT, raised: None };
        Self { harts: vec![hart; harts], undelivered: 0 }
    }

    pub fn count(&self) -> usize {
        self.harts.len()
    }

    pub fn installed(&self, hart: usize) -> Option<QueueId> {
        self.harts[hart].installed
    }

    /// The context whose task interrupts a hart.
    pub fn interrupting(&self, hart: usize) -> Option<usize> {
        let hart = &self.harts[hart];
        hart.raised.and(hart.installed).map(|installed| installed.context)
    }

    pub fn undelivered(&self) -> u64 {
        self.undelivered
    }

    /// Clears undelivered interrupts without interrupting anyone (TAIC-10.8).
    pub fn discard(&mut self, contexts: u64) {
        self.undelivered &= !contexts;
    }

    fn of(&self, at: QueueId) -> impl DoubleEndedIterator<Item = usize> + '_ {
        (0..self.harts.len()).filter(move |&hart| self.harts[hart].installed == Some(at))
    }

    /// A task with the preempt bit became ready (TAIC-10.1). `priority` is given if the context has
    /// priorities.
    pub fn wake(&mut self, at: QueueId, priority: Option<u8>) {
        let any = |hart: &Hart| hart.installed.is_some_and(|there| there.context == at.context);
        let hart = self.of(at).next().or_else(|| self.harts.iter().position(any));
        let Some(hart) = hart else {
            self.undelivered |= 1 << at.context;
            return;
        };
        let hart = &mut self.harts[hart];
        if priority.is_none_or(|priority| priority < hart.running) {
            hart.raised = Some(Raised::For(at.queue));
        }
    }

    /// The queue that comes first for a DEQUEUE through the page of `at` (TAIC-5.4).
    pub fn preferred(&self, at: QueueId) -> Option<usize> {
        self.of(at).find_map(|hart| match self.harts[hart].raised {
            Some(Raised::For(queue)) => Some(queue),
            _ => None,
        })
    }

    /// A DEQUEUE through the page of `at` gave a task of this priority, or none (TAIC-5.5).
    pub fn dequeued(&mut self, at: QueueId, priority: Option<u8>) {
        for hart in self.harts.iter_mut().filter(|hart| hart.installed == Some(at)) {
            hart.raised = None;
            hart.running = priority.unwrap_or(LEAST_URGENT);
        }
    }

    /// Installs a queue on a hart, or none (TAIC-10.6 to TAIC-10.9).
    pub fn install(&mut self, number: usize, queue: Option<QueueId>) {
        let hart = &mut self.harts[number];
        let old = hart.installed.map(|old| old.context);
        let new = queue.map(|new| new.context);
        if old != new && hart.raised.take().is_some() {
            self.undelivered |= old.map_or(0, |context| 1 << context);
        }
        (hart.installed, hart.running) = (queue, LEAST_URGENT);
        if let Some(context) = new.filter(|&context| self.undelivered >> context & 1 != 0) {
            self.undelivered &= !(1 << context);
            hart.raised = Some(Raised::Late);
        }
    }

    /// Removes a queue from the highest hart where it is installed (TAIC-10.6).
    pub fn remove(&mut self, at: QueueId) {
        let hart = self.of(at).next_back();
        if let Some(hart) = hart {
            self.install(hart, None);
        }
    }

    /// A queue was freed (TAIC-3.7). `ends`: its context ends with it.
    pub fn freed(&mut self, at: QueueId, ends: bool) {
        for hart in 0..self.harts.len() {
            if self.harts[hart].installed == Some(at) {
                self.install(hart, None);
            }
        }
        if ends {
            self.discard(1 << at.context);
        }
    }

    /// RUNNING through the page of a queue (TAIC-10.3).
    pub fn running(&self, at: QueueId) -> u8 {
        self.of(at).next().map_or(LEAST_URGENT, |hart| self.harts[hart].running)
    }

    pub fn set_running(&mut self, at: QueueId, priority: u8) {
        for hart in self.harts.iter_mut().filter(|hart| hart.installed == Some(at)) {
            hart.running = priority;
        }
    }
}
