//! What tasks do, in which order: each pushes words onto a trace.

use executor::{Executor, yield_now};
use std::{
    future::poll_fn,
    rc::Rc,
    sync::Mutex,
    task::{Poll, Waker},
    thread,
};
use task::{SoftQueue, TaskId};

type Small = Executor<SoftQueue<4>, 4, 64>;

fn executor() -> &'static Small {
    Box::leak(Box::new(Executor::new(SoftQueue::new())))
}

fn trace() -> &'static Mutex<Vec<(char, u8)>> {
    Box::leak(Box::default())
}

fn task(index: u64) -> TaskId {
    TaskId::new((index + 1) * 64).unwrap()
}

#[test]
fn tasks_take_turns() {
    let (executor, trace) = (executor(), trace());
    for name in ['a', 'b'] {
        let task = executor.spawn(async move {
            for step in 0..3 {
                trace.lock().unwrap().push((name, step));
                yield_now(executor).await;
            }
        });
        assert!(task.is_ok());
    }
    executor.run_until_idle();
    let expected = [('a', 0), ('b', 0), ('a', 1), ('b', 1), ('a', 2), ('b', 2)];
    assert_eq!(*trace.lock().unwrap(), expected);
}

#[test]
fn some_polls_are_made_and_counted() {
    let (executor, trace) = (executor(), trace());
    for name in ['a', 'b'] {
        let task = executor.spawn(async move {
            for step in 0..2 {
                trace.lock().unwrap().push((name, step));
                yield_now(executor).await;
            }
        });
        assert!(task.is_ok());
    }
    assert_eq!(executor.run_some(3), 3);
    assert_eq!(*trace.lock().unwrap(), [('a', 0), ('b', 0), ('a', 1)]);
    // Both have a last poll in which they end.
    assert_eq!(executor.run_some(10), 3);
    assert_eq!(executor.run_some(10), 0);
}

#[test]
fn wakers_work_on_other_threads_and_after_the_end() {
    let (executor, trace) = (executor(), trace());
    let kept: &Mutex<Option<Waker>> = Box::leak(Box::default());
    let mut polls = 0;
    let task = executor.spawn(poll_fn(move |context| {
        polls += 1;
        trace.lock().unwrap().push(('p', polls));
        *kept.lock().unwrap() = Some(context.waker().clone());
        if polls == 2 { Poll::Ready(()) } else { Poll::Pending }
    }));
    assert!(task.is_ok());
    executor.run_until_idle();
    for _ in 0..3 {
        thread::spawn(|| kept.lock().unwrap().as_ref().unwrap().wake_by_ref()).join().unwrap();
        executor.run_until_idle();
    }
    assert_eq!(*trace.lock().unwrap(), [('p', 1), ('p', 2)]);
}

#[test]
fn a_stored_waker_wakes_its_own_task_from_within_another() {
    let (executor, trace) = (executor(), trace());
    let kept: &Mutex<Option<Waker>> = Box::leak(Box::default());
    let waits = executor.spawn(poll_fn(move |context| {
        trace.lock().unwrap().push(('w', 0));
        *kept.lock().unwrap() = Some(context.waker().clone());
        Poll::Pending
    }));
    let wakes = executor.spawn(async move {
        trace.lock().unwrap().push(('s', 0));
        kept.lock().unwrap().take().unwrap().wake();
    });
    assert!(waits.is_ok() && wakes.is_ok());
    executor.run_until_idle();
    assert_eq!(*trace.lock().unwrap(), [('w', 0), ('s', 0), ('w', 0)]);
}

#[test]
fn slots_are_finite_and_used_again() {
    let executor = executor();
    let counted = Rc::new(());
    // What became free last is used first.
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [0, 1, 2, 3], [3, 2, 1, 0]] {
        for index in order {
            let held = counted.clone();
            assert_eq!(executor.spawn(async move { drop(held) }).ok(), Some(task(index)));
        }
        assert!(executor.spawn(async {}).is_err());
        assert_eq!(Rc::strong_count(&counted), 5);
        executor.run_until_idle();
        assert_eq!(Rc::strong_count(&counted), 1);
    }
}

#[test]
fn every_call_is_a_poll() {
    let (executor, trace) = (executor(), trace());
    let mut polls = 0;
    let task = executor.spawn(poll_fn(move |_| {
        polls += 1;
        trace.lock().unwrap().push(('p', polls));
        Poll::Pending
    }));
    let task = task.ok().unwrap();
    let mut idle = 0..2;
    executor.run(|last| {
        assert_eq!(last, Some(task));
        idle.next()?;
        executor.call(task);
        executor.call(task);
        executor.dequeue()
    });
    assert_eq!(trace.lock().unwrap().len(), 5);
}

#[test]
fn a_task_is_current_only_while_it_is_polled() {
    let (executor, trace) = (executor(), trace());
    assert_eq!(executor.current(), None);
    for index in 0..2 {
        let task = executor.spawn(async move {
            assert_eq!(executor.current(), Some(task(index)));
            trace.lock().unwrap().push(('p', 0));
        });
        assert!(task.is_ok());
    }
    executor.run(|last| {
        assert_eq!((last, executor.current()), (Some(task(1)), None));
        None
    });
    assert_eq!((executor.current(), trace.lock().unwrap().len()), (None, 2));
}

#[test]
#[should_panic(expected = "a task runs its own executor")]
fn tasks_are_not_polled_within_each_other() {
    let executor = executor();
    assert!(executor.spawn(async { executor.run_until_idle() }).is_ok());
    executor.run_until_idle();
}

#[test]
fn a_task_is_ready_once_however_often_it_is_woken() {
    let (executor, trace) = (executor(), trace());
    let task_ = executor.spawn(poll_fn(move |_| {
        trace.lock().unwrap().push(('p', 0));
        Poll::Pending
    }));
    executor.wake(task_.ok().unwrap());
    executor.wake(task(1));
    executor.run_until_idle();
    assert_eq!(trace.lock().unwrap().len(), 1);
}

#[test]
fn names_of_free_slots_are_passed_over() {
    let (executor, trace) = (executor(), trace());
    executor.call(task(1));
    executor.call(task(2));
    executor.call(TaskId::from_bits(u64::MAX).unwrap());
    assert!(executor.spawn(async { trace.lock().unwrap().push(('p', 0)) }).is_ok());
    executor.run_until_idle();
    assert_eq!(*trace.lock().unwrap(), [('p', 0)]);
}

#[test]
fn any_word_names_some_task() {
    let (executor, trace) = (executor(), trace());
    let polls = poll_fn(|_| {
        trace.lock().unwrap().push(('p', 0));
        Poll::Pending
    });
    assert_eq!(executor.spawn(polls).ok(), Some(task(0)));
    executor.run_until_idle();
    for word in [task(4).bits(), task(4).bits() | 0x3f, u64::MAX << 32 | 0x40] {
        executor.call(TaskId::from_bits(word).unwrap());
        executor.run_until_idle();
    }
    assert_eq!(trace.lock().unwrap().len(), 4);
}
