//! Futures within futures: a part that is woken wakes the task that it is a part of, and through a
//! combinator with wakers of its own, the part.

use executor::{Executor, yield_now};
use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    pin::{Pin, pin},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};
use task::SoftQueue;

type Small = Executor<SoftQueue<4>, 4, 256>;
type Trace = Rc<RefCell<Vec<&'static str>>>;
type Part = Pin<Box<dyn Future<Output = ()>>>;

fn executor() -> &'static Small {
    Box::leak(Box::new(Executor::new(SoftQueue::new())))
}

/// Something that happens once; whoever waits for it keeps the waker of its context.
#[derive(Default)]
struct Event {
    happened: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Event {
    fn happen(&self) {
        self.happened.set(true);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    async fn wait(&self) {
        poll_fn(|context| {
            self.waker.replace(Some(context.waker().clone()));
            if self.happened.get() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// The first of both that is done: 0 or 1.
async fn select(first: impl Future<Output = ()>, second: impl Future<Output = ()>) -> usize {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| {
        if first.as_mut().poll(context).is_ready() {
            return Poll::Ready(0);
        }
        second.as_mut().poll(context).map(|()| 1)
    })
    .await
}

/// The parts that were woken, as bits, and the task of which they are parts.
struct Woken {
    bits: AtomicU64,
    task: Waker,
}

struct PartWaker(usize, Arc<Woken>);

impl Wake for PartWaker {
    fn wake(self: Arc<Self>) {
        self.1.bits.fetch_or(1 << self.0, Ordering::Relaxed);
        self.1.task.wake_by_ref();
    }
}

/// Waits for all parts, and polls only those that were woken, each with a waker of its own.
async fn join(mut parts: Vec<Part>) {
    let mut woken: Option<Arc<Woken>> = None;
    let mut left = (1_u64 << parts.len()) - 1;
    poll_fn(move |context| {
        let all = AtomicU64::new(left);
        let woken = woken
            .get_or_insert_with(|| Arc::new(Woken { bits: all, task: context.waker().clone() }));
        let bits = woken.bits.swap(0, Ordering::Relaxed);
        for (index, part) in parts.iter_mut().enumerate() {
            let waker = Waker::from(Arc::new(PartWaker(index, woken.clone())));
            if (bits & left) >> index & 1 == 1
                && part.as_mut().poll(&mut Context::from_waker(&waker)).is_ready()
            {
                left &= !(1 << index);
            }
        }
        if left == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[test]
fn the_faster_of_two_wakes_the_task() {
    let executor = executor();
    let trace = Trace::default();
    let [slow, fast]: [Rc<Event>; 2] = Default::default();
    let (own, other) = (trace.clone(), fast.clone());
    let selects = executor.spawn(async move {
        own.borrow_mut().push("waits");
        let winner = select(slow.wait(), other.wait()).await;
        own.borrow_mut().push(["slow", "fast"][winner]);
    });
    let own = trace.clone();
    let happens = executor.spawn(async move {
        own.borrow_mut().push("happens");
        fast.happen();
    });
    assert!(selects.is_ok() && happens.is_ok());
    executor.run_until_idle();
    assert_eq!(*trace.borrow(), ["waits", "happens", "fast"]);
}

#[test]
fn yielding_competes_with_an_event() {
    let executor = executor();
    let trace = Trace::default();
    let event = Rc::new(Event::default());
    let (own, never) = (trace.clone(), event.clone());
    let task = executor.spawn(async move {
        let turns = async {
            for _ in 0..3 {
                own.borrow_mut().push("turn");
                yield_now(executor).await;
            }
        };
        assert_eq!(select(never.wait(), turns).await, 1);
        own.borrow_mut().push("timeout");
    });
    assert!(task.is_ok());
    executor.run_until_idle();
    assert_eq!(*trace.borrow(), ["turn", "turn", "turn", "timeout"]);
    // The waker of a task that has ended wakes nothing.
    event.happen();
    executor.run_until_idle();
}

#[test]
fn parts_with_wakers_of_their_own_are_woken() {
    let executor = executor();
    let trace = Trace::default();
    let event = Rc::new(Event::default());
    let (own, other, wakes) = (trace.clone(), trace.clone(), event.clone());
    let yields: Part = Box::pin(async move {
        own.borrow_mut().push("first");
        yield_now(executor).await;
        own.borrow_mut().push("again");
        event.happen();
    });
    let waits: Part = Box::pin(async move {
        wakes.wait().await;
        other.borrow_mut().push("event");
    });
    let own = trace.clone();
    let task = executor.spawn(async move {
        join(vec![yields, waits]).await;
        own.borrow_mut().push("joined");
    });
    assert!(task.is_ok());
    executor.run_until_idle();
    assert_eq!(*trace.borrow(), ["first", "again", "event", "joined"]);
}
