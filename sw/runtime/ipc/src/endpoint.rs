//! One side of the two rings.

use crate::{
    Consumer, Full, Message, PORTS, Port, Process, Producer, Way, message, place::PortState,
    process::Tasks as _,
};
use core::{
    cell::Cell,
    ptr,
    task::{Context, Waker},
};
use ring::Place;
use task::TaskId;

/// What the peer did wrong: its message to this port was dropped. Nobody has bound the port, or it
/// has a message already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub port: u32,
}

/// Reasons to end [`Endpoint::run`], as bits.
const DONE: u8 = 1;
const REFUSED: u8 = 2;

/// A process's side, while one way is used.
#[repr(C)]
pub struct Endpoint<P: Process> {
    way: P::Way,
    outgoing: Producer<P::Outgoing>,
    incoming: Consumer<P::Incoming>,
    sleeps: Cell<u64>,
    stops: Cell<u8>,
    /// The port of the message that was refused last.
    refused: Cell<u32>,
    ports: [PortState; PORTS],
    /// Of those who wait at a port and are no task of the executor.
    wakers: [Cell<Option<Waker>>; PORTS],
}

impl<P: Process> Endpoint<P> {
    /// The side that sends through `outgoing` and receives through `incoming`, of which it is the
    /// only producer and the only consumer ever. No port is bound.
    pub const fn new(way: P::Way, outgoing: P::Outgoing, incoming: P::Incoming) -> Self {
        Self {
            way,
            outgoing: Producer::first(outgoing),
            incoming: Consumer::first(incoming),
            sleeps: Cell::new(0),
            stops: Cell::new(0),
            refused: Cell::new(0),
            ports: [const { PortState::new() }; PORTS],
            wakers: [const { Cell::new(None) }; PORTS],
        }
    }

    /// How the process is woken.
    pub fn way(&self) -> &P::Way {
        &self.way
    }

    /// Port `number`, unless it is bound or there is none.
    pub fn bind(&'static self, number: u32) -> Option<Port<P>> {
        let state = self.ports.get(number as usize)?;
        state.bind().then(|| Port::new(state, number))
    }

    /// Runs the coroutines until one of them says that all is done, or the peer has sent what was
    /// refused. After that it may be called again: nothing else is lost.
    pub fn run(&'static self) -> Result<(), Fault> {
        P::executor().run(|last| self.next(last));
        // A peer that fell asleep unseen waits for what was sent last.
        if self.outgoing.must_wake() {
            self.way.wake_peer();
        }
        if self.stops.get() & REFUSED != 0 {
            self.stops.set(self.stops.get() & !REFUSED);
            return Err(Fault { port: self.refused.get() });
        }
        self.stops.set(0);
        Ok(())
    }

    /// When no coroutine is ready: sleeps if nothing comes, and tells who is ready then.
    #[inline(always)]
    fn next(&self, last: Option<TaskId>) -> Option<TaskId> {
        while self.stops.get() == 0 {
            if self.outgoing.must_wake() {
                self.way.wake_peer();
            }
            if self.incoming.is_empty() && self.incoming.sleep() {
                self.sleeps.set(self.sleeps.get() + 1);
                return Some(self.way.sleep(last.unwrap_or(ANY)));
            }
            self.find();
            let ready = P::executor().dequeue();
            if ready.is_some() {
                return ready;
            }
        }
        None
    }

    /// Ends [`Endpoint::run`] when no coroutine is ready.
    pub fn end(&self) {
        self.stops.set(self.stops.get() | DONE);
    }

    /// How often the process has slept so far: as often as it was woken.
    pub fn sleeps(&self) -> u64 {
        self.sleeps.get()
    }

    /// Finds what has come, and wakes those for whom it is.
    #[inline(always)]
    pub(crate) fn find(&self) {
        self.incoming.find(|place, header| {
            match self.ports[message::port(header)].arrive_for_task(place) {
                Some(task) => P::executor().call(task),
                None => cold::call(Self::arrive, self, &(), place.bits() as usize),
            }
            true
        });
    }

    /// The message at a place has been found, and no task waits for it.
    #[cold]
    #[inline(never)]
    extern "C" fn arrive(&self, _: &(), place: usize) {
        let Some(place) = Place::from_bits(place as u64) else { return };
        let number = message::port(self.incoming.first_word(place));
        match self.ports[number].arrive(place) {
            Some(true) => {
                if let Some(waker) = self.wakers[number].take() {
                    waker.wake();
                }
            }
            Some(false) => {}
            None => {
                self.refused.set(number as u32);
                self.stops.set(self.stops.get() | REFUSED);
                self.incoming.take_early(place);
            }
        }
    }

    /// Lets a message to a port wake what `context` is of: its waker, if that is not the executor's.
    #[inline(always)]
    pub(crate) fn wait(&self, state: &PortState, context: &Context<'_>) {
        cold::call(Self::wait_cold, self, context.waker(), self.number(state));
    }

    #[cold]
    #[inline(never)]
    extern "C" fn wait_cold(&self, waker: &Waker, number: usize) {
        let state = &self.ports[number];
        if !state.is_idle() {
            // Whoever waited is a part of the same task, perhaps the dispatcher.
            self.find();
            if state.arrived().is_some() {
                return waker.wake_by_ref();
            }
        }
        if let Some(task) = P::executor().polled_with(&Context::from_waker(waker)) {
            state.let_task_wait(task);
        } else {
            self.wakers[number].set(Some(waker.clone()));
            state.let_waker_wait();
        }
    }

    #[inline(always)]
    fn number(&self, state: &PortState) -> usize {
        (ptr::from_ref(state).addr() - self.ports.as_ptr().addr()) / size_of::<PortState>()
    }

    /// Gives a port up. A message that has arrived is dropped.
    #[inline(always)]
    pub(crate) fn unbind(&self, state: &PortState) {
        if let Some(place) = state.arrived() {
            cold::call(Self::take_cold, self, &(), place.bits() as usize);
        }
        state.unbind();
    }

    #[cold]
    #[inline(never)]
    extern "C" fn take_cold(&self, _: &(), place: usize) {
        if let Some(place) = Place::from_bits(place as u64) {
            self.incoming.take_early(place);
        }
    }

    /// The message that was found at a place, and has not been taken.
    #[inline(always)]
    pub(crate) fn take(&self, place: Place) -> Message {
        Message::from_words(self.incoming.take_found(place))
    }

    /// Finds and takes the next message if it is to the port of a task that waits.
    #[inline(always)]
    pub(crate) fn pop(&self, state: &PortState) -> Option<Message> {
        let own = self.number(state);
        let message = self.incoming.pop_if(|header| message::port(header) == own)?;
        state.stop_waiting();
        Some(Message::from_words(message))
    }

    /// Sends a message, and wakes the peer if it is seen to sleep; [`Endpoint::run`] makes sure.
    #[inline(always)]
    pub(crate) fn send(&self, message: [u64; 5]) -> Result<(), Full> {
        if self.outgoing.send(message)? {
            self.way.wake_peer();
        }
        Ok(())
    }
}

/// A dispatcher for a process that has not run a task yet.
const ANY: TaskId = TaskId::new(TaskId::ALIGNMENT as u64).expect("aligned, and not 0");
