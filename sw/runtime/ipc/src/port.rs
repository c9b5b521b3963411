//! Ports, and waiting for a message to one.

use crate::{
    Contents, Endpoint, Full, Message, Process, message, place::PortState, process::Tasks as _,
};
use core::{
    pin::Pin,
    task::{Context, Poll},
};

/// What a coroutine sends from, and receives at. There is one of a number at a time.
pub struct Port<P: Process> {
    endpoint: &'static Endpoint<P>,
    state: &'static PortState,
    number: u32,
}

impl<P: Process> Port<P> {
    pub(crate) fn new(
        endpoint: &'static Endpoint<P>,
        state: &'static PortState,
        number: u32,
    ) -> Self {
        Self { endpoint, state, number }
    }

    /// Of the process that has the port.
    #[inline(always)]
    pub fn endpoint(&self) -> &'static Endpoint<P> {
        self.endpoint
    }

    #[inline(always)]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Sends a message to the peer's port of the same number. `Full`: the peer has not taken so
    /// many others that there is no room, and this one is not sent.
    #[inline(always)]
    pub fn send(&self, label: u32, contents: Contents) -> Result<(), Full> {
        self.endpoint.send(Message { label, contents }.to(self.number))
    }

    /// Waits for a message to this port.
    #[inline(always)]
    pub fn receive(&mut self) -> Receive<'_, P> {
        Receive { port: self }
    }
}

impl<P: Process> Drop for Port<P> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(arrived) = self.state.unbind() {
            self.endpoint.take(arrived);
        }
    }
}

/// See [`Port::receive`].
#[must_use = "futures do nothing unless they are polled"]
pub struct Receive<'a, P: Process> {
    port: &'a mut Port<P>,
}

impl<P: Process> Future for Receive<'_, P> {
    type Output = Message;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Message> {
        let Port { endpoint, state, number } = &*self.port;
        if state.is_idle() {
            if let Some(task) = P::executor().polled_with(context) {
                state.let_task_wait(task);
                return Poll::Pending;
            }
        } else if let Some(place) = state.take_arrived() {
            return Poll::Ready(endpoint.take(place));
        } else if let Some(message) =
            // A task that is woken without a message is the dispatcher, as a rule: it looks into the
            // ring. The first message is its own, as a rule, if there is but one.
            endpoint.incoming().pop_if(|it| message::port(it) == *number)
        {
            state.stop_waiting();
            return Poll::Ready(Message::from_words(message));
        }
        endpoint.wait(*number, context);
        Poll::Pending
    }
}
