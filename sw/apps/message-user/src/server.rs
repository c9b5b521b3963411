//! The server.

use crate::{
    SERVER,
    counters::Counters,
    endpoint::{CALLERS, Endpoint},
    message::{Contents, Label, compose, label},
    ways::Way,
};

/// Answers until it is told to stop.
pub fn serve<W: Way>() {
    let endpoint = Endpoint::<W>::open(SERVER);
    for _ in 0..CALLERS {
        assert!(W::executor().spawn(answer(endpoint)).is_ok());
    }
    endpoint.run();
}

async fn answer<W: Way>(endpoint: &'static Endpoint<W>) {
    let own = W::executor().current().index();
    loop {
        let request = endpoint.receive(own).await;
        let [_, a, b, c, d] = request;
        let label = label(&request);
        let reply: Contents = match label {
            Label::Add => [a + 1, b + 1, c + 1, d + 1],
            Label::Count => {
                let counters = Counters::read(endpoint.wakes());
                [counters.traps, counters.user_interrupts, counters.wakes, 0]
            }
            Label::Stop => {
                endpoint.end();
                [0; 4]
            }
        };
        let reply = compose(own, label, reply);
        if endpoint.try_send(reply).is_err() {
            endpoint.send(reply).await;
        }
    }
}
