//! One side of the two rings.

use crate::{
    Consumer, Full, Message, Messages, PORTS, Port, Process, Producer, Way, message,
    place::PortState, process::Tasks as _,
};
use core::{
    cell::Cell,
    task::{Context, Waker},
};
use ring::Place;
use task::TaskId;

/// What the peer did wrong: its message to this port was dropped. There is no such port, nobody has
/// bound it, or it has a message already.
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
    outgoing: Producer,
    incoming: Consumer,
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
    /// only producer and the only consumer. No port is bound.
    pub fn new(way: P::Way, outgoing: &'static Messages, incoming: &'static Messages) -> Self {
        Self {
            way,
            outgoing: Producer::new(outgoing),
            incoming: Consumer::new(incoming),
            sleeps: Cell::new(0),
            stops: Cell::new(0),
            refused: Cell::new(0),
            ports: [const { PortState::new() }; PORTS],
            wakers: [const { Cell::new(None) }; PORTS],
        }
    }

    /// Port `number`, unless it is bound or there is none.
    pub fn bind(&'static self, number: u32) -> Option<Port<P>> {
        let state = self.ports.get(number as usize)?;
        state.bind().then(|| Port::new(self, state, number))
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

    #[inline(always)]
    pub(crate) fn incoming(&self) -> &Consumer {
        &self.incoming
    }

    /// Finds what has come, and wakes those for whom it is.
    #[inline(always)]
    fn find(&self) {
        self.incoming.find(|place, header| {
            if !self.arrive_for_task(place, header) {
                self.arrive(place, header);
            }
            true
        });
    }

    /// A message has been found: wakes the task that waits for it. `false`: none does.
    #[inline(always)]
    fn arrive_for_task(&self, place: Place, header: u64) -> bool {
        let state = self.ports.get(message::port(header) as usize);
        let task = state.and_then(|state| state.arrive_for_task(place));
        if let Some(task) = task {
            P::executor().wake(task);
        }
        task.is_some()
    }

    /// A message has been found for which no task waits.
    #[cold]
    #[inline(never)]
    fn arrive(&self, place: Place, header: u64) {
        let number = message::port(header);
        let state = self.ports.get(number as usize);
        match state.and_then(|state| state.arrive(place)) {
            Some(true) => {
                if let Some(waker) = self.wakers[number as usize].take() {
                    waker.wake();
                }
            }
            Some(false) => {}
            None => self.refuse(place, number),
        }
    }

    /// Lets a message to a port wake what `context` is of. Where somebody waits already, it first
    /// finds what has come; if a message to the port has, that one is woken.
    ///
    /// It is the only call of a coroutine that waits, and its last.
    #[cold]
    #[inline(never)]
    pub(crate) fn wait(&self, number: u32, context: &Context<'_>) {
        let state = &self.ports[number as usize];
        if !state.is_idle() {
            self.find();
            if state.has_arrived() {
                return;
            }
        }
        if let Some(task) = P::executor().polled_with(context) {
            state.let_task_wait(task);
        } else {
            self.wakers[number as usize].set(Some(context.waker().clone()));
            state.let_waker_wait();
        }
    }

    fn refuse(&self, place: Place, port: u32) {
        self.refused.set(port);
        self.stops.set(self.stops.get() | REFUSED);
        self.incoming.take_early(place);
    }

    /// The message that was found at a place, and has not been taken.
    #[inline(always)]
    pub(crate) fn take(&self, place: Place) -> Message {
        Message::from_words(self.incoming.take_found(place))
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
