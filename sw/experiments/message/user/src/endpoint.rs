//! One side of the two rings: what client and server have in common.

use crate::{
    CLIENT, SERVER,
    message::{Message, owner},
    shared::{Consumer, Producer, replies, requests},
    ways::Way,
};
use core::{
    cell::Cell,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use executor::TaskId;
use ring::{Full, Place};

/// Coroutines of a process: those that call or answer.
pub const SLOTS: usize = 32;
/// Bytes of a coroutine.
pub const BYTES: usize = 48;

/// Of one process, while one way is used.
#[repr(C)]
pub struct Endpoint<W: Way> {
    way: W,
    outgoing: Producer,
    incoming: Consumer,
    sleeps: Cell<u64>,
    done: Cell<bool>,
}

impl<W: Way> Endpoint<W> {
    /// The side of process `role`, with nothing to do.
    pub fn open(role: usize) -> &'static Self {
        let (peer, outgoing, incoming) = match role {
            CLIENT => (SERVER, requests(), replies()),
            _ => (CLIENT, replies(), requests()),
        };
        W::place().get_or_init(|| Self {
            way: W::open(role, peer),
            outgoing: Producer::new(outgoing),
            incoming: Consumer::new(incoming),
            sleeps: Cell::new(0),
            done: Cell::new(false),
        })
    }

    /// Runs the coroutines until one of them says that all is done.
    pub fn run(&'static self) {
        self.done.set(false);
        W::executor().run(|| self.next());
    }

    /// When no coroutine is ready: sleeps if nothing comes, and tells who is ready then. The
    /// dispatcher, which is woken and takes messages out of the ring, is the coroutine that ran last.
    #[inline(always)]
    fn next(&self) -> Option<TaskId> {
        while !self.done.get() {
            if self.outgoing.must_wake() {
                self.way.wake_peer();
            }
            if self.incoming.is_empty() && self.incoming.sleep() {
                self.sleeps.set(self.sleeps.get() + 1);
                return Some(self.way.sleep(W::executor().current().with_argument(0)));
            }
            self.incoming.find(|place, first| self.deliver(place, first));
            let ready = W::executor().dequeue();
            if ready.is_some() {
                return ready;
            }
        }
        None
    }

    /// Ends [`Endpoint::run`] when no coroutine is ready.
    pub fn end(&self) {
        self.done.set(true);
    }

    /// How often the process has slept so far: as often as it was woken.
    pub fn sleeps(&self) -> u64 {
        self.sleeps.get()
    }

    /// Makes the coroutine ready whose message, with this first word, has been found.
    #[inline(always)]
    fn deliver(&self, place: Place, first: u64) -> bool {
        if let Some(owner) = owner(first) {
            W::executor().call(owner, place.bits());
        }
        true
    }

    /// Sends a message, and wakes the peer if it is seen to sleep; [`Endpoint::run`] makes sure.
    /// There is room: a ring has a place for each coroutine, which has one message under way.
    #[inline(always)]
    pub fn send(&self, message: Message) {
        match self.outgoing.send(message) {
            Ok(true) => self.way.wake_peer(),
            Ok(false) => {}
            Err(Full) => panic!("more messages than coroutines"),
        }
    }

    /// Waits for a message to the calling coroutine.
    #[inline(always)]
    pub fn receive(&'static self) -> Receive<W> {
        Receive { endpoint: self, waits: false }
    }
}

/// See [`Endpoint::receive`].
pub struct Receive<W: Way> {
    endpoint: &'static Endpoint<W>,
    waits: bool,
}

impl<W: Way> Future for Receive<W> {
    type Output = Message;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, _context: &mut Context) -> Poll<Message> {
        if !self.waits {
            self.waits = true;
            return Poll::Pending;
        }
        let incoming = &self.endpoint.incoming;
        if let Some(place) = Place::from_bits(W::executor().argument()) {
            return incoming.take(place).map_or(Poll::Pending, Poll::Ready);
        }
        // The dispatcher: looks into the ring. The first message is its own, as a rule, if there is
        // but one.
        let own = W::executor().current().name();
        let message = incoming.pop_if(|first| owner(first).is_some_and(|task| task.name() == own));
        if message.is_none() {
            incoming.find(|place, first| self.endpoint.deliver(place, first));
        }
        message.map_or(Poll::Pending, Poll::Ready)
    }
}
