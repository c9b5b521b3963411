//! The ring and its wake-up protocol under every order of execution that `loom` knows.

use loom::{
    sync::{Arc, Notify, atomic::AtomicU64},
    thread,
};
use ring::{Atomics, Consumer, Producer, Ring, Word};
use std::{marker::PhantomData, sync::atomic::Ordering};

struct Modelled(AtomicU64);

impl Word for Modelled {
    fn new(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }

    fn load(&self, order: Ordering) -> u64 {
        self.0.load(order)
    }

    fn store(&self, value: u64, order: Ordering) {
        self.0.store(value, order);
    }
}

trait Fence {
    fn fence();
}

struct Fenced;

impl Fence for Fenced {
    fn fence() {
        loom::sync::atomic::fence(Ordering::SeqCst);
    }
}

struct Unfenced;

impl Fence for Unfenced {
    fn fence() {}
}

struct Model<F>(PhantomData<F>);

impl<F: Fence> Atomics for Model<F> {
    type Word = Modelled;

    fn fence() {
        F::fence();
    }
}

type Shared<F> = Ring<1, 2, Model<F>>;
type Sender<'a, F> = Producer<&'a Shared<F>, 1, 2, Model<F>>;
type Receiver<'a, F> = Consumer<&'a Shared<F>, 1, 2, Model<F>>;

/// A producer of `messages`, and a consumer that sleeps when it has nothing to do, with at most three
/// switches between the threads. A wake-up that is lost is a deadlock, which `loom` reports.
fn exchange(messages: u64, send: fn(&Sender<'_, Fenced>, u64) -> bool) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(move || {
        let ring = Arc::new(Shared::<Fenced>::new());
        let wake_up = Arc::new(Notify::new());
        let sender = {
            let (ring, wake_up) = (ring.clone(), wake_up.clone());
            thread::spawn(move || {
                let producer = Producer::new(&*ring);
                for message in 1..=messages {
                    if send(&producer, message) {
                        wake_up.notify();
                    }
                }
                if producer.must_wake() {
                    wake_up.notify();
                }
            })
        };
        let consumer = Consumer::new(&*ring);
        for message in 1..=messages {
            let received = loop {
                match consumer.pop() {
                    Some(received) => break received,
                    None if consumer.sleep() => wake_up.wait(),
                    None => {}
                }
            };
            assert_eq!(received, [message]);
        }
        sender.join().unwrap();
    });
}

#[test]
fn no_wake_up_is_lost() {
    exchange(2, |producer, message| producer.send([message]).unwrap() || producer.must_wake());
}

#[test]
fn no_wake_up_is_lost_that_waits_for_the_last_message() {
    exchange(2, |producer, message| producer.send([message]).unwrap());
}

/// A ring of one slot that is always in use, at most three switches between the threads.
#[test]
fn no_slot_is_written_too_early() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let ring = Arc::new(Ring::<1, 1, Model<Fenced>>::new());
        let sender = {
            let ring = ring.clone();
            thread::spawn(move || {
                let producer = Producer::new(&*ring);
                for message in 1..=2 {
                    while producer.send([message]).is_err() {
                        thread::yield_now();
                    }
                }
            })
        };
        let consumer = Consumer::new(&*ring);
        for message in 1..=2 {
            let received = loop {
                match consumer.pop() {
                    Some(received) => break received,
                    None => thread::yield_now(),
                }
            };
            assert_eq!(received, [message]);
        }
        sender.join().unwrap();
    });
}

/// One message meets a consumer that goes to sleep: it must not sleep with nobody waking it.
fn meet<F: Fence + 'static>(
    wakes: fn(&Sender<'_, F>) -> bool,
    sleep: fn(&Receiver<'_, F>) -> bool,
) {
    loom::model(move || {
        let ring = Arc::new(Shared::<F>::new());
        let sender = {
            let ring = ring.clone();
            thread::spawn(move || {
                let producer = Producer::new(&*ring);
                producer.send([1]).unwrap() || wakes(&producer)
            })
        };
        let sleeps = sleep(&Consumer::new(&*ring));
        let woken = sender.join().unwrap();
        assert!(woken || !sleeps, "a wake-up is lost");
    });
}

#[test]
fn a_message_wakes_or_is_seen() {
    meet::<Fenced>(|producer| producer.must_wake(), |consumer| consumer.sleep());
}

#[test]
#[should_panic(expected = "a wake-up is lost")]
fn the_second_look_is_needed() {
    let sleep = |consumer: &Receiver<'_, _>| {
        consumer.announce_sleep();
        true
    };
    meet::<Fenced>(|producer| producer.must_wake(), sleep);
}

#[test]
#[should_panic(expected = "a wake-up is lost")]
fn the_fences_are_needed() {
    meet::<Unfenced>(|producer| producer.must_wake(), |consumer| consumer.sleep());
}

#[test]
#[should_panic(expected = "a wake-up is lost")]
fn the_producer_must_ask_once_more_with_a_fence() {
    meet::<Fenced>(|_| false, |consumer| consumer.sleep());
}
