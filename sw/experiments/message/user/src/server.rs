//! The server.

use crate::{
    SERVER,
    counters::Counters,
    endpoint::{Endpoint, SLOTS},
    message::{Label, Message, compose, label},
    ways::Way,
};
use executor::TaskId;

/// Answers until it is told to stop.
pub fn serve<W: Way>() {
    let endpoint = Endpoint::<W>::open(SERVER);
    for _ in 0..SLOTS {
        assert!(W::executor().spawn(answer(endpoint)).is_ok());
    }
    endpoint.run();
}

async fn answer<W: Way>(endpoint: &'static Endpoint<W>) {
    let own = W::executor().current();
    loop {
        let request = endpoint.receive().await;
        endpoint.send(reply_to(endpoint, own, request));
    }
}

#[inline(always)]
fn reply_to<W: Way>(endpoint: &Endpoint<W>, own: TaskId, request: Message) -> Message {
    let [_, a, b, c, d] = request;
    let label = label(&request);
    let contents = if label == Label::Add {
        [a + 1, b + 1, c + 1, d + 1]
    } else if label == Label::Count {
        let counters = Counters::read(endpoint.sleeps());
        [counters.traps, counters.user_interrupts, counters.wakes, 0]
    } else {
        endpoint.end();
        [0; 4]
    };
    compose(own, label, contents)
}
