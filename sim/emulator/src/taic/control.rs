//! The control page and the settings of contexts, for the kernel.

use super::Taic;
use super::address::element;
use super::context::Settings;
use super::preemption::QueueId;
use super::refusals::Reason;
use crate::choices;

/// Offsets within the page (TAIC-2.2).
pub(super) const ALLOCATE: u64 = 0x000;
pub(super) const FREE: u64 = 0x008;
pub(super) const SIMULATE: u64 = 0x010;
const ID: u64 = 0x900;
const CAPABILITIES: u64 = 0x908;
const REFUSED: u64 = 0x910;
pub(super) const MODE: u64 = 0x918;
const PLACES: u64 = 0x920;
pub(super) const UNDELIVERED: u64 = 0x930;
pub(super) const CONTEXT: u64 = 0x980;
pub(super) const INSTALLED: u64 = 0xA00;
pub(super) const GRANT: u64 = 0xC00;
pub(super) const OCCUPANCY: u64 = 0xE00;

const MAGIC: u64 = 0x5441;
const VERSION: u64 = 1;

/// In `installed`: a queue is installed.
const VALID: u64 = 1 << 63;

/// A register that there is one of for each line, context or hart.
enum Array {
    Simulate(usize),
    Context(usize),
    Installed(usize),
    Grant(usize),
    Occupancy(usize),
}

impl Taic {
    pub(super) fn control_read(&mut self, port: usize, register: u64) -> Result<u64, Reason> {
        Ok(match register {
            ALLOCATE => self.allocate(port),
            ID => MAGIC << 48 | VERSION,
            CAPABILITIES => self.capabilities(),
            REFUSED => self.refusals.read(),
            MODE => u64::from(self.strict),
            PLACES => self.places.read(),
            UNDELIVERED => self.harts.undelivered(),
            _ => match self.array(register).ok_or(Reason::NoRegister)? {
                Array::Simulate(_) => return Err(Reason::NoRegister),
                Array::Context(context) => self.settings(context),
                Array::Installed(hart) => self.installed(hart),
                Array::Grant(line) => self.lines[line].grant,
                Array::Occupancy(context) => {
                    let context = &self.contexts[context];
                    (context.queues.total() | context.high_water << 16) as u64
                }
            },
        })
    }

    pub(super) fn control_write(
        &mut self,
        port: usize,
        register: u64,
        value: u64,
    ) -> Result<(), Reason> {
        match register {
            ALLOCATE => self.allocation_word(port, value),
            FREE => self.free(value)?,
            REFUSED => self.refusals.clear(),
            MODE => self.strict = value & 1 != 0,
            UNDELIVERED => self.harts.discard(value),
            _ => match self.array(register).ok_or(Reason::NoRegister)? {
                Array::Simulate(line) => self.event(line),
                Array::Context(context) => self.set(context, value)?,
                Array::Installed(hart) => self.install(hart, value)?,
                Array::Grant(line) => {
                    self.lines[line].grant = value & ((1 << self.config.contexts) - 1);
                }
                Array::Occupancy(context) => {
                    let context = &mut self.contexts[context];
                    context.high_water = context.queues.total();
                }
            },
        }
        Ok(())
    }

    fn array(&self, register: u64) -> Option<Array> {
        let config = &self.config;
        let at = |first, count| element(register, first, count);
        at(SIMULATE, config.lines)
            .map(Array::Simulate)
            .or_else(|| at(CONTEXT, config.contexts).map(Array::Context))
            .or_else(|| at(INSTALLED, config.harts).map(Array::Installed))
            .or_else(|| at(GRANT, config.lines).map(Array::Grant))
            .or_else(|| at(OCCUPANCY, config.contexts).map(Array::Occupancy))
    }

    fn capabilities(&self) -> u64 {
        let config = &self.config;
        (config.contexts
            | config.queues << 8
            | config.tasks << 16
            | config.channels << 32
            | config.lines << 48
            | config.priorities << 56) as u64
    }

    pub(super) fn settings(&self, context: usize) -> u64 {
        let Settings { priorities, compatible, fallback, limit } = self.contexts[context].settings;
        (usize::from(priorities) | usize::from(compatible) << 1 | fallback << 8 | limit << 16)
            as u64
    }

    /// A write to `context`, which is refused as a whole for its limit (TAIC-5.10).
    fn set(&mut self, context: usize, value: u64) -> Result<(), Reason> {
        let settings = &mut self.contexts[context].settings;
        let limit = (value >> 16) as u16 as usize;
        let available = settings.limit + self.places.unassigned;
        let fallback = (value >> 8) as u8 as usize;
        let hart = if fallback < self.harts.count() { Ok(()) } else { Err(Reason::NoNumber) };
        if choices::FALLBACK_BEFORE_LIMIT {
            hart?;
        }
        let unassigned = available.checked_sub(limit).ok_or(Reason::Limit)?;
        hart?;
        self.places.unassigned = unassigned;
        *settings =
            Settings { priorities: value & 1 != 0, compatible: value & 2 != 0, fallback, limit };
        Ok(())
    }

    fn installed(&self, hart: usize) -> u64 {
        let (QueueId { context, queue }, valid) = self.harts.named(hart);
        if !valid && !choices::INSTALLED_KEEPS_NUMBER {
            return 0;
        }
        u64::from(valid) << 63 | (context * self.config.queues + queue) as u64
    }

    /// A write to `installed`; the number of the page is checked in full (TAIC-2.6).
    fn install(&mut self, hart: usize, value: u64) -> Result<(), Reason> {
        let index = usize::from(value as u16);
        let at = QueueId { context: index / self.config.queues, queue: index % self.config.queues };
        let valid = value & VALID != 0;
        if index >= self.config.pages() && (valid || choices::INSTALLED_CHECKS_NUMBER_OF_NONE)
            || valid && !self.contexts[at.context].queues.is_allocated(at.queue)
        {
            return Err(Reason::NoQueue);
        }
        self.harts.install(hart, at, valid);
        Ok(())
    }
}
