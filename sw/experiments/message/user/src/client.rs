//! The client: what is measured.

use crate::{counters::Counters, processes::Measured, protocol::Label};
use core::cell::Cell;
use hal::{csr, soc::csr as number};
use ipc::{Contents, Endpoint, Full, PORTS, Port};
use metric::Samples;
use rt::OwnThread;

/// Samples at concurrency 1; at others there are as many calls, or [`LEAST`] samples.
const SAMPLES: usize = 1000;
const LEAST: usize = 64;
/// Samples before those that count.
const WARM_UP: usize = 16;

/// Coroutines that call at the same time.
const CONCURRENCY: [usize; 6] = [1, 2, 4, 8, 16, PORTS];

/// What the calling coroutines do together.
struct Work {
    /// Coroutines that call.
    callers: Cell<usize>,
    concurrency: Cell<usize>,
    /// Samples to be taken, those that have been, and the cycles in which they ended.
    wanted: Cell<usize>,
    taken: Cell<usize>,
    ends: [Cell<usize>; WARM_UP + SAMPLES],
}

static WORK: OwnThread<Work> = OwnThread(Work {
    callers: Cell::new(0),
    concurrency: Cell::new(0),
    wanted: Cell::new(0),
    taken: Cell::new(0),
    ends: [const { Cell::new(0) }; WARM_UP + SAMPLES],
});

/// Measures and reports one way, at every concurrency.
pub fn measure<P: Measured>() {
    P::open();
    let endpoint = P::endpoint();
    for concurrency in CONCURRENCY {
        let before = count(endpoint);
        WORK.start(concurrency);
        for number in 0..concurrency {
            assert!(P::coroutines().spawn(call(bind(endpoint, number))).is_ok());
        }
        run(endpoint);
        let events = count(endpoint) - before;
        let report = WORK.samples().report("message.round_trip", "");
        rt::println!("{report} mode={} concurrency={concurrency}", P::NAME);
        let report = WORK.mean().report("message.mean", "");
        rt::println!("{report} mode={} concurrency={concurrency}", P::NAME);
        for (name, events) in [
            ("traps", events.traps),
            ("user_interrupts", events.user_interrupts),
            ("wakes", events.wakes),
        ] {
            // The request for the counters is one more.
            let messages = (WORK.wanted.get() * concurrency + 1) as u64;
            let [whole, rest] = [events / messages, events % messages * 10_000 / messages];
            rt::println!(
                "metric message.{name} count {whole}.{rest:04} {whole}.{rest:04} {messages} \
                mode={} concurrency={concurrency}",
                P::NAME
            );
        }
    }
    ask(endpoint, Label::Stop);
}

fn bind<P: Measured>(endpoint: &'static Endpoint<P>, number: usize) -> Port<P> {
    endpoint.bind(number as u32).expect("it is free")
}

fn run<P: Measured>(endpoint: &'static Endpoint<P>) {
    assert_eq!(endpoint.run(), Ok(()), "the server sends what is no reply");
}

impl Work {
    fn start(&self, concurrency: usize) {
        self.callers.set(concurrency);
        self.concurrency.set(concurrency);
        self.wanted.set(WARM_UP + LEAST.max(SAMPLES / concurrency));
        self.taken.set(0);
    }

    /// A call from port `own` has ended: of the first one's, the cycle is noted. All have the same
    /// number of calls, so between two of them as many end as there are coroutines.
    #[inline(always)]
    fn ended(&self, own: u32) {
        if own == 0 {
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
#[expect(clippy::manual_async_fn, reason = "an async function keeps its arguments twice")]
fn call<P: Measured>(mut port: Port<P>) -> impl Future<Output = ()> {
    async move {
        let mut number = WORK.wanted.get() as u64;
        request(&port, number);
        loop {
            let reply = port.receive().await;
            let left = number - 1;
            check(reply.contents, port.number(), number);
            number = left;
            WORK.ended(port.number());
            if left == 0 {
                break;
            }
            request(&port, left);
        }
        WORK.callers.set(WORK.callers.get() - 1);
        if WORK.callers.get() == 0 {
            port.endpoint().end();
        }
    }
}

#[inline(always)]
fn request<P: Measured>(port: &Port<P>, number: u64) {
    let sent = port.send(Label::Add as u32, contents(port.number(), number));
    if sent == Err(Full) {
        panic!("a ring has a place for each port");
    }
}

#[inline(always)]
fn contents(own: u32, number: u64) -> Contents {
    [number, own.into(), number + 2, number + 3]
}

#[inline(always)]
fn check(reply: Contents, own: u32, number: u64) {
    let sent = contents(own, number);
    let sum = |contents: Contents| contents.into_iter().fold(0, u64::wrapping_add);
    assert!(sum(reply) == sum(sent) + sent.len() as u64, "not the reply to this message");
}

/// What both harts have counted so far.
fn count<P: Measured>(endpoint: &'static Endpoint<P>) -> Counters {
    let [traps, user_interrupts, wakes, _] = ask(endpoint, Label::Count);
    Counters { traps, user_interrupts, wakes } + Counters::read(endpoint.sleeps())
}

/// One call without arguments; the reply.
fn ask<P: Measured>(endpoint: &'static Endpoint<P>, label: Label) -> Contents {
    static REPLY: OwnThread<Cell<Contents>> = OwnThread(Cell::new([0; 4]));
    let mut port = bind(endpoint, 0);
    let asks = async move {
        port.send(label as u32, [0; 4]).expect("the ring is empty");
        REPLY.set(port.receive().await.contents);
        port.endpoint().end();
    };
    assert!(P::coroutines().spawn(asks).is_ok());
    run(endpoint);
    REPLY.get()
}
