//! One side of the two rings: what client and server have in common.

use crate::{
    CLIENT, SERVER,
    mailbox::Mailbox,
    message::{Message, owner},
    shared::{Consumer, Producer, replies, requests},
    ways::Way,
};
use core::{
    array,
    cell::Cell,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use executor::TaskId;

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
    mailboxes: [Mailbox; SLOTS],
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
            mailboxes: array::from_fn(|_| Mailbox::new()),
        })
    }

    /// Runs the coroutines until one of them says that all is done.
    pub fn run(&'static self) {
        self.done.set(false);
        loop {
            W::executor().run_until_idle();
            if self.done.get() {
                break;
            }
            if self.outgoing.must_wake() {
                self.way.wake_peer();
            }
            // Nobody has anything to do: sleeps, if nothing has come meanwhile. The dispatcher, which
            // is woken and takes messages out of the ring, is the coroutine that ran last.
            if self.incoming.is_empty() && self.incoming.sleep() {
                self.sleeps.set(self.sleeps.get() + 1);
                self.way.sleep(W::executor().current());
            }
            while let Some(message) = self.incoming.pop() {
                self.deliver(message);
            }
        }
    }

    /// Ends [`Endpoint::run`] when no coroutine is ready.
    pub fn end(&self) {
        self.done.set(true);
    }

    /// How often the process has slept so far: as often as it was woken.
    pub fn sleeps(&self) -> u64 {
        self.sleeps.get()
    }

    /// Leaves a message to the coroutine whose it is, and makes that ready.
    #[inline(always)]
    fn deliver(&self, message: Message) {
        if let Some(mailbox) = self.mailboxes.get(owner(&message)) {
            mailbox.put(message);
            W::executor().wake(TaskId::new(owner(&message)));
        }
    }

    /// Sends a message, and wakes the peer if it is seen to sleep; [`Endpoint::run`] makes sure. There is room: a ring has a place for each
    /// coroutine, which has one message under way.
    #[inline(always)]
    pub fn send(&self, message: Message) {
        assert!(self.outgoing.push(message).is_ok(), "more messages than coroutines");
        if self.outgoing.may_wake() {
            self.way.wake_peer();
        }
    }

    /// Waits for a message to coroutine `own`, which the caller is.
    #[inline(always)]
    pub fn receive(&'static self, own: usize) -> Receive<W> {
        Receive { endpoint: self, own: own as u32, waits: false }
    }
}

/// See [`Endpoint::receive`].
pub struct Receive<W: Way> {
    endpoint: &'static Endpoint<W>,
    own: u32,
    waits: bool,
}

impl<W: Way> Future for Receive<W> {
    type Output = Message;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, _context: &mut Context) -> Poll<Message> {
        let Self { endpoint, own, waits } = *self;
        let own = own as usize;
        if !waits {
            self.waits = true;
            return Poll::Pending;
        }
        if let Some(message) = endpoint.mailboxes[own].take() {
            return Poll::Ready(message);
        }
        // The dispatcher: looks into the ring.
        while let Some(message) = endpoint.incoming.pop() {
            if owner(&message) == own {
                return Poll::Ready(message);
            }
            endpoint.deliver(message);
        }
        Poll::Pending
    }
}
