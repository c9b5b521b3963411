//! What an endpoint knows of a port.

use crate::Process;
use crate::process::Tasks as _;
use core::{
    cell::Cell,
    task::{Context, Waker},
};
use ring::Place;
use task::TaskId;

/// The state of a port in one word: one of these, or, odd, the place of a message that has arrived.
const UNBOUND: u32 = 0;
const IDLE: u32 = 2;
/// A task of the executor waits.
const TASK_WAITS: u32 = 4;
/// Whoever has left a waker waits.
const WAKER_WAITS: u32 = 6;

/// A port, or one that could be.
#[repr(C)]
pub struct PortPlace {
    state: Cell<u32>,
    task: Cell<Option<TaskId>>,
    waker: Cell<Option<Waker>>,
}

impl PortPlace {
    pub const fn new() -> Self {
        Self { state: Cell::new(UNBOUND), task: Cell::new(None), waker: Cell::new(None) }
    }

    /// Makes it a port. `false`: it is one.
    pub fn bind(&self) -> bool {
        let unbound = self.state.get() == UNBOUND;
        if unbound {
            self.state.set(IDLE);
        }
        unbound
    }

    /// It is no port any more. A message that has arrived is left to the caller.
    pub fn unbind(&self) -> Option<Place> {
        let arrived = self.take_arrived();
        self.state.set(UNBOUND);
        self.waker.set(None);
        arrived
    }

    /// The message that has arrived; the port is idle then.
    #[inline(always)]
    pub fn take_arrived(&self) -> Option<Place> {
        let state = self.state.get();
        if state & 1 == 0 {
            return None;
        }
        self.state.set(IDLE);
        Place::from_bits(state)
    }

    /// Whether a message has arrived.
    #[inline(always)]
    pub fn has_arrived(&self) -> bool {
        self.state.get() & 1 == 1
    }

    /// Whether somebody waits.
    #[inline(always)]
    pub fn is_waited_for(&self) -> bool {
        matches!(self.state.get(), TASK_WAITS | WAKER_WAITS)
    }

    /// Nobody waits.
    #[inline(always)]
    pub fn stop_waiting(&self) {
        self.state.set(IDLE);
    }

    /// Lets a message wake what `context` is of. None has arrived.
    #[inline(always)]
    pub fn wait<P: Process>(&self, context: &Context<'_>) {
        let task = P::executor().polled_with(context);
        if task.is_some() {
            self.task.set(task);
            self.state.set(TASK_WAITS);
        } else {
            self.keep_waker(context);
        }
    }

    #[cold]
    #[inline(never)]
    fn keep_waker(&self, context: &Context<'_>) {
        self.waker.set(Some(context.waker().clone()));
        self.state.set(WAKER_WAITS);
    }

    /// A message has arrived: wakes who waits for it. `false`: there is no port, or it has one.
    #[inline(always)]
    pub fn arrive<P: Process>(&self, place: Place) -> bool {
        if self.state.get() == TASK_WAITS
            && let Some(task) = self.task.get()
        {
            self.state.set(place.bits());
            P::executor().wake(task);
            return true;
        }
        self.arrive_slowly(place)
    }

    #[cold]
    #[inline(never)]
    fn arrive_slowly(&self, place: Place) -> bool {
        let state = self.state.get();
        if state == UNBOUND || self.has_arrived() {
            return false;
        }
        self.state.set(place.bits());
        if let Some(waker) = self.waker.take()
            && state == WAKER_WAITS
        {
            waker.wake();
        }
        true
    }
}
