//! TAIC with one hart, as `docs/spec/taic.md` defines it; shares no code with the kernel. No
//! priorities but that they are on, and no compatible registrations.

use std::{collections::VecDeque, vec, vec::Vec};
use taic::{Capabilities, Channel, Policy, QueueIndex, TaskId};

pub const CONTEXTS: usize = 3;
pub const QUEUES: usize = 2;
pub const CHANNELS: usize = 4;
pub const LINES: usize = 8;
/// Tasks of a context for software to add one.
pub const LIMIT: usize = 4;
const PAGES: usize = 0x0100_1000;

/// Physical address of the page of a queue.
pub fn page(queue: QueueIndex) -> usize {
    PAGES + 4096 * (QUEUES * usize::from(queue.context) + usize::from(queue.queue))
}

/// The record of a channel or of a line in a context.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub struct Record {
    pub armed: Option<TaskId>,
    pub pending: bool,
    /// The task of it that is in a queue.
    pub queued: Option<TaskId>,
    queue: usize,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum From {
    Channel(usize),
    Line(usize),
}

#[derive(Clone, Default)]
pub struct Context {
    pub owner: Option<usize>,
    pub priorities: bool,
    pub allocated: [bool; QUEUES],
    queues: [VecDeque<(TaskId, Option<From>)>; QUEUES],
    lines: [Record; LINES],
}

/// The device.
pub struct Device {
    contexts: Vec<Context>,
    pub channels: Vec<(Option<Channel>, Record)>,
    pub grants: [u64; LINES],
    /// The queue on hart 0, and whether it is interrupted.
    pub installed: Option<QueueIndex>,
    pub interrupted: bool,
    pub undelivered: u64,
}

impl Device {
    /// No TAIC.
    pub const NONE: Self = Self {
        contexts: Vec::new(),
        channels: Vec::new(),
        grants: [0; LINES],
        installed: None,
        interrupted: false,
        undelivered: 0,
    };

    pub fn new() -> Self {
        Self {
            contexts: vec![Context::default(); CONTEXTS],
            channels: vec![Default::default(); CHANNELS],
            ..Self::NONE
        }
    }

    pub fn capabilities(&self) -> Option<Capabilities> {
        (!self.contexts.is_empty()).then_some(Capabilities {
            version: 1,
            contexts: CONTEXTS as u8,
            queues: QUEUES as u8,
            tasks: 64,
            channels: CHANNELS as u16,
            lines: LINES as u8,
            priorities: 8,
        })
    }

    pub fn context(&self, number: usize) -> &Context {
        &self.contexts[number]
    }

    /// Tasks of a context.
    pub fn tasks(&self, number: usize) -> usize {
        self.contexts[number].queues.iter().map(VecDeque::len).sum()
    }

    /// ALQ (TAIC-3.1).
    pub fn allocate(&mut self, owner: usize) -> Option<QueueIndex> {
        let same = self.contexts.iter().position(|context| context.owner == Some(owner));
        let free = || self.contexts.iter().position(|context| context.owner.is_none());
        let number = same.or_else(free)?;
        let context = &mut self.contexts[number];
        let queue = context.allocated.iter().position(|allocated| !allocated)?;
        context.owner = Some(owner);
        context.allocated[queue] = true;
        Some(QueueIndex { context: number as u8, queue: queue as u8 })
    }

    /// FLQ (TAIC-3.5 to 3.7).
    pub fn free(&mut self, index: QueueIndex) {
        let number = usize::from(index.context);
        let context = &mut self.contexts[number];
        assert!(context.allocated[usize::from(index.queue)], "it is allocated");
        context.allocated[usize::from(index.queue)] = false;
        let tasks = std::mem::take(&mut context.queues[usize::from(index.queue)]);
        let other = context.allocated.iter().position(|allocated| *allocated);
        if let Some(other) = other {
            context.queues[other].extend(tasks);
        }
        if self.installed == Some(index) {
            self.install(None);
        }
        if other.is_some() {
            return;
        }
        self.contexts[number] = Context::default();
        self.undelivered &= !(1 << number);
        self.grants.iter_mut().for_each(|grants| *grants &= !(1 << number));
        for (channel, record) in &mut self.channels {
            let Some(now) = *channel else { continue };
            if usize::from(now.receiver) == number {
                (*channel, *record) = Default::default();
            } else if usize::from(now.sender) == number {
                *channel = None;
                (record.armed, record.pending) = (None, false);
            }
        }
    }

    pub fn set_priorities(&mut self, context: u8, on: bool) {
        self.contexts[usize::from(context)].priorities = on;
    }

    /// INSTALLED (TAIC-10.6 to 10.9).
    pub fn install(&mut self, queue: Option<QueueIndex>) {
        let before = self.installed.map(|queue| queue.context);
        if let Some(queue) = queue {
            let context = &self.contexts[usize::from(queue.context)];
            assert!(context.allocated[usize::from(queue.queue)], "it is allocated");
        }
        self.installed = queue;
        let after = queue.map(|queue| queue.context);
        if before == after {
            return;
        }
        if let Some(before) = before
            && std::mem::take(&mut self.interrupted)
        {
            self.undelivered |= 1 << before;
        }
        if let Some(after) = after
            && self.undelivered & 1 << after != 0
        {
            self.undelivered &= !(1 << after);
            self.interrupted = true;
        }
    }

    /// A write of 1 to each bit of UNDELIVERED.
    pub fn take_undelivered(&mut self) -> u64 {
        std::mem::take(&mut self.undelivered)
    }

    /// CONFIG (TAIC-6.2, TAIC-6.3).
    pub fn set_channel(&mut self, number: u16, channel: Option<Channel>) -> bool {
        let (old, record) = &mut self.channels[usize::from(number)];
        if record.queued.is_some() {
            return false;
        }
        *old = channel;
        let queue = match channel.map(|channel| channel.policy) {
            Some(Policy::Fixed(queue)) => queue.into(),
            _ => 0,
        };
        *record = Record { queue, ..Record::default() };
        true
    }

    fn record(&mut self, context: usize, from: From) -> &mut Record {
        match from {
            From::Channel(number) => &mut self.channels[number].1,
            From::Line(line) => &mut self.contexts[context].lines[line],
        }
    }

    /// ENQUEUE (TAIC-5.1, TAIC-5.2). Returns whether it was accepted.
    pub fn enqueue(&mut self, index: QueueIndex, task: TaskId) -> bool {
        let context = usize::from(index.context);
        let may = self.contexts[context].allocated[usize::from(index.queue)]
            && self.tasks(context) < LIMIT;
        if may {
            self.contexts[context].queues[usize::from(index.queue)].push_back((task, None));
        }
        may
    }

    /// DEQUEUE (TAIC-5.3 to 5.6).
    pub fn dequeue(&mut self, index: QueueIndex) -> Option<TaskId> {
        let number = usize::from(index.context);
        let context = &mut self.contexts[number];
        if !context.allocated[usize::from(index.queue)] {
            return None;
        }
        if self.installed == Some(index) {
            self.interrupted = false;
        }
        let order = (0..QUEUES).map(|step| (usize::from(index.queue) + step) % QUEUES);
        let found = order.into_iter().find_map(|queue| context.queues[queue].pop_front());
        if self.tasks(number) == 0 {
            self.undelivered &= !(1 << number);
        }
        let (task, from) = found?;
        if let Some(from) = from {
            let record = self.record(number, from);
            record.queued = None;
            if record.pending && record.armed.is_some() {
                self.wake(number, from);
            }
        }
        Some(task)
    }

    /// SEND_CHANNEL through a page of a context (TAIC-6.7, TAIC-6.11).
    pub fn send(&mut self, context: u8, number: usize) -> bool {
        let Some(channel) = self.channels[number].0 else { return false };
        let receiver = usize::from(channel.receiver);
        if channel.sender != context || self.contexts[receiver].owner.is_none() {
            return false;
        }
        self.notify(receiver, From::Channel(number));
        true
    }

    fn notify(&mut self, context: usize, from: From) {
        let record = self.record(context, from);
        match (record.armed, record.queued) {
            (Some(_), None) => self.wake(context, from),
            (Some(armed), Some(queued)) if armed == queued && armed.is_kept() => {}
            _ => record.pending = true,
        }
    }

    fn wake(&mut self, number: usize, from: From) {
        let record = self.record(number, from);
        let Some(task) = record.armed else { return };
        record.queued = Some(task);
        record.pending = false;
        if !task.is_kept() {
            record.armed = None;
        }
        let mut queue = record.queue;
        let context = &mut self.contexts[number];
        if let From::Channel(channel) = from
            && self.channels[channel].0.is_some_and(|now| now.policy == Policy::LeastLoaded)
        {
            let allocated = (0..QUEUES).filter(|queue| context.allocated[*queue]);
            queue = allocated.min_by_key(|queue| context.queues[*queue].len()).unwrap_or(0);
        }
        if !context.allocated[queue] {
            queue = context.allocated.iter().position(|allocated| *allocated).unwrap_or(0);
        }
        if task.preempts() && !context.priorities {
            context.queues[queue].push_front((task, Some(from)));
        } else {
            context.queues[queue].push_back((task, Some(from)));
        }
        if task.preempts() {
            match self.installed {
                Some(installed) if usize::from(installed.context) == number => {
                    self.interrupted = true;
                }
                _ => self.undelivered |= 1 << number,
            }
        }
    }

    fn arm_record(&mut self, context: usize, from: From, task: Option<TaskId>) {
        let record = self.record(context, from);
        record.armed = task;
        if task.is_some() && record.pending && record.queued.is_none() {
            self.wake(context, from);
        }
    }

    /// ARM (TAIC-6.8). Returns whether it was permitted.
    pub fn arm(&mut self, index: QueueIndex, number: u16, task: Option<TaskId>) -> bool {
        let channel = self.channels[usize::from(number)].0;
        let may = channel.is_some_and(|channel| channel.receiver == index.context);
        if may {
            self.arm_record(index.context.into(), From::Channel(number.into()), task);
        }
        may
    }

    pub fn set_grants(&mut self, line: usize, contexts: u64) {
        self.grants[line] = contexts;
    }

    /// ARM_LINE (TAIC-7.3, TAIC-7.5); the lines are low.
    pub fn arm_line(&mut self, index: QueueIndex, line: usize, task: Option<TaskId>) -> bool {
        let may = self.grants[line] & 1 << index.context != 0;
        if may {
            let context = usize::from(index.context);
            self.contexts[context].lines[line].queue = index.queue.into();
            self.arm_record(context, From::Line(line), task);
        }
        may
    }

    /// A rising edge (TAIC-7.2).
    pub fn raise(&mut self, line: usize) {
        for number in 0..CONTEXTS {
            if self.grants[line] & 1 << number != 0 && self.contexts[number].owner.is_some() {
                self.notify(number, From::Line(line));
            }
        }
    }

    /// ERROR is of no context: whether a record is armed for a line.
    pub fn line(&self, context: usize, line: usize) -> Record {
        self.contexts[context].lines[line]
    }
}
