//! TAIC, the task-aware interrupt controller, as `docs/spec/taic.md` defines it.
//!
//! Every access takes effect as a whole, with all that follows from it, before the next one
//! (TAIC-11.1). Each hart has a port of its own, because it has sequences of its own (TAIC-3.3,
//! TAIC-8.2).

mod address;
mod allocation;
mod channels;
mod config;
mod context;
mod control;
mod lines;
mod page;
mod places;
mod preemption;
mod published;
mod queues;
mod record;
mod refusals;
mod restore;
mod task;
#[cfg(test)]
mod tests;
mod wakes;

use crate::bus::BusError;
use address::{Page, Place, WINDOW_BYTES};
use allocation::Allocation;
use channels::Channel;
pub use config::TaicConfig;
use context::Context;
use lines::Line;
use places::Places;
use preemption::Harts;
use published::Sequence;
use refusals::{Error, Reason, Refusals};
use wakes::Waiting;

/// The sequences of one hart.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Port {
    allocation: Allocation,
    published: Option<Sequence>,
}

/// The controller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taic {
    config: TaicConfig,
    contexts: Vec<Context>,
    channels: Vec<Channel>,
    lines: Vec<Line>,
    /// Levels of the lines, a bit each.
    levels: u64,
    harts: Harts,
    ports: Vec<Port>,
    places: Places,
    waiting: Waiting,
    refusals: Refusals,
    /// New contexts are not permitted compatible registration (TAIC-8.9).
    strict: bool,
}

impl Taic {
    /// A controller after reset (TAIC-1.7).
    pub fn new(config: &TaicConfig) -> Self {
        Self {
            contexts: vec![Context::new(config); config.contexts],
            channels: vec![Channel::default(); config.channels],
            lines: vec![Line::default(); config.lines],
            levels: 0,
            harts: Harts::new(config.harts),
            ports: vec![Port::default(); config.harts],
            places: Places::new(config),
            waiting: Waiting::default(),
            refusals: Refusals::default(),
            strict: false,
            config: config.clone(),
        }
    }

    /// A load of `size` bytes by hart `port`. An access of another width than 8 bytes is a bus
    /// error, and so is one beyond the window. Other refused loads give 0 (TAIC-2.5).
    pub fn read(&mut self, port: usize, offset: u64, size: u32) -> Result<u64, BusError> {
        if offset >= WINDOW_BYTES {
            return Err(BusError);
        }
        let place = address::place(offset, &self.config);
        if size != 8 {
            self.refuse_width(place, offset, false);
            return Err(BusError);
        }
        let value = match place {
            Place::Control { register } => self.control_read(port, register),
            Place::Page(page, register) => Ok(self.page_read(page, register)),
            Place::Channel { channel, register } => self.channel_read(channel, register),
            Place::Nothing => Err(Reason::NoRegister),
        };
        self.step();
        Ok(value.unwrap_or_else(|reason| {
            self.refusals.add(reason, offset, false);
            0
        }))
    }

    /// A store of `size` bytes by hart `port`. A refused store raises nothing (TAIC-2.5).
    pub fn write(
        &mut self,
        port: usize,
        offset: u64,
        size: u32,
        value: u64,
    ) -> Result<(), BusError> {
        if offset >= WINDOW_BYTES {
            return Err(BusError);
        }
        let place = address::place(offset, &self.config);
        if size != 8 {
            self.refuse_width(place, offset, true);
            return Ok(());
        }
        let done = match place {
            Place::Control { register } => self.control_write(port, register, value),
            Place::Page(page, register) => {
                self.page_write(port, page, register, value);
                Ok(())
            }
            Place::Channel { channel, register } => self.channel_write(channel, register, value),
            Place::Nothing => Err(Reason::NoRegister),
        };
        self.step();
        if let Err(reason) = done {
            self.refusals.add(reason, offset, true);
        }
        Ok(())
    }

    /// A bit for each hart: its user software interrupt (TAIC-10.4).
    pub fn user_lines(&self) -> u64 {
        self.interrupted(false)
    }

    /// A bit for each hart: its supervisor software interrupt (TAIC-10.4, TAIC-10.7).
    pub fn supervisor_lines(&self) -> u64 {
        if self.harts.undelivered() == 0 {
            return self.interrupted(true);
        }
        let fallbacks = (0..self.contexts.len())
            .filter(|context| self.harts.undelivered() >> context & 1 != 0)
            .map(|context| self.contexts[context].settings.fallback)
            .filter(|&hart| hart < self.harts.count());
        fallbacks.fold(self.interrupted(true), |lines, hart| lines | 1 << hart)
    }

    fn interrupted(&self, kernel: bool) -> u64 {
        (0..self.harts.count())
            .filter(|&hart| {
                self.harts
                    .interrupting(hart)
                    .is_some_and(|context| self.contexts[context].is_kernel() == kernel)
            })
            .fold(0, |lines, hart| lines | 1 << hart)
    }

    fn refuse_width(&mut self, place: Place, offset: u64, write: bool) {
        match place {
            Place::Page(Page { context, queue, .. }, _) => {
                self.error(context, queue, Error::NotPermitted);
            }
            _ => self.refusals.add(Reason::Width, offset, write),
        }
    }

    /// Sets a bit in ERROR of the page that caused a refusal (TAIC-9.1). Without an owner there is
    /// one reason only (TAIC-9.4).
    fn error(&mut self, context: usize, queue: usize, error: Error) {
        let context = &mut self.contexts[context];
        let error = if context.owner.is_none() { Error::NoOwner } else { error };
        context.errors[queue] |= error as u8;
    }
}
