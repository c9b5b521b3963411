//! The executor.

use crate::{ReadyQueue, TaskId, slot::Slot};
use core::{
    cell::Cell,
    future::{Future, poll_fn},
    task::Poll,
};

/// Up to `SLOTS` tasks, each a future of up to `BYTES` bytes, that become ready in a `Q`. It lives
/// for ever, and belongs to one thread.
#[repr(C)]
pub struct Executor<Q, const SLOTS: usize, const BYTES: usize> {
    current: Cell<TaskId>,
    /// Whether it polls its tasks.
    running: Cell<bool>,
    queue: Q,
    slots: [Slot<Q, BYTES>; SLOTS],
}

impl<Q: ReadyQueue + Copy, const SLOTS: usize, const BYTES: usize> Executor<Q, SLOTS, BYTES> {
    /// An executor without tasks. Nobody else dequeues from `queue`.
    pub const fn new(queue: Q) -> Self {
        Self {
            current: Cell::new(TaskId::new(0)),
            running: Cell::new(false),
            queue,
            slots: [const { Slot::new() }; SLOTS],
        }
    }

    /// Puts a coroutine into the first free slot, and makes it ready. Gives it back if there is no
    /// such slot.
    pub fn spawn<F>(&'static self, mut future: F) -> Result<TaskId, F>
    where
        F: Future<Output = ()> + 'static,
    {
        for (index, slot) in self.slots.iter().enumerate() {
            let task = TaskId::new(index);
            match slot.fill(future, self.queue, task) {
                Ok(()) => {
                    self.wake(task);
                    return Ok(task);
                }
                Err(back) => future = back,
            }
        }
        Err(future)
    }

    /// Makes a task ready; without effect on one that is or that does not exist.
    #[inline(always)]
    pub fn wake(&self, task: TaskId) {
        if let Some(slot) = self.slots.get(task.index())
            && !slot.queued.replace(true)
        {
            self.queue.enqueue(task);
        }
    }

    /// The task that is being polled.
    #[inline(always)]
    pub fn current(&self) -> TaskId {
        self.current.get()
    }

    /// Polls ready tasks until there is none. Not for tasks: panics if one of them calls it.
    #[inline(always)]
    pub fn run_until_idle(&'static self) {
        self.run_from(self.queue.dequeue());
    }

    /// The same, with a task that the caller has taken from the ready queue as the first.
    #[inline(always)]
    pub fn run_from(&'static self, mut first: Option<TaskId>) {
        assert!(!self.running.replace(true), "a task runs its own executor");
        while let Some(task) = first {
            if let Some(slot) = self.slots.get(task.index()) {
                // Before the poll: a wake-up during it asks for another.
                slot.queued.set(false);
                self.current.set(task);
                // SAFETY: polls are here alone, one after the other: `running` was false.
                unsafe { slot.poll() };
            }
            first = self.queue.dequeue();
        }
        self.running.set(false);
    }
}

/// Lets the other ready tasks of the executor go first.
pub fn yield_now<Q: ReadyQueue + Copy, const SLOTS: usize, const BYTES: usize>(
    executor: &'static Executor<Q, SLOTS, BYTES>,
) -> impl Future<Output = ()> {
    let mut yielded = false;
    poll_fn(move |_| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        executor.wake(executor.current());
        Poll::Pending
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SoftQueue;
    use std::{rc::Rc, sync::Mutex, task::Waker, thread};

    type Small = Executor<&'static SoftQueue<4>, 3, 64>;

    fn executor() -> &'static Small {
        let queue: &SoftQueue<4> = Box::leak(Box::default());
        Box::leak(Box::new(Executor::new(queue)))
    }

    fn trace() -> &'static Mutex<Vec<(char, u8)>> {
        Box::leak(Box::default())
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
    fn slots_are_finite_and_used_again() {
        let executor = executor();
        let counted = Rc::new(());
        for _ in 0..5 {
            for index in 0..3 {
                let held = counted.clone();
                let task = executor.spawn(async move { drop(held) }).ok();
                assert_eq!(task, Some(TaskId::new(index)));
            }
            assert!(executor.spawn(async {}).is_err());
            assert_eq!(Rc::strong_count(&counted), 4);
            executor.run_until_idle();
            assert_eq!(Rc::strong_count(&counted), 1);
        }
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
        let task = executor.spawn(poll_fn(move |_| {
            trace.lock().unwrap().push(('p', 0));
            Poll::Pending
        }));
        let task = task.ok().unwrap();
        executor.wake(task);
        executor.wake(TaskId::new(17));
        executor.run_until_idle();
        assert_eq!(trace.lock().unwrap().len(), 1);
    }
}
