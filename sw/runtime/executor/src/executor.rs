//! The executor.

use crate::{slot::Slot, waker::Target};
use core::{
    cell::{Cell, OnceCell},
    future::{Future, poll_fn},
    mem::ManuallyDrop,
    ptr,
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll, Waker},
};
use task::{ReadyQueue, TaskId};

/// Up to `SLOTS` tasks, each a future of up to `BYTES` bytes, that become ready in a `Q`. It lives
/// for ever, and belongs to one thread.
#[repr(C)]
pub struct Executor<Q: 'static, const SLOTS: usize, const BYTES: usize> {
    /// The word of the task that is being polled, 0 outside a poll; wakers look at it on any thread.
    current: AtomicU64,
    /// The waker that polls get; null while none takes place.
    waker: Cell<*const Waker>,
    /// The first free slot; `SLOTS` if there is none.
    free: Cell<u32>,
    queue: Q,
    slots: [Slot<BYTES>; SLOTS],
    targets: [OnceCell<Target<Q>>; SLOTS],
}

/// The task in slot `index`. An address that no other slot has, small enough for every channel.
const fn task(index: usize) -> TaskId {
    TaskId::new((index as u64 + 1) * TaskId::ALIGNMENT as u64).expect("aligned, and not 0")
}

/// The slot that a task names; there may be no such slot.
#[inline(always)]
const fn index(task: TaskId) -> usize {
    (task.address().wrapping_sub(TaskId::ALIGNMENT as u64) / TaskId::ALIGNMENT as u64) as usize
}

impl<Q: ReadyQueue, const SLOTS: usize, const BYTES: usize> Executor<Q, SLOTS, BYTES> {
    /// An executor without tasks, whose thread alone uses `queue` as its owner.
    pub const fn new(queue: Q) -> Self {
        let slots = {
            let mut slots = [const { Slot::new(0) }; SLOTS];
            let mut index = 0;
            while index < SLOTS {
                slots[index] = Slot::new(index as u32 + 1);
                index += 1;
            }
            slots
        };
        Self {
            slots,
            current: AtomicU64::new(0),
            waker: Cell::new(ptr::null()),
            free: Cell::new(0),
            queue,
            targets: [const { OnceCell::new() }; SLOTS],
        }
    }

    /// Where ready tasks are.
    #[inline(always)]
    pub fn queue(&self) -> &Q {
        &self.queue
    }

    /// Puts a coroutine into a free slot, that which became free last, and makes it ready. Gives it
    /// back if there is no such slot.
    #[inline(always)]
    pub fn spawn<F>(&'static self, future: F) -> Result<TaskId, F>
    where
        F: Future<Output = ()> + 'static,
    {
        let index = self.free.get() as usize;
        let Some(slot) = self.slots.get(index) else { return Err(future) };
        self.free.set(slot.next.get());
        // SAFETY: a slot in the list of free ones has no future.
        unsafe { slot.fill(future) };
        let task = task(index);
        self.targets[index].get_or_init(|| Target { queue: &self.queue, task });
        self.enqueue_once(slot, task);
        Ok(task)
    }

    /// Makes a task ready; without effect on one that is or that does not exist. For the executor's
    /// own thread.
    #[inline(always)]
    pub fn wake(&self, task: TaskId) {
        if let Some(slot) = self.slots.get(index(task)) {
            self.enqueue_once(slot, task);
        }
    }

    #[inline(always)]
    fn enqueue_once(&self, slot: &Slot<BYTES>, task: TaskId) {
        if !slot.queued.replace(true) {
            self.queue.enqueue(task);
        }
    }

    /// Makes a task ready once more for each call. The ready queue must have room. If executors
    /// share their queues, the call is served by the first one that dequeues it, with its own task
    /// of this name.
    #[inline(always)]
    pub fn call(&self, task: TaskId) {
        self.queue.enqueue(task);
    }

    /// The task that is being polled; `None` outside a poll.
    #[inline(always)]
    pub fn current(&self) -> Option<TaskId> {
        TaskId::from_bits(self.current.load(Ordering::Relaxed))
    }

    /// The task that is being polled, if `context` is what this executor polls it with: then
    /// [`Executor::wake`] of it does what the context's waker does, and is cheaper. `None` of every
    /// other context, such as that of a combinator with wakers of its own.
    #[inline(always)]
    pub fn polled_with(&self, context: &Context<'_>) -> Option<TaskId> {
        if ptr::eq(context.waker(), self.waker.get()) { self.current() } else { None }
    }

    /// Of the task that is being polled.
    pub(crate) fn target(&self) -> &Target<Q> {
        let target = self.current().and_then(|task| self.targets.get(index(task))?.get());
        target.expect("the executor's own waker is used in a poll, of a task that was spawned")
    }

    /// Takes a task out of the ready queue, for who gives it back by [`Executor::run`].
    #[inline(always)]
    pub fn dequeue(&self) -> Option<TaskId> {
        self.queue.dequeue()
    }

    /// Polls ready tasks until there is none. Not for tasks: panics if one of them calls it.
    pub fn run_until_idle(&'static self) {
        self.run(|_| None);
    }

    /// Polls ready tasks; when there is none, `idle` is told which one ran last, and says what to
    /// poll next, or that all is done. Not for tasks: panics if one of them calls it.
    #[inline(always)]
    pub fn run(&'static self, idle: impl FnMut(Option<TaskId>) -> Option<TaskId>) {
        self.turn(|| true, idle);
    }

    /// Polls ready tasks until there is none, or `most`, which is not 0, have been polled. Returns
    /// their number. Not for tasks: panics if one of them calls it.
    #[inline(never)]
    pub fn run_some(&'static self, most: usize) -> usize {
        let left = Cell::new(most);
        let more = || {
            left.set(left.get() - 1);
            left.get() != 0
        };
        self.turn(more, |_| None);
        most - left.get()
    }

    /// Polls ready tasks as long as there are `more` to be polled after one, and `idle` finds some.
    #[inline(always)]
    fn turn(
        &'static self,
        mut more: impl FnMut() -> bool,
        mut idle: impl FnMut(Option<TaskId>) -> Option<TaskId>,
    ) {
        // Its `drop` does nothing, but would be called through a table.
        let waker = ManuallyDrop::new(self.own_waker());
        let mut context = Context::from_waker(&waker);
        assert!(self.waker.replace(&raw const *waker).is_null(), "a task runs its own executor");
        let mut ready = self.queue.dequeue();
        while let Some(task) = ready.or_else(|| idle(self.leave())) {
            let slot = self.slots.get(index(task));
            let mut done = false;
            if let Some(slot) = slot {
                // Before the poll: a wake-up during it asks for another.
                slot.queued.set(false);
                self.current.store(task.bits(), Ordering::Relaxed);
                // SAFETY: polls are here alone, one after the other: `waker` was null.
                done = unsafe { slot.poll(&mut context) };
            }
            let more = slot.is_none() || more();
            // The processor predicts one jump in a few bytes: there is something between both.
            ready = if more { self.queue.dequeue() } else { None };
            if let (true, Some(slot)) = (done, slot) {
                self.free(index(task), slot);
            }
            if !more {
                break;
            }
        }
        self.leave();
        self.waker.set(ptr::null());
    }

    /// No task is being polled from now on; which was.
    #[inline(always)]
    fn leave(&self) -> Option<TaskId> {
        let last = self.current();
        self.current.store(0, Ordering::Relaxed);
        last
    }

    /// The future in a slot is done.
    #[inline(always)]
    fn free(&self, index: usize, slot: &Slot<BYTES>) {
        // SAFETY: it is done.
        unsafe { slot.clear() };
        slot.next.set(self.free.replace(index as u32));
    }
}

/// Lets the other ready tasks of the executor go first.
pub fn yield_now<Q: ReadyQueue, const SLOTS: usize, const BYTES: usize>(
    executor: &'static Executor<Q, SLOTS, BYTES>,
) -> impl Future<Output = ()> {
    let mut yielded = false;
    poll_fn(move |context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        match executor.polled_with(context) {
            Some(task) => executor.wake(task),
            None => context.waker().wake_by_ref(),
        }
        Poll::Pending
    })
}
