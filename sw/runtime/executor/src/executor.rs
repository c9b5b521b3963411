//! The executor.

use crate::{ReadyQueue, TaskId, slot::Slot, waker::Target};
use core::{
    cell::{Cell, OnceCell},
    future::{Future, poll_fn},
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll},
};

/// Up to `SLOTS` tasks, each a future of up to `BYTES` bytes, that become ready in a `Q`. It lives
/// for ever, and belongs to one thread.
#[repr(C)]
pub struct Executor<Q, const SLOTS: usize, const BYTES: usize> {
    /// The word of the task that is being polled; wakers look at it on any thread.
    current: AtomicU64,
    /// Whether it polls its tasks.
    running: Cell<bool>,
    queue: Q,
    slots: [Slot<BYTES>; SLOTS],
    targets: [OnceCell<Target<Q>>; SLOTS],
}

impl<Q: ReadyQueue + Copy, const SLOTS: usize, const BYTES: usize> Executor<Q, SLOTS, BYTES> {
    /// An executor without tasks. Nobody else dequeues from `queue`.
    pub const fn new(queue: Q) -> Self {
        Self {
            current: AtomicU64::new(TaskId::new(0).word()),
            running: Cell::new(false),
            queue,
            slots: [const { Slot::new() }; SLOTS],
            targets: [const { OnceCell::new() }; SLOTS],
        }
    }

    /// Puts a coroutine into the first free slot, and makes it ready. Gives it back if there is no
    /// such slot.
    pub fn spawn<F>(&'static self, mut future: F) -> Result<TaskId, F>
    where
        F: Future<Output = ()> + 'static,
    {
        for (index, slot) in self.slots.iter().enumerate() {
            match slot.fill(future) {
                Ok(()) => {
                    let task = TaskId::new(index);
                    self.targets[index].get_or_init(|| Target { queue: self.queue, task });
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

    /// Makes a task ready once more for each call, with an argument ([`Executor::argument`]). The
    /// ready queue must have room.
    #[inline(always)]
    pub fn call(&self, task: TaskId, argument: u32) {
        self.queue.enqueue(task.with_argument(argument));
    }

    /// The task that is being polled, with the argument of the wake-up.
    #[inline(always)]
    pub fn current(&self) -> TaskId {
        TaskId::from_word(self.current.load(Ordering::Relaxed)).unwrap_or(TaskId::new(0))
    }

    /// Of the task that is being polled.
    pub(crate) fn target(&self) -> &Target<Q> {
        let target = self.targets.get(self.current().index()).and_then(OnceCell::get);
        target.expect("tasks that are polled were spawned")
    }

    /// The argument of the wake-up for which a task is being polled.
    #[inline(always)]
    pub fn argument(&self) -> u32 {
        TaskId::argument_of(self.current.load(Ordering::Relaxed))
    }

    /// Takes a task out of the ready queue, for who gives it back by [`Executor::run`].
    #[inline(always)]
    pub fn dequeue(&self) -> Option<TaskId> {
        self.queue.dequeue()
    }

    /// Polls ready tasks until there is none. Not for tasks: panics if one of them calls it.
    pub fn run_until_idle(&'static self) {
        self.run(|| None);
    }

    /// Polls ready tasks; when there is none, `idle` says what to poll next, or that all is done.
    /// Not for tasks: panics if one of them calls it.
    #[inline(always)]
    pub fn run(&'static self, mut idle: impl FnMut() -> Option<TaskId>) {
        assert!(!self.running.replace(true), "a task runs its own executor");
        let waker = self.current_waker();
        let mut context = Context::from_waker(&waker);
        let mut ready = self.queue.dequeue();
        while let Some(task) = ready.or_else(&mut idle) {
            let mut done = false;
            let slot = self.slots.get(task.index());
            if let Some(slot) = slot {
                // Before the poll: a wake-up during it asks for another.
                slot.queued.set(false);
                self.current.store(task.word(), Ordering::Relaxed);
                // SAFETY: polls are here alone, one after the other: `running` was false.
                done = unsafe { slot.poll(&mut context) };
            }
            // The processor predicts one jump in a few bytes: there is something between both.
            ready = self.queue.dequeue();
            if let (true, Some(slot)) = (done, slot) {
                slot.clear();
            }
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
    fn every_call_has_its_argument() {
        let (executor, trace) = (executor(), trace());
        let task = executor.spawn(poll_fn(move |_| {
            trace.lock().unwrap().push(('p', executor.argument() as u8));
            Poll::Pending
        }));
        let task = task.ok().unwrap();
        let mut idle = [5, 7].into_iter();
        executor.run(|| {
            let argument = idle.next()?;
            executor.call(task, argument);
            executor.call(task, argument + 1);
            executor.dequeue()
        });
        assert_eq!(*trace.lock().unwrap(), [('p', 0), ('p', 5), ('p', 6), ('p', 7), ('p', 8)]);
        assert_eq!(executor.current(), task.with_argument(8));
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
