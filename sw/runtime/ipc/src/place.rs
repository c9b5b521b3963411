//! What an endpoint knows of a port.

use core::cell::Cell;
use ring::Place;
use task::TaskId;

/// Neither these nor a place, which is odd, are the address of a task.
const UNBOUND: u64 = 0;
const IDLE: u64 = 2;
const WAKER_WAITS: u64 = 4;

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

    /// It is no port any more. A message that has arrived is left to the caller.
    #[inline(always)]
    pub fn unbind(&self) -> Option<Place> {
        let arrived = self.take_arrived();
        self.0.set(UNBOUND);
        arrived
    }

    /// The message that has arrived; the port is idle then.
    #[inline(always)]
    pub fn take_arrived(&self) -> Option<Place> {
        let state = self.0.get();
        if state & 1 == 0 {
            return None;
        }
        self.0.set(IDLE);
        Place::from_bits(state as u32)
    }

    /// Whether a message has arrived.
    #[inline(always)]
    pub fn has_arrived(&self) -> bool {
        self.0.get() & 1 == 1
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
        self.0.set(task.address());
    }

    /// The owner of the port's waker waits. No message has arrived.
    pub fn let_waker_wait(&self) {
        self.0.set(WAKER_WAITS);
    }

    /// A message has arrived for the task that waits, which is to be woken. `None`: no task waits,
    /// and nothing is changed.
    #[inline(always)]
    pub fn arrive_for_task(&self, place: Place) -> Option<TaskId> {
        let task = TaskId::new(self.0.get())?;
        self.0.set(place.bits().into());
        Some(task)
    }

    /// A message has arrived, and no task waits for it. Whether the port's waker is to be used;
    /// `None`: there is no port, or it has a message.
    pub fn arrive(&self, place: Place) -> Option<bool> {
        let state = self.0.get();
        if state == UNBOUND || self.has_arrived() {
            return None;
        }
        self.0.set(place.bits().into());
        Some(state == WAKER_WAITS)
    }
}
