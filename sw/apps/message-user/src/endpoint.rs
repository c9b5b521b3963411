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
    future::{Future, poll_fn},
    task::Poll,
};
use executor::{TaskId, yield_now};
use ring::Full;

/// Coroutines of a process: the dispatcher in slot 0, those that call or answer behind it.
pub const SLOTS: usize = 64;
/// Bytes of a coroutine.
pub const BYTES: usize = 192;
/// Coroutines that call at most, and that answer.
pub const CALLERS: usize = 32;

pub const DISPATCHER: TaskId = TaskId::new(0);

/// Of one process, while one way is used.
pub struct Endpoint<W: Way> {
    pub way: W,
    outgoing: Producer,
    incoming: Consumer,
    mailboxes: [Mailbox; 1 + CALLERS],
    wakes: Cell<u64>,
    done: Cell<bool>,
}

impl<W: Way> Endpoint<W> {
    /// The side of process `role`, with a dispatcher and nothing else to do.
    pub fn open(role: usize) -> &'static Self {
        let (peer, outgoing, incoming) = match role {
            CLIENT => (SERVER, requests(), replies()),
            _ => (CLIENT, replies(), requests()),
        };
        let endpoint = W::place().get_or_init(|| Self {
            way: W::open(role, peer),
            outgoing: Producer::new(outgoing),
            incoming: Consumer::new(incoming),
            mailboxes: array::from_fn(|_| Mailbox::EMPTY),
            wakes: Cell::new(0),
            done: Cell::new(false),
        });
        let dispatcher = W::executor().spawn(endpoint.dispatch());
        assert!(dispatcher.is_ok_and(|task| task == DISPATCHER));
        endpoint
    }

    /// Runs the coroutines until one of them says that all is done.
    pub fn run(&'static self) {
        self.done.set(false);
        loop {
            W::executor().run_until_idle();
            if self.done.get() {
                break;
            }
            self.way.idle();
        }
    }

    /// Ends [`Endpoint::run`] when no coroutine is ready.
    pub fn end(&self) {
        self.done.set(true);
    }

    /// Wake-ups sent so far.
    pub fn wakes(&self) -> u64 {
        self.wakes.get()
    }

    /// The dispatcher: takes messages as they come, and makes those ready for whom they are. It
    /// sleeps only after all others had their turn and nothing has come meanwhile.
    fn dispatch(&'static self) -> impl Future<Output = ()> {
        poll_fn(|_| {
            loop {
                if self.incoming.drain(|message| self.deliver(message)) != 0 {
                    W::executor().wake(DISPATCHER);
                    return Poll::Pending;
                }
                if self.incoming.sleep() {
                    return Poll::Pending;
                }
            }
        })
    }

    #[inline(always)]
    fn deliver(&self, message: Message) {
        if let Some(mailbox) = self.mailboxes.get(owner(&message)) {
            mailbox.put(message);
            W::executor().wake(TaskId::new(owner(&message)));
        }
    }

    /// Sends a message, and wakes the peer if it sleeps.
    #[inline(always)]
    pub fn try_send(&self, message: Message) -> Result<(), Full> {
        self.outgoing.push(message)?;
        if self.outgoing.must_wake() {
            self.wakes.set(self.wakes.get() + 1);
            self.way.wake_peer();
        }
        Ok(())
    }

    /// The same where the ring was full.
    pub async fn send(&'static self, message: Message) {
        while self.try_send(message).is_err() {
            yield_now(W::executor()).await;
        }
    }

    /// Waits for a message to coroutine `owner`, which the caller is.
    #[inline(always)]
    pub fn receive(&'static self, owner: usize) -> impl Future<Output = Message> {
        let mailbox = &self.mailboxes[owner];
        poll_fn(move |_| mailbox.take().map_or(Poll::Pending, Poll::Ready))
    }
}
