//! The accesses that bring a controller after reset to the state of another one, as far as registers
//! can. Whether they do is tried out on a model, so a state may be left out here.

use super::Taic;
use super::context::{Context, Owner};
use super::preemption::QueueId;
use super::queues::Ready;
use super::record::{Record, RecordId};
use super::refusals::Refusals;
use super::task::Task;
use super::wakes::Waiting;
use super::{control, page};

const PAGE_BYTES: u64 = 0x1000;
const CHANNELS: u64 = 0x40_0000;
const CHANNEL_BYTES: u64 = 64;
const ALIASES: u64 = 0x80_0000;
const SHORT_BITS: u32 = 52;

/// An access of 8 bytes: offset in the window, and what is written; none is a read.
pub type Access = (u64, Option<u64>);

impl Taic {
    /// The accesses of hart 0, if there are any that lead from reset to this state. Marks and what
    /// tells of refusals begin anew ([`crate::checkpoint`]).
    pub fn restoration(&self) -> Option<Vec<Access>> {
        let mut plan = Plan { taic: self, list: Vec::new() };
        plan.make();
        let mut fresh = Taic::new(&self.config);
        fresh.levels = self.levels;
        for &(offset, value) in &plan.list {
            match value {
                Some(value) => fresh.write(0, offset, 8, value).ok()?,
                None => drop(fresh.read(0, offset, 8).ok()?),
            }
        }
        (fresh.essence() == self.essence()).then_some(plan.list)
    }

    /// The state without marks and refusals, and without what nobody can see.
    pub fn essence(&self) -> Self {
        let mut essence = self.clone();
        essence.refusals = Refusals::default();
        essence.places.forget_lowest();
        essence.waiting = Waiting::default(); // whose turn it is (TAIC-6.13)
        for context in &mut essence.contexts {
            context.high_water = 0;
            context.errors.fill(0);
            let receivers = context.published.receivers.iter_mut().map(|slot| &mut slot.record);
            // Whoever arms them names task and queue again.
            for record in context.lines.iter_mut().chain(receivers).filter(|record| !record.armed) {
                (record.task, record.queue) = (Task::default(), 0);
            }
        }
        essence
    }
}

struct Plan<'a> {
    taic: &'a Taic,
    list: Vec<Access>,
}

impl Plan<'_> {
    fn make(&mut self) {
        self.owners();
        self.control(control::MODE, u64::from(self.taic.strict));
        self.limits(|_| 0);
        self.channels();
        self.senders();
        for context in self.owned() {
            self.tasks(context);
        }
        self.records();
        self.harts();
        self.limits(|context| context.settings.limit);
        for line in 0..self.taic.lines.len() {
            self.control(control::GRANT + 8 * line as u64, self.taic.lines[line].grant);
        }
        for context in 0..self.taic.contexts.len() {
            self.control(control::OCCUPANCY + 8 * context as u64, 0);
        }
    }

    fn control(&mut self, register: u64, value: u64) {
        self.list.push((register, Some(value)));
    }

    /// A write to the page of a queue, through the alias, which permits everything.
    fn page(&mut self, context: usize, queue: usize, register: u64, value: u64) {
        let number = (context * self.taic.config.queues + queue) as u64;
        self.list.push((ALIASES + PAGE_BYTES * (1 + number) + register, Some(value)));
    }

    fn owned(&self) -> Vec<usize> {
        let contexts = self.taic.contexts.iter().enumerate();
        contexts.filter(|(_, context)| context.owner.is_some()).map(|(number, _)| number).collect()
    }

    /// The lowest allocated queue, through whose page the context acts.
    fn lowest(&self, context: usize) -> usize {
        self.taic.contexts[context].queues.target(usize::MAX).unwrap_or(0)
    }

    /// Contexts begin in order, and so do their queues; what should not be there is freed again.
    fn owners(&mut self) {
        let used = self.owned().last().map_or(0, |&last| last + 1);
        let (contexts, queues) = (&self.taic.contexts, self.taic.config.queues);
        let last = |context: &Context| {
            (0..queues).rev().find(|&queue| context.queues.is_allocated(queue)).unwrap_or(0)
        };
        for (number, context) in contexts[..used].iter().enumerate() {
            let nobody = Owner { os: !(number as u64), process: u64::MAX };
            let owner = context.owner.unwrap_or(nobody);
            for _ in 0..=last(context) {
                self.control(control::ALLOCATE, owner.os);
                self.control(control::ALLOCATE, owner.process);
                self.list.push((control::ALLOCATE, None));
            }
        }
        for (number, context) in contexts[..used].iter().enumerate() {
            for queue in (0..=last(context)).filter(|&queue| !context.queues.is_allocated(queue)) {
                self.control(control::FREE, (number as u64) << 32 | queue as u64);
            }
        }
    }

    /// Settings of all contexts. Limits can be moved about only if none is too large meanwhile.
    fn limits(&mut self, limit: impl Fn(&Context) -> usize) {
        for number in 0..self.taic.contexts.len() {
            self.settings(number, limit(&self.taic.contexts[number]));
        }
    }

    fn settings(&mut self, number: usize, limit: usize) {
        let rest = self.taic.settings(number) & 0xFFFF;
        self.control(control::CONTEXT + 8 * number as u64, rest | (limit as u64) << 16);
    }

    fn channels(&mut self) {
        for number in 0..self.taic.channels.len() {
            let config = self.taic.channel_config(number) & 0xFFFF_FFFF;
            if config != 0 {
                self.list.push((CHANNELS + CHANNEL_BYTES * number as u64, Some(config)));
            }
        }
    }

    /// Permissions to notify, in their slots.
    fn senders(&mut self) {
        for context in self.owned() {
            let queue = self.lowest(context);
            let keys = self.taic.contexts[context].published.permitted();
            let last = keys.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
            let nobody = |slot: usize| (u64::MAX, !(slot as u64));
            for (slot, key) in keys[..last].iter().enumerate() {
                let (os, word) = key.unwrap_or(nobody(slot));
                self.page(context, queue, page::REGISTER_SENDER, os);
                self.page(context, queue, page::REGISTER_SENDER, word);
            }
            for slot in (0..last).filter(|&slot| keys[slot].is_none()) {
                let (os, word) = nobody(slot);
                self.page(context, queue, page::CANCEL_SENDER, os);
                self.page(context, queue, page::CANCEL_SENDER, word);
            }
        }
    }

    /// The queues of a context. Wakes put tasks with the preempt bit to the head and interrupt; a
    /// context whose hart is interrupted is installed before them, others afterwards.
    fn tasks(&mut self, number: usize) {
        let context = &self.taic.contexts[number];
        let interrupted = self.taic.harts.interrupts(number);
        if interrupted {
            self.install(number);
        }
        self.settings(number, self.taic.config.assignable());
        let to_head = |ready: &Ready| {
            ready.record.is_some() && ready.task.preempts() && !context.settings.priorities
        };
        for queue in 0..self.taic.config.queues {
            let tasks: Vec<Ready> = context.queues.tasks(queue).copied().collect();
            for ready in tasks.iter().filter(|ready| !to_head(ready)) {
                self.insert(number, queue, ready);
            }
            for ready in tasks.iter().rev().filter(|ready| to_head(ready)) {
                self.insert(number, queue, ready);
            }
        }
        self.settings(number, 0);
        if self.taic.harts.undelivered() >> number & 1 == 0 {
            self.control(control::UNDELIVERED, 1 << number);
        }
        if !interrupted {
            self.install(number);
        }
    }

    fn insert(&mut self, context: usize, queue: usize, ready: &Ready) {
        match ready.record {
            None => self.page(context, queue, page::ENQUEUE, ready.task.0),
            Some(id) => {
                self.arm(id, queue, ready.task);
                let high = match id {
                    RecordId::Line { line, .. } => self.taic.is_high(line),
                    _ => false,
                };
                // A level wakes by itself (TAIC-7.4).
                if !high {
                    self.notify(id, queue);
                }
            }
        }
    }

    fn arm(&mut self, id: RecordId, queue: usize, task: Task) {
        let short = |number: usize| task.0 << 12 >> 12 | (number as u64) << SHORT_BITS;
        match id {
            RecordId::Channel(number) => {
                let receiver = self.taic.channels[number].receiver;
                let queue = self.lowest(receiver);
                self.page(receiver, queue, page::ARM, short(number));
            }
            RecordId::Line { line, context } => {
                self.control(control::GRANT + 8 * line as u64, 1 << context);
                if queue == 0 {
                    let register = page::REGISTER_INTERRUPT + 8 * line as u64;
                    self.page(context, queue, register, task.0);
                } else {
                    self.page(context, queue, page::ARM_LINE, short(line));
                }
            }
            RecordId::Receiver { context, slot } => {
                let Some((os, word)) = self.taic.contexts[context].published.expected(slot) else {
                    return;
                };
                let queue = self.lowest(context);
                for word in [os, word, task.0] {
                    self.page(context, queue, page::REGISTER_RECEIVER, word);
                }
            }
        }
    }

    fn notify(&mut self, id: RecordId, queue: usize) {
        match id {
            RecordId::Channel(number) => {
                let sender = self.taic.channels[number].sender;
                let word = (number | queue << 16) as u64;
                self.page(sender, self.lowest(sender), page::SEND, word);
            }
            RecordId::Line { line, context } => {
                self.control(control::GRANT + 8 * line as u64, 1 << context);
                self.control(control::SIMULATE + 8 * line as u64, 0);
            }
            RecordId::Receiver { context, slot } => {
                let Some((sender, os, word)) = self.taic.notifier(context, slot) else { return };
                let queue = self.lowest(sender);
                self.page(sender, queue, page::SEND_INTERRUPT, os);
                self.page(sender, queue, page::SEND_INTERRUPT, word);
            }
        }
    }

    /// What is armed and pending beside the tasks in queues.
    fn records(&mut self) {
        for number in 0..self.taic.channels.len() {
            let channel = &self.taic.channels[number];
            self.record(RecordId::Channel(number), &channel.record, true);
        }
        for context in self.owned() {
            let state = &self.taic.contexts[context];
            for (line, record) in state.lines.iter().enumerate() {
                self.record(RecordId::Line { line, context }, record, false);
            }
            for (slot, receiver) in state.published.receivers.iter().enumerate() {
                let id = RecordId::Receiver { context, slot };
                if receiver.record == Record::default() {
                    self.arm(id, 0, Task::default());
                }
                self.record(id, &receiver.record, false);
            }
        }
    }

    /// `readable`: the task can be read even if the record is not armed.
    fn record(&mut self, id: RecordId, wanted: &Record, readable: bool) {
        let queued = if wanted.queued { self.taic.queued_task(id) } else { Task::default() };
        let armed_by_wake = wanted.queued && queued.keeps();
        let as_woken = armed_by_wake && wanted.task == queued && !wanted.anew;
        if wanted.armed && !as_woken {
            self.arm(id, wanted.queue, wanted.task);
        } else if !wanted.armed {
            let stale = readable && wanted.task != queued;
            if stale {
                self.arm(id, wanted.queue, wanted.task);
            }
            if stale || armed_by_wake {
                self.arm(id, wanted.queue, Task::default());
            }
        }
        if wanted.pending {
            self.notify(id, wanted.queue);
        }
    }

    /// Installs the queues of a context where they are installed.
    fn install(&mut self, context: usize) {
        for hart in 0..self.taic.harts.count() {
            let (named, valid) = self.taic.harts.named(hart);
            if valid && named.context == context {
                self.installed(hart, named, 1 << 63);
            }
        }
    }

    /// RUNNING, and the numbers that harts without a queue remember.
    fn harts(&mut self) {
        for hart in 0..self.taic.harts.count() {
            match self.taic.harts.named(hart) {
                (named, true) => {
                    let running = u64::from(self.taic.harts.running(named));
                    self.page(named.context, named.queue, page::RUNNING, running);
                }
                (named, false) => self.installed(hart, named, 0),
            }
        }
    }

    fn installed(&mut self, hart: usize, named: QueueId, valid: u64) {
        let number = (named.context * self.taic.config.queues + named.queue) as u64;
        self.control(control::INSTALLED + 8 * hart as u64, valid | number);
    }
}
