//! Ports against a peer that does what each test lets it do while this side sleeps.

use executor::{Executor, yield_now};
use ipc::{Endpoint, Fault, Full, Message, Messages, PORTS, Port, Process, Way};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::poll_fn,
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};
use task::{SoftQueue, TaskId};

type Coroutines = Executor<SoftQueue<64>, 8, 256>;
type ToPeer = ring::Producer<&'static Messages, 5, PORTS>;
type Step = Box<dyn FnOnce(&ToPeer)>;
type Trace = Rc<RefCell<Vec<(&'static str, u64)>>>;

/// What the peer does, one step for each sleep.
struct Script(RefCell<VecDeque<Step>>, ToPeer);

impl Way for Script {
    fn wake_peer(&self) {}

    fn sleep(&self, dispatcher: TaskId) -> TaskId {
        let step = self.0.borrow_mut().pop_front();
        step.expect("this side sleeps, and the peer has nothing left to do")(&self.1);
        dispatcher
    }
}

/// The process of a test, which has a thread of its own.
struct Test;

thread_local! {
    static EXECUTOR: &'static Coroutines = Box::leak(Box::new(Executor::new(SoftQueue::new())));
    static ENDPOINT: Cell<Option<&'static Endpoint<Test>>> = const { Cell::new(None) };
}

impl Process for Test {
    type Way = Script;
    type Outgoing = &'static Messages;
    type Incoming = &'static Messages;

    fn executor() -> &'static impl ipc::Tasks {
        coroutines()
    }

    fn endpoint() -> &'static Endpoint<Self> {
        ENDPOINT.get().expect("it is open")
    }
}

fn coroutines() -> &'static Coroutines {
    EXECUTOR.with(|executor| *executor)
}

/// This side, and the ring that leads to the peer.
fn open(steps: impl IntoIterator<Item = Step>) -> (&'static Endpoint<Test>, &'static Messages) {
    let [outgoing, incoming]: [&Messages; 2] = [(); 2].map(|()| &*Box::leak(Box::default()));
    let script = Script(RefCell::new(steps.into_iter().collect()), ToPeer::new(incoming));
    let endpoint = &*Box::leak(Box::new(Endpoint::new(script, outgoing, incoming)));
    ENDPOINT.set(Some(endpoint));
    (endpoint, outgoing)
}

/// A step in which the peer sends messages to these ports, with these numbers.
fn sends<const N: usize>(messages: [(u32, u64); N]) -> Step {
    Box::new(move |producer| {
        for (port, number) in messages {
            let header = u64::from(port) << 32 | 7;
            // This side is awake by now, or is woken when the step ends.
            let _ = producer.send([header, number, 0, 0, 0]).expect("there is room");
        }
    })
}

fn spawn(future: impl Future<Output = ()> + 'static) -> TaskId {
    coroutines().spawn(future).ok().expect("a slot is free")
}

/// Receives so often, and notes the numbers.
async fn receive(mut port: Port<Test>, name: &'static str, trace: Trace, times: usize) {
    for _ in 0..times {
        let message = port.receive().await;
        assert_eq!(message.label, 7);
        trace.borrow_mut().push((name, message.contents[0]));
    }
    if trace.borrow().len() == 3 {
        port.endpoint().end();
    }
}

#[test]
fn each_port_gets_its_own_whoever_is_the_dispatcher() {
    let (endpoint, _) = open([sends([(1, 10), (0, 20)]), sends([(0, 21)])]);
    let trace = Trace::default();
    spawn(receive(endpoint.bind(0).unwrap(), "a", trace.clone(), 2));
    spawn(receive(endpoint.bind(1).unwrap(), "b", trace.clone(), 1));
    assert_eq!(endpoint.run(), Ok(()));
    assert_eq!(*trace.borrow(), [("b", 10), ("a", 20), ("a", 21)]);
    assert_eq!(endpoint.sleeps(), 2);
}

#[test]
fn a_port_is_bound_once_at_a_time() {
    let (endpoint, _) = open([]);
    let port = endpoint.bind(3).unwrap();
    assert!(endpoint.bind(3).is_none());
    assert!(endpoint.bind(PORTS as u32).is_none());
    drop(port);
    assert_eq!(endpoint.bind(3).unwrap().number(), 3);
}

#[test]
fn a_message_waits_for_who_is_busy_and_lets_others_pass() {
    let (endpoint, _) = open([sends([(0, 1), (1, 2), (1, 3)])]);
    let trace = Trace::default();
    let free = Rc::new(Cell::new(false));
    let (own, goes_on, mut port) = (trace.clone(), free.clone(), endpoint.bind(0).unwrap());
    let busy = spawn(async move {
        poll_fn(|_| if goes_on.get() { Poll::Ready(()) } else { Poll::Pending }).await;
        let number = port.receive().await.contents[0];
        own.borrow_mut().push(("busy", number));
        endpoint.end();
    });
    let (other, mut port) = (trace.clone(), endpoint.bind(1).unwrap());
    spawn(async move {
        let number = port.receive().await.contents[0];
        other.borrow_mut().push(("other", number));
    });
    // The second message to port 1 comes before the first was taken.
    assert_eq!(endpoint.run(), Err(Fault { port: 1 }));
    assert_eq!(*trace.borrow(), [("other", 2)]);
    free.set(true);
    coroutines().wake(busy);
    assert_eq!(endpoint.run(), Ok(()));
    assert_eq!(*trace.borrow(), [("other", 2), ("busy", 1)]);
}

#[test]
fn what_the_peer_invents_is_a_fault_and_harms_nobody() {
    for port in [1, PORTS as u32 - 1, u32::MAX] {
        let (endpoint, _) = open([sends([(port, 1), (0, 2)]), sends([(0, 3), (port, 4)])]);
        let fault = Err(Fault { port: port % PORTS as u32 });
        let trace = Trace::default();
        trace.borrow_mut().push(("start", 0));
        spawn(receive(endpoint.bind(0).unwrap(), "a", trace.clone(), 2));
        assert_eq!(endpoint.run(), fault);
        assert_eq!(*trace.borrow(), [("start", 0), ("a", 2)]);
        let end = endpoint.run();
        if end == fault {
            assert_eq!(endpoint.run(), Ok(()));
        }
        assert_eq!(trace.borrow().last(), Some(&("a", 3)));
    }
}

#[test]
fn what_came_before_it_is_asked_for_is_received() {
    let (endpoint, _) = open([sends([(0, 1), (1, 2)])]);
    let trace = Trace::default();
    let mut late = endpoint.bind(0).unwrap();
    spawn(receive(endpoint.bind(1).unwrap(), "b", trace.clone(), 1));
    trace.borrow_mut().extend([("start", 0); 2]);
    assert_eq!(endpoint.run(), Ok(()));
    let own = trace.clone();
    spawn(async move {
        let number = late.receive().await.contents[0];
        own.borrow_mut().push(("late", number));
        endpoint.end();
    });
    assert_eq!(endpoint.run(), Ok(()));
    assert_eq!(trace.borrow()[2..], [("b", 2), ("late", 1)]);
}

#[test]
fn a_peer_that_takes_nothing_is_an_error_of_the_sender() {
    let (endpoint, outgoing) = open([]);
    let port = endpoint.bind(0).unwrap();
    spawn(async move {
        for number in 0..PORTS as u64 {
            assert_eq!(port.send(7, [number; 4]), Ok(()));
        }
        assert_eq!(port.send(7, [0; 4]), Err(Full));
        assert_eq!(port.send(7, [0; 4]), Err(Full));
        port.endpoint().end();
    });
    assert_eq!(endpoint.run(), Ok(()));
    let consumer = ring::Consumer::new(outgoing);
    assert_eq!(consumer.pop(), Some([7, 0, 0, 0, 0]));
}

#[test]
fn a_dropped_port_gives_its_message_up() {
    let (endpoint, _) = open([sends([(0, 1), (1, 2)])]);
    let trace = Trace::default();
    trace.borrow_mut().extend([("start", 0); 2]);
    let port = endpoint.bind(0).unwrap();
    spawn(receive(endpoint.bind(1).unwrap(), "b", trace.clone(), 1));
    assert_eq!(endpoint.run(), Ok(()));
    assert_eq!(trace.borrow().last(), Some(&("b", 2)));
    drop(port);
    assert!(endpoint.bind(0).is_some());
}

/// The first of both that is done.
async fn select<T>(first: impl Future<Output = T>, second: impl Future<Output = T>) -> T {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| {
        if let Poll::Ready(value) = first.as_mut().poll(context) {
            return Poll::Ready(value);
        }
        second.as_mut().poll(context)
    })
    .await
}

#[test]
fn a_timeout_ends_a_wait_and_loses_no_message() {
    let (endpoint, _) = open([sends([(0, 5)])]);
    let trace = Trace::default();
    let (own, mut port) = (trace.clone(), endpoint.bind(0).unwrap());
    spawn(async move {
        let timeout = async {
            for _ in 0..3 {
                yield_now(coroutines()).await;
            }
            None
        };
        let message = select(async { Some(port.receive().await) }, timeout).await;
        own.borrow_mut().push(("timeout", message.is_none().into()));
        let number = port.receive().await.contents[0];
        own.borrow_mut().push(("message", number));
        endpoint.end();
    });
    assert_eq!(endpoint.run(), Ok(()));
    assert_eq!(*trace.borrow(), [("timeout", 1), ("message", 5)]);
}

#[test]
fn one_task_waits_at_two_ports() {
    let (endpoint, _) = open([sends([(1, 5)]), sends([(0, 6)])]);
    let trace = Trace::default();
    let [mut first, mut second] = [0, 1].map(|number| endpoint.bind(number).unwrap());
    let own = trace.clone();
    spawn(async move {
        let both = [
            select(first.receive(), second.receive()).await,
            select(first.receive(), second.receive()).await,
        ];
        own.borrow_mut().extend(both.map(|message: Message| ("either", message.contents[0])));
        endpoint.end();
    });
    assert_eq!(endpoint.run(), Ok(()));
    assert_eq!(*trace.borrow(), [("either", 5), ("either", 6)]);
}

/// Passes a wake-up on, as combinators do that have a waker for each of their parts.
struct Relay(Waker, Arc<std::sync::atomic::AtomicU64>);

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.0.wake_by_ref();
    }
}

#[test]
fn a_part_with_a_waker_of_its_own_is_woken_through_that() {
    let (endpoint, _) = open([sends([(1, 9)]), sends([(0, 5)])]);
    let trace = Trace::default();
    let wakes = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let (own, counted, mut port) = (trace.clone(), wakes.clone(), endpoint.bind(0).unwrap());
    spawn(async move {
        let mut waits = pin!(port.receive());
        let mut polled = 0;
        let message = poll_fn(|context| {
            // Polled again only when its own waker was used.
            let woken = counted.load(std::sync::atomic::Ordering::Relaxed);
            if woken + 1 == polled {
                return Poll::Pending;
            }
            polled = woken + 1;
            let waker = Waker::from(Arc::new(Relay(context.waker().clone(), counted.clone())));
            waits.as_mut().poll(&mut Context::from_waker(&waker))
        })
        .await;
        own.borrow_mut().push(("part", message.contents[0]));
        endpoint.end();
    });
    // Runs last, and so is the dispatcher.
    let (other, mut port) = (trace.clone(), endpoint.bind(1).unwrap());
    spawn(async move {
        let number = port.receive().await.contents[0];
        other.borrow_mut().push(("dispatcher", number));
    });
    assert_eq!(endpoint.run(), Ok(()));
    assert_eq!(*trace.borrow(), [("dispatcher", 9), ("part", 5)]);
    assert_eq!(wakes.load(std::sync::atomic::Ordering::Relaxed), 1);
}
