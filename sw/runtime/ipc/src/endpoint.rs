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

/// How often a process looks into an empty ring before it sleeps, if a message is likely to come: a
/// few cycles each, together more than a wake-up and a message take.
const LOOKS: usize = 256;

/// How often it does so after several messages were on their way at once.
const SEVERAL: u32 = 64;

/// A process's side, while one way is used.
#[repr(C)]
pub struct Endpoint<P: Process> {
    way: P::Way,
    outgoing: Producer<P::Outgoing>,
    incoming: Consumer<P::Incoming>,
    sleeps: Cell<u64>,
    /// Whether the peer was woken since this process looked for messages last.
    woke: Cell<bool>,
    /// How often it is still likely that more messages are on their way, as several were.
    several: Cell<u32>,
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
            woke: Cell::new(false),
            several: Cell::new(0),
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
                self.wake_peer();
            }
            if !self.incoming.is_empty() {
                // It came while the process was at work: the peer has more than one caller.
                self.several.set(SEVERAL);
            } else if let Some(ready) = self.await_message(last) {
                return Some(ready);
            }
            self.find();
            let ready = P::executor().dequeue();
            if ready.is_some() {
                return ready;
            }
        }
        None
    }

    /// The ring was empty: looks for a while if a message is likely to come, and sleeps if none has
    /// come then. Tells who is ready after that, if not only the ring tells.
    #[inline(never)]
    fn await_message(&self, last: Option<TaskId>) -> Option<TaskId> {
        if self.woke.replace(false) {
            if self.look() {
                return self.find_one();
            }
        } else if self.several.get() != 0 {
            self.several.set(self.several.get() - 1);
            if self.look() {
                return None;
            }
        }
        if !self.incoming.sleep() {
            return None;
        }
        self.sleeps.set(self.sleeps.get() + 1);
        self.several.set(0);
        Some(self.way.sleep(last.unwrap_or(ANY)))
    }

    /// Looks for a message for a while; whether there is one.
    #[inline(always)]
    fn look(&self) -> bool {
        (0..LOOKS).any(|_| !self.incoming.is_empty())
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

    /// Finds the next message; the task for which it is, if one waits.
    #[inline(always)]
    fn find_one(&self) -> Option<TaskId> {
        let mut ready = None;
        self.incoming.find(|place, header| {
            ready = self.ports[message::port(header)].arrive_for_task(place);
            if ready.is_none() {
                cold::call(Self::arrive, self, &(), place.bits() as usize);
            }
            false
        });
        ready
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
            self.wake_peer();
        }
        Ok(())
    }

    #[inline(always)]
    fn wake_peer(&self) {
        self.woke.set(true);
        self.way.wake_peer();
    }
}

/// A dispatcher for a process that has not run a task yet.
const ANY: TaskId = TaskId::new(TaskId::ALIGNMENT as u64).expect("aligned, and not 0");
