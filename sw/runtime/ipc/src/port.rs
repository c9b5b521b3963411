//! Ports, and waiting for a message to one.

use crate::{
    Contents, Endpoint, Full, Message, Process, message, place::PortState, process::Tasks as _,
};
use core::{
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

/// What a coroutine sends from, and receives at. There is one of a number at a time.
pub struct Port<P: Process> {
    state: &'static PortState,
    /// Of a message to the peer's port, without its label.
    header: u64,
    process: PhantomData<P>,
}

impl<P: Process> Port<P> {
    pub(crate) fn new(state: &'static PortState, number: u32) -> Self {
        Self { state, header: message::header(number), process: PhantomData }
    }

    /// Of the process that has the port.
    #[inline(always)]
    pub fn endpoint(&self) -> &'static Endpoint<P> {
        P::endpoint()
    }

    #[inline(always)]
    pub fn number(&self) -> u32 {
        (self.header >> 32) as u32
    }

    /// Sends a message to the peer's port of the same number. `Full`: the peer has not taken so
    /// many others that there is no room, and this one is not sent.
    #[inline(always)]
    pub fn send(&self, label: u32, contents: Contents) -> Result<(), Full> {
        P::endpoint().send(Message { label, contents }.to(self.header))
    }

    /// Waits for a message to this port.
    #[inline(always)]
    pub fn receive(&mut self) -> Receive<'_, P> {
        Receive { state: self.state, waits: false, port: PhantomData }
    }
}

impl<P: Process> Drop for Port<P> {
    #[inline(always)]
    fn drop(&mut self) {
        P::endpoint().unbind(self.state);
    }
}

/// See [`Port::receive`].
#[must_use = "futures do nothing unless they are polled"]
pub struct Receive<'a, P: Process> {
    state: &'static PortState,
    /// Whether it has been polled.
    waits: bool,
    port: PhantomData<&'a mut Port<P>>,
}

impl<P: Process> Future for Receive<'_, P> {
    type Output = Message;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Message> {
        let (endpoint, state) = (P::endpoint(), self.state);
        if !self.waits {
            // What has arrived already is taken by the next poll: so this one ends here, and a
            // coroutine that receives in a loop is no loop to the compiler.
            self.waits = true;
            match P::executor().polled_with(context) {
                Some(task) if state.arrived().is_none() => state.let_task_wait(task),
                _ => endpoint.wait(state, context),
            }
            return Poll::Pending;
        }
        if let Some(place) = state.arrived() {
            state.stop_waiting();
            return Poll::Ready(endpoint.take(place));
        }
        let own = P::executor().polled_with(context);
        if own.is_some() && own == state.waits() {
            // A task that is woken without a message is the dispatcher, as a rule: it looks into the
            // ring. The first message is its own, as a rule, if there is but one.
            let message = endpoint.pop(state);
            if message.is_none() {
                endpoint.find();
            }
            return message.map_or(Poll::Pending, Poll::Ready);
        }
        endpoint.wait(state, context);
        Poll::Pending
    }
}
