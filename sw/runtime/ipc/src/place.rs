//! What an endpoint knows of a port.

use core::cell::Cell;
use ring::Place;
use task::TaskId;

/// Neither a place, whose bit 63 is set, nor the address of a task, which is at least 64 and that bit
/// clear, is one of these.
const UNBOUND: u64 = 0;
const IDLE: u64 = 1;
const WAKER_WAITS: u64 = 2;

/// A port, or one that could be, in one word: one of the states above, the address of the task that
/// waits, or the place of the message that has arrived.
pub struct PortState(Cell<u64>);

impl PortState {
    pub const fn new() -> Self {
        Self(Cell::new(UNBOUND))
    }

    /// Makes it a port. `false`: it is one.
    pub fn bind(&self) -> bool {
        let unbound = self.0.get() == UNBOUND;
        if unbound {
            self.0.set(IDLE);
        }
        unbound
    }

    /// It is no port any more. A message that has arrived must have been taken.
    #[inline(always)]
    pub fn unbind(&self) {
        self.0.set(UNBOUND);
    }

    /// The message that has arrived.
    #[inline(always)]
    pub fn arrived(&self) -> Option<Place> {
        Place::from_bits(self.0.get())
    }

    /// Whether nobody waits, and no message has arrived.
    #[inline(always)]
    pub fn is_idle(&self) -> bool {
        self.0.get() == IDLE
    }

    /// Nobody waits.
    #[inline(always)]
    pub fn stop_waiting(&self) {
        self.0.set(IDLE);
    }

    /// The executor's task waits. No message has arrived.
    #[inline(always)]
    pub fn let_task_wait(&self, task: TaskId) {
        self.0.set(task.bits());
    }

    /// The owner of the port's waker waits. No message has arrived.
    pub fn let_waker_wait(&self) {
        self.0.set(WAKER_WAITS);
    }

    /// The task that waits.
    #[inline(always)]
    pub fn waits(&self) -> Option<TaskId> {
        let state = self.0.get();
        let is_task = state.cast_signed() >= TaskId::ALIGNMENT as i64;
        if is_task { TaskId::from_bits(state) } else { None }
    }

    /// A message has arrived for the task that waits, which is to be woken. `None`: no task waits,
    /// and nothing is changed.
    #[inline(always)]
    pub fn arrive_for_task(&self, place: Place) -> Option<TaskId> {
        let task = self.waits();
        if task.is_some() {
            self.0.set(place.bits());
        }
        task
    }

    /// A message has arrived, and no task waits for it. Whether the port's waker is to be used;
    /// `None`: there is no port, or it has a message.
    pub fn arrive(&self, place: Place) -> Option<bool> {
        let state = self.0.get();
        if state == UNBOUND || self.arrived().is_some() {
            return None;
        }
        self.0.set(place.bits());
        Some(state == WAKER_WAITS)
    }
}
