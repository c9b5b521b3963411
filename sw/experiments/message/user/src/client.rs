//! The client: what is measured.

use crate::{
    CLIENT,
    counters::Counters,
    endpoint::{Endpoint, SLOTS},
    message::{Contents, Label, Message, compose},
    own_thread::OwnThread,
    ways::Way,
};
use core::cell::Cell;
use executor::TaskId;
use hal::{csr, soc::csr as number};
use metric::Samples;

/// Samples at concurrency 1; at others there are as many calls, or [`LEAST`] samples.
const SAMPLES: usize = 1000;
const LEAST: usize = 64;
/// Samples before those that count.
const WARM_UP: usize = 16;

/// Coroutines that call at the same time.
const CONCURRENCY: [usize; 6] = [1, 2, 4, 8, 16, SLOTS];

/// What the calling coroutines do together.
struct Work {
    /// Coroutines that call.
    callers: Cell<usize>,
    concurrency: Cell<usize>,
    /// Samples to be taken, those that have been, and the cycles in which they ended.
    wanted: Cell<usize>,
    taken: Cell<usize>,
    ends: [Cell<usize>; WARM_UP + SAMPLES],
    counted: Cell<Counters>,
}

static WORK: OwnThread<Work> = OwnThread(Work {
    callers: Cell::new(0),
    concurrency: Cell::new(0),
    wanted: Cell::new(0),
    taken: Cell::new(0),
    ends: [const { Cell::new(0) }; WARM_UP + SAMPLES],
    counted: Cell::new(Counters::NONE),
});

/// Measures and reports one way, at every concurrency.
pub fn measure<W: Way>() {
    let endpoint = Endpoint::<W>::open(CLIENT);
    for concurrency in CONCURRENCY {
        let before = count(endpoint);
        WORK.start(concurrency);
        for _ in 0..concurrency {
            assert!(W::executor().spawn(call(endpoint)).is_ok());
        }
        endpoint.run();
        let events = count(endpoint) - before;
        let report = WORK.samples().report("message.round_trip", "");
        user::println!("{report} mode={} concurrency={concurrency}", W::NAME);
        let report = WORK.mean().report("message.mean", "");
        user::println!("{report} mode={} concurrency={concurrency}", W::NAME);
        for (name, events) in [
            ("traps", events.traps),
            ("user_interrupts", events.user_interrupts),
            ("wakes", events.wakes),
        ] {
            // The request for the counters is one more.
            let messages = (WORK.wanted.get() * concurrency + 1) as u64;
            let [whole, rest] = [events / messages, events % messages * 10_000 / messages];
            user::println!(
                "metric message.{name} count {whole}.{rest:04} {whole}.{rest:04} {messages} \
                mode={} concurrency={concurrency}",
                W::NAME
            );
        }
    }
    assert!(W::executor().spawn(stop(endpoint)).is_ok());
    endpoint.run();
}

impl Work {
    fn start(&self, concurrency: usize) {
        self.callers.set(concurrency);
        self.concurrency.set(concurrency);
        self.wanted.set(WARM_UP + LEAST.max(SAMPLES / concurrency));
        self.taken.set(0);
    }

    /// A call of coroutine `own` has ended: of the first one's, the cycle is noted. All have the same
    /// number of calls, so between two of them as many end as there are coroutines.
    #[inline(always)]
    fn ended(&self, own: TaskId) {
        if own == TaskId::new(0) {
            let taken = self.taken.get();
            self.taken.set(taken + 1);
            if let Some(end) = self.ends.get(taken) {
                end.set(csr::read::<{ number::CYCLE }>());
            }
        }
    }

    /// The samples, without those at the beginning.
    fn samples(&self) -> Samples<SAMPLES> {
        let mut samples = Samples::new();
        for pair in self.ends[WARM_UP - 1..self.wanted.get()].windows(2) {
            samples.push(rounded(pair[1].get() - pair[0].get(), self.concurrency.get()));
        }
        samples
    }

    /// All of their time, divided by all of their calls, as one sample.
    fn mean(&self) -> Samples<1> {
        let last = self.wanted.get() - 1;
        let cycles = self.ends[last].get() - self.ends[WARM_UP - 1].get();
        let mut mean = Samples::new();
        mean.push(rounded(cycles, (last + 1 - WARM_UP) * self.concurrency.get()));
        mean
    }
}

fn rounded(cycles: usize, calls: usize) -> i64 {
    ((cycles + calls / 2) / calls) as i64
}

/// Calls the server once for each sample.
#[expect(clippy::manual_async_fn, reason = "an async function keeps its argument twice")]
fn call<W: Way>(endpoint: &'static Endpoint<W>) -> impl Future<Output = ()> {
    async move {
        let own = W::executor().current();
        let mut number = WORK.wanted.get() as u64;
        endpoint.send(request(own, number));
        loop {
            let reply = endpoint.receive().await;
            let left = number - 1;
            check(reply, own, number);
            number = left;
            WORK.ended(own);
            if left == 0 {
                break;
            }
            endpoint.send(request(own, left));
        }
        WORK.callers.set(WORK.callers.get() - 1);
        if WORK.callers.get() == 0 {
            endpoint.end();
        }
    }
}

#[inline(always)]
fn request(own: TaskId, number: u64) -> Message {
    compose(own, Label::Add, contents(own, number))
}

#[inline(always)]
fn contents(own: TaskId, number: u64) -> Contents {
    [number, own.word(), number + 2, number + 3]
}

#[inline(always)]
fn check(reply: Message, own: TaskId, number: u64) {
    let [_, reply @ ..] = reply;
    let sent = contents(own, number);
    let sum = |contents: Contents| contents.into_iter().fold(0, u64::wrapping_add);
    assert!(sum(reply) == sum(sent) + sent.len() as u64, "not the reply to this message");
}

/// What both harts have counted so far.
fn count<W: Way>(endpoint: &'static Endpoint<W>) -> Counters {
    let request = async {
        let owner = W::executor().current().with_argument(0);
        endpoint.send(compose(owner, Label::Count, [0; 4]));
        let [_, traps, user_interrupts, wakes, _] = endpoint.receive().await;
        WORK.counted.set(Counters { traps, user_interrupts, wakes });
        endpoint.end();
    };
    assert!(W::executor().spawn(request).is_ok());
    endpoint.run();
    WORK.counted.get() + Counters::read(endpoint.sleeps())
}

/// Ends the server's part.
async fn stop<W: Way>(endpoint: &'static Endpoint<W>) {
    let owner = W::executor().current().with_argument(0);
    endpoint.send(compose(owner, Label::Stop, [0; 4]));
    endpoint.receive().await;
    endpoint.end();
}
