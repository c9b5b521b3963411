//! One side of the two rings.

use crate::{
    Consumer, Full, Message, Messages, PORTS, Port, Process, Producer, Way, message,
    place::PortPlace, process::Tasks as _,
};
use core::{cell::Cell, task::Context};
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
    ports: [PortPlace; PORTS],
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
            ports: [const { PortPlace::new() }; PORTS],
        }
    }

    /// Port `number`, unless it is bound or there is none.
    pub fn bind(&'static self, number: u32) -> Option<Port<P>> {
        let place = self.ports.get(number as usize)?;
        place.bind().then(|| Port::new(self, place, number))
    }

    /// Runs the coroutines until one of them says that all is done, or the peer has sent what was
    /// refused. After that it may be called again: nothing else is lost.
    pub fn run(&'static self) -> Result<(), Fault> {
        P::executor().run(|last| self.next(last));
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
            let number = message::port(header);
            let port = self.ports.get(number as usize);
            if !port.is_some_and(|port| port.arrive::<P>(place)) {
                self.refuse(place, number);
            }
            true
        });
    }

    /// The same for a task that waits at `port` and has found no message to it first. Apart from the
    /// coroutine, which would keep more in registers otherwise.
    #[inline(never)]
    pub(crate) fn find_for_others(&self, port: &PortPlace, context: &Context<'_>) {
        self.find();
        // If one has arrived now, the task is ready.
        if !port.has_arrived() {
            port.wait::<P>(context);
        }
    }

    #[cold]
    #[inline(never)]
    fn refuse(&self, place: Place, port: u32) {
        self.refused.set(port);
        self.stops.set(self.stops.get() | REFUSED);
        self.incoming.take_early(place);
    }

    /// The message that was found at a place.
    #[inline(always)]
    pub(crate) fn take(&self, place: Place) -> Option<Message> {
        let words = match self.incoming.take(place) {
            Some(words) => words,
            None => self.incoming.take_early(place)?,
        };
        Some(Message::from_words(words))
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
