//! Preemption: which queue is installed on which hart, and which hart is interrupted.

use super::task::LEAST_URGENT;
use crate::choices;

/// A queue of a context.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueueId {
    pub context: usize,
    pub queue: usize,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Hart {
    installed: Option<QueueId>,
    /// The queue that was named last.
    named: QueueId,
    running: u8,
    /// The queue for whose task the hart is interrupted.
    raised: Option<usize>,
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
        let named = QueueId { context: 0, queue: 0 };
        let hart = Hart { installed: None, named, running: LEAST_URGENT, raised: None };
        Self { harts: vec![hart; harts], undelivered: 0 }
    }

    pub fn count(&self) -> usize {
        self.harts.len()
    }

    /// The queue that was named last for a hart, and whether it is installed there.
    pub fn named(&self, hart: usize) -> (QueueId, bool) {
        (self.harts[hart].named, self.harts[hart].installed.is_some())
    }

    /// Whether a hart is interrupted for this context.
    pub fn interrupts(&self, context: usize) -> bool {
        (0..self.harts.len()).any(|hart| self.interrupting(hart) == Some(context))
    }

    /// The context whose task interrupts a hart.
    pub fn interrupting(&self, hart: usize) -> Option<usize> {
        let hart = &self.harts[hart];
        hart.raised.and(hart.installed).map(|installed| installed.context)
    }

    pub fn undelivered(&self) -> u64 {
        self.undelivered
    }

    /// Clears undelivered interrupts without interrupting anyone (TAIC-10.10).
    pub fn discard(&mut self, contexts: u64) {
        self.undelivered &= !contexts;
    }

    fn of(&self, at: QueueId) -> impl DoubleEndedIterator<Item = usize> + '_ {
        (0..self.harts.len()).filter(move |&hart| self.harts[hart].installed == Some(at))
    }

    /// A task with the preempt bit became ready (TAIC-10.1). `priority` is given if the context has
    /// priorities.
    pub fn wake(&mut self, at: QueueId, priority: Option<u8>) {
        let hart = self.of(at).next().or_else(|| self.first(at.context));
        let running = hart.map_or(LEAST_URGENT, |hart| self.harts[hart].running);
        if priority.is_some_and(|priority| priority >= running) {
            return;
        }
        match hart {
            Some(hart) => self.harts[hart].raised = Some(at.queue),
            None => self.undelivered |= 1 << at.context,
        }
    }

    /// The queue that comes first for a DEQUEUE through the page of `at`: another one, for whose
    /// task the highest such hart is interrupted (TAIC-5.4).
    pub fn preferred(&self, at: QueueId) -> Option<usize> {
        let mut raised = self.of(at).rev().filter_map(|hart| self.harts[hart].raised);
        raised.find(|&queue| queue != at.queue)
    }

    /// A DEQUEUE through the page of `at` gave a task of this priority, or none (TAIC-5.5).
    pub fn dequeued(&mut self, at: QueueId, priority: Option<u8>) {
        for hart in self.harts.iter_mut().filter(|hart| hart.installed == Some(at)) {
            hart.raised = None;
            hart.running = priority.unwrap_or(LEAST_URGENT);
        }
    }

    /// Installs a queue on a hart, or none (TAIC-10.6 to TAIC-10.9).
    pub fn install(&mut self, number: usize, named: QueueId, valid: bool) {
        let queue = valid.then_some(named);
        let hart = &mut self.harts[number];
        let old = hart.installed.map(|old| old.context);
        let new = queue.map(|new| new.context);
        let lost = (old != new && hart.raised.take().is_some()).then_some(old).flatten();
        (hart.installed, hart.named, hart.running) = (queue, named, LEAST_URGENT);
        if new.is_some_and(|context| self.undelivered >> context & 1 != 0) {
            self.undelivered &= !(1 << named.context);
            hart.raised = Some(named.queue); // TAIC-10.8
        }
        if let Some(context) = lost {
            self.pass_on(context);
        }
    }

    /// A hart has lost the context for which it was interrupted (TAIC-10.7).
    fn pass_on(&mut self, context: usize) {
        match self.first(context).map(|hart| &mut self.harts[hart]) {
            Some(hart) => hart.raised = hart.raised.or(hart.installed.map(|at| at.queue)),
            None => self.undelivered |= 1 << context,
        }
    }

    /// The lowest hart on which a queue of the context is installed.
    fn first(&self, context: usize) -> Option<usize> {
        self.harts.iter().position(|hart| hart.installed.is_some_and(|at| at.context == context))
    }

    /// Removes a queue from the highest hart where it is installed (TAIC-10.6).
    pub fn remove(&mut self, at: QueueId) {
        let hart = self.of(at).next_back();
        if let Some(hart) = hart {
            self.install(hart, at, false);
        }
    }

    /// A queue was freed (TAIC-3.7). `ends`: its context ends with it.
    pub fn freed(&mut self, at: QueueId, ends: bool) {
        for hart in 0..self.harts.len() {
            if self.harts[hart].installed == Some(at) {
                self.install(hart, at, false);
            }
        }
        if ends {
            self.discard(1 << at.context);
        }
    }

    /// RUNNING through the page of a queue (TAIC-10.3).
    pub fn running(&self, at: QueueId) -> u8 {
        let mut harts = self.of(at);
        let hart =
            if choices::RUNNING_IS_OF_HIGHEST_HART { harts.next_back() } else { harts.next() };
        hart.map_or(LEAST_URGENT, |hart| self.harts[hart].running)
    }

    pub fn set_running(&mut self, at: QueueId, priority: u8) {
        for hart in self.harts.iter_mut().filter(|hart| hart.installed == Some(at)) {
            hart.running = priority;
        }
    }
}
