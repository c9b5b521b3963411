//! The server.

use crate::{counters::Counters, processes::Measured, protocol::Label};
use ipc::{Contents, Endpoint, Full, Message, PORTS, Port};

/// Answers until it is told to stop.
pub fn serve<P: Measured>() {
    P::open();
    let endpoint = P::endpoint();
    for number in 0..PORTS as u32 {
        let port = endpoint.bind(number).expect("it is free");
        assert!(P::coroutines().spawn(answer(port)).is_ok());
    }
    assert_eq!(endpoint.run(), Ok(()), "the client sends what is no request");
}

#[expect(clippy::manual_async_fn, reason = "an async function keeps its arguments twice")]
fn answer<P: Measured>(mut port: Port<P>) -> impl Future<Output = ()> {
    async move {
        loop {
            let request = port.receive().await;
            let contents = reply_to(port.endpoint(), request);
            if port.send(request.label, contents) == Err(Full) {
                panic!("a ring has a place for each port");
            }
        }
    }
}

#[inline(always)]
fn reply_to<P: Measured>(endpoint: &Endpoint<P>, request: Message) -> Contents {
    match Label::from_number(request.label).expect("the client sends requests") {
        Label::Add => request.contents.map(|number| number + 1),
        Label::Count => {
            let counters = Counters::read(endpoint.sleeps());
            [counters.traps, counters.user_interrupts, counters.wakes, 0]
        }
        Label::Stop => {
            endpoint.end();
            [0; 4]
        }
    }
}
