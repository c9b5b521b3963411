//! Which thread runs: 256 priorities, round robin within one, domains.
//!
//! The current thread of a hart is in no queue while it runs without being asked to stop. A thread
//! that becomes ready and is more important than the current one is remembered, not queued: mostly
//! it runs next.

use crate::{
    Kernel, Tcb,
    kernel::{Action, DOMAINS, HARTS, TIME_SLICE},
    machine::Machine,
    object::State,
};
use abi::{DOMAIN_SCHEDULE_ENTRIES, MAX_PRIORITY};

const PRIORITIES: usize = MAX_PRIORITY + 1;
const WORD: usize = usize::BITS as usize;
const WORDS: usize = PRIORITIES / WORD;

/// A domain that is none gets the place of another: no index is out of bounds.
const fn place(domain: usize, domains: usize) -> usize {
    domain % domains
}

/// First and last thread of a priority; 0 for none.
#[derive(Clone, Copy)]
struct Queue {
    head: usize,
    tail: usize,
}

/// A hart's ready threads.
#[repr(C)]
pub struct ReadyQueues {
    /// Bit m: word m of `filled` is not 0.
    words: [usize; DOMAINS],
    /// Bit n of word m: priority `64 * m + n` has threads.
    filled: [[usize; WORDS]; DOMAINS],
    queues: [[Queue; PRIORITIES]; DOMAINS],
}

impl ReadyQueues {
    pub(crate) const fn new() -> Self {
        Self {
            words: [0; DOMAINS],
            filled: [[0; WORDS]; DOMAINS],
            queues: [[Queue { head: 0, tail: 0 }; PRIORITIES]; DOMAINS],
        }
    }

    /// The greatest priority of a domain that has threads.
    #[inline]
    fn highest(&self, domain: usize) -> Option<usize> {
        let filled = &self.filled[place(domain, DOMAINS)];
        let word = (0..WORDS).rev().find(|word| filled[*word] != 0)?;
        Some(word * WORD + filled[word].ilog2() as usize)
    }

    /// Whether this priority or a greater one has threads.
    #[inline]
    pub(crate) fn has_from(&self, domain: usize, priority: usize) -> bool {
        let domain = place(domain, DOMAINS);
        let word = priority / WORD % WORDS;
        match self.words[domain] >> word {
            0 => false,
            1 => self.filled[domain][word] >> (priority % WORD) != 0,
            _ => true,
        }
    }

    /// Whether a priority greater than this one has threads.
    #[inline(always)]
    pub(crate) fn has_above(&self, domain: usize, priority: usize) -> bool {
        let domain = place(domain, DOMAINS);
        let word = priority / WORD % WORDS;
        match self.words[domain] >> word {
            0 => false,
            1 => self.filled[domain][word] >> (priority % WORD) > 1,
            _ => true,
        }
    }

    fn queue(&mut self, domain: usize, priority: usize) -> &mut Queue {
        &mut self.queues[place(domain, DOMAINS)][priority % PRIORITIES]
    }

    fn first(&self, domain: usize, priority: usize) -> usize {
        self.queues[place(domain, DOMAINS)][priority % PRIORITIES].head
    }

    fn mark(&mut self, domain: usize, priority: usize, filled: bool) {
        let (domain, index) = (place(domain, DOMAINS), priority / WORD % WORDS);
        let word = &mut self.filled[domain][index];
        if filled {
            *word |= 1 << (priority % WORD);
        } else {
            *word &= !(1 << (priority % WORD));
        }
        let bit = 1 << index;
        self.words[domain] = self.words[domain] & !bit | if *word == 0 { 0 } else { bit };
    }

    /// The priorities of a domain that have threads.
    #[cfg(any(test, feature = "checks"))]
    pub(crate) fn filled(&self, domain: usize) -> impl Iterator<Item = usize> {
        let words = self.filled[domain].into_iter().enumerate();
        words.flat_map(|(index, word)| {
            core::iter::successors(Some(word), |left| Some(left & left.wrapping_sub(1)))
                .take_while(|left| *left != 0)
                .map(move |left| WORD * index + left.trailing_zeros() as usize)
        })
    }

    /// The first and the last thread of a priority, and whether it is marked as one that has some.
    #[cfg(any(test, feature = "checks"))]
    pub(crate) fn ends(&self, domain: usize, priority: usize) -> (usize, usize, bool) {
        let queue = self.queues[domain][priority];
        let filled = self.filled[domain][priority / WORD] & (1 << (priority % WORD)) != 0;
        (queue.head, queue.tail, filled)
    }

    /// Whether `words` tells which words are not 0.
    #[cfg(any(test, feature = "checks"))]
    pub(crate) fn summary_holds(&self, domain: usize) -> bool {
        let bit = |word: usize| usize::from(self.filled[domain][word] != 0) << word;
        self.words[domain] == (0..WORDS).map(bit).sum()
    }
}

impl<M: Machine> Kernel<M> {
    /// Puts a thread before the others of its priority.
    pub(crate) fn enqueue(&mut self, thread: Tcb) {
        self.queue_up(thread, true);
    }

    /// Puts a thread behind the others of its priority.
    pub(crate) fn append(&mut self, thread: Tcb) {
        self.queue_up(thread, false);
    }

    fn queue_up(&mut self, thread: Tcb, first: bool) {
        if thread.ready(self) {
            return;
        }
        let (domain, priority) = (thread.domain(self), thread.priority(self));
        let hart = thread.affinity(self) % HARTS;
        let queue = *self.ready[hart].queue(domain, priority);
        let (head, tail) = (as_tcb(queue.head), as_tcb(queue.tail));
        let (next, previous) = if first { (head, None) } else { (None, tail) };
        thread.set_ready_next(self, next);
        thread.set_ready_previous(self, previous);
        if let Some(next) = next {
            next.set_ready_previous(self, Some(thread));
        }
        if let Some(previous) = previous {
            previous.set_ready_next(self, Some(thread));
        }
        let ready = &mut self.ready[hart];
        let queue = ready.queue(domain, priority);
        if first || head.is_none() {
            queue.head = thread.0;
        }
        if !first || head.is_none() {
            queue.tail = thread.0;
        }
        ready.mark(domain, priority, true);
        thread.set_ready(self, true);
        self.kick_if_remote(thread);
    }

    /// Takes a thread out of its ready queue, if it is in one.
    pub(crate) fn dequeue(&mut self, thread: Tcb) {
        if !thread.ready(self) {
            return;
        }
        let (domain, priority) = (thread.domain(self), thread.priority(self));
        let hart = thread.affinity(self) % HARTS;
        let (next, previous) = (thread.ready_next(self), thread.ready_previous(self));
        let ready = &mut self.ready[hart];
        let queue = ready.queue(domain, priority);
        match previous {
            None => queue.head = next.map_or(0, |next| next.0),
            Some(previous) => previous.set_ready_next(&mut self.machine, next),
        }
        match next {
            None => queue.tail = previous.map_or(0, |previous| previous.0),
            Some(next) => next.set_ready_previous(&mut self.machine, previous),
        }
        if queue.head == 0 {
            ready.mark(domain, priority, false);
        }
        thread.set_ready(self, false);
    }

    /// Another hart has work that is more important than what it does.
    fn kick_if_remote(&mut self, thread: Tcb) {
        let hart = thread.affinity(self) % HARTS;
        if hart == self.hart || thread.domain(self) != self.domain {
            return;
        }
        let node = self.nodes[hart];
        let busy = node.current != node.idle;
        if !busy || thread.priority(self) > Tcb(node.current).priority(self) {
            self.kicks |= 1 << hart;
        }
    }

    /// The current thread may no longer be the one to run.
    pub(crate) fn reschedule(&mut self) {
        if let Action::SwitchTo(thread) = self.node().action {
            self.enqueue(thread);
        }
        self.node_mut().action = Action::Choose;
    }

    /// A thread became ready: it may be the one to run.
    #[inline]
    pub(crate) fn maybe_switch_to(&mut self, thread: Tcb) {
        let here = thread.affinity(self) == self.hart && thread.domain(self) == self.domain;
        if !here {
            self.enqueue(thread);
        } else if self.node().action != Action::Resume {
            self.reschedule();
            self.enqueue(thread);
        } else {
            self.node_mut().action = Action::SwitchTo(thread);
        }
    }

    /// Sets what a thread does.
    #[inline]
    pub(crate) fn set_state(&mut self, thread: Tcb, state: State) {
        thread.set_state(self, state);
        if !is_runnable(state) && self.is_current(thread) && self.node().action == Action::Resume {
            self.reschedule();
        }
    }

    /// Decides which thread runs next, and makes it the current one.
    #[inline]
    pub(crate) fn schedule(&mut self) {
        let action = self.node().action;
        if action != Action::Resume {
            self.schedule_other(action);
        }
        if self.kicks != 0 {
            self.send_kicks();
        }
    }

    fn schedule_other(&mut self, action: Action) {
        let current = self.current();
        let was_runnable = is_runnable(current.state(self));
        if was_runnable {
            self.enqueue(current);
        }
        match action {
            Action::Resume => {}
            Action::Choose => self.choose(),
            Action::SwitchTo(thread) => {
                let priority = thread.priority(self);
                // The current thread gave way, or the new one came from one that is as important.
                let lower = self.is_idle() || priority < current.priority(self);
                if lower && !self.is_highest(priority) {
                    self.enqueue(thread);
                    self.node_mut().action = Action::Choose;
                    self.choose();
                } else if was_runnable && priority == current.priority(self) {
                    self.append(thread);
                    self.node_mut().action = Action::Choose;
                    self.choose();
                } else {
                    self.switch_to(thread);
                }
            }
        }
        self.node_mut().action = Action::Resume;
    }

    /// Whether no ready thread of this hart is more important.
    #[inline]
    pub(crate) fn is_highest(&self, priority: usize) -> bool {
        !self.ready[self.hart % HARTS].has_above(self.domain, priority)
    }

    fn choose(&mut self) {
        if self.domain_ticks == 0 {
            self.next_domain();
        }
        let ready = &self.ready[self.hart % HARTS];
        match ready.highest(self.domain) {
            Some(priority) => self.switch_to(Tcb(ready.first(self.domain, priority))),
            None => {
                self.node_mut().current = self.node().idle;
                self.use_kernel_space();
                if self.node().plain != self.hart {
                    self.exchange_user_interrupts();
                }
            }
        }
    }

    fn next_domain(&mut self) {
        self.domain_index += 1;
        if self.domain_index >= DOMAIN_SCHEDULE_ENTRIES
            || self.domain_schedule[self.domain_index].ticks == 0
        {
            self.domain_index = self.domain_start;
        }
        let entry = self.domain_schedule[self.domain_index % DOMAIN_SCHEDULE_ENTRIES];
        self.domain = entry.domain;
        self.domain_ticks = entry.ticks;
    }

    /// Makes a thread the current one of this hart.
    #[inline]
    pub(crate) fn switch_to(&mut self, thread: Tcb) {
        self.set_vspace_of(thread);
        self.dequeue(thread);
        self.node_mut().current = thread.0;
        if thread.placement(self) != self.node().plain {
            self.exchange_user_interrupts();
        }
    }

    /// Counts a tick of the timer.
    pub(crate) fn tick(&mut self) {
        self.wake_sleepers();
        self.retry_closing();
        let current = self.current();
        if matches!(current.state(self), State::Running) {
            let left = current.time_slice(self);
            if left > 1 {
                current.set_time_slice(self, left - 1);
            } else {
                current.set_time_slice(self, TIME_SLICE);
                self.append(current);
                self.reschedule();
            }
        }
        if self.hart == 0 && self.domain_ticks > 0 {
            self.domain_ticks -= 1;
            if self.domain_ticks == 0 {
                self.domain_changes();
            }
        }
    }

    /// The time of a domain is over: all harts choose again.
    pub(crate) fn domain_changes(&mut self) {
        self.reschedule();
        self.kicks |= ((1 << self.harts) - 1) & !(1 << self.hart);
    }

    /// Gives way to the others of the same priority.
    pub(crate) fn yield_now(&mut self) {
        let current = self.current();
        self.dequeue(current);
        self.append(current);
        self.reschedule();
    }

    fn send_kicks(&mut self) {
        let kicks = core::mem::take(&mut self.kicks);
        for hart in (0..self.harts).filter(|hart| kicks & 1 << hart != 0) {
            self.machine.kick(hart);
        }
    }
}

#[inline]
pub(crate) fn is_runnable(state: State) -> bool {
    matches!(state, State::Running | State::Restart)
}

#[inline]
fn as_tcb(word: usize) -> Option<Tcb> {
    if word == 0 { None } else { Some(Tcb(word)) }
}
