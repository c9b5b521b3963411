//! The executor.

use crate::{slot::Slot, waker::Target};
use core::{
    cell::{Cell, OnceCell},
    future::{Future, poll_fn},
    mem::{ManuallyDrop, MaybeUninit},
    ptr,
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll, Waker},
};
use task::{ReadyQueue, TaskId};

/// Up to `SLOTS` tasks, each a future of up to `BYTES` bytes, that become ready in a `Q`. It lives
/// for ever, and belongs to one thread. `SLOTS` is a power of two.
#[repr(C)]
pub struct Executor<Q: 'static, const SLOTS: usize, const BYTES: usize> {
    /// The waker that polls get, while they take place. It is known by its address.
    waker: Cell<MaybeUninit<ManuallyDrop<Waker>>>,
    /// The word of the task that is being polled, 0 outside a poll; wakers look at it on any thread.
    current: AtomicU64,
    running: Cell<bool>,
    /// The task of the first free slot, or 0.
    free: Cell<u32>,
    queue: Q,
    slots: [Slot<BYTES>; SLOTS],
    targets: [OnceCell<Target<Q>>; SLOTS],
}

/// The slot that a task names. Every word names one.
#[inline(always)]
const fn index<const SLOTS: usize>(task: TaskId) -> usize {
    (task.bits() / TaskId::ALIGNMENT as u64) as usize % SLOTS
}

/// The word of the task in slot `index`. An address that no other slot has, small enough for every
/// channel: since none is 0, that of slot 0 is behind all others.
const fn name<const SLOTS: usize>(index: usize) -> u32 {
    (((index + SLOTS - 1) % SLOTS + 1) * TaskId::ALIGNMENT) as u32
}

impl<Q: ReadyQueue, const SLOTS: usize, const BYTES: usize> Executor<Q, SLOTS, BYTES> {
    /// An executor without tasks, whose thread alone uses `queue` as its owner.
    pub const fn new(queue: Q) -> Self {
        const { assert!(SLOTS.is_power_of_two(), "the number of slots is a power of two") }
        // Free slots in the order of their tasks: 1, 2 ... 0.
        let slots = {
            let mut slots = [const { Slot::new(0) }; SLOTS];
            let mut index = 0;
            while index < SLOTS {
                let next = (index + 1) % SLOTS;
                slots[index] = Slot::new(if index == 0 { 0 } else { name::<SLOTS>(next) });
                index += 1;
            }
            slots
        };
        Self {
            slots,
            waker: Cell::new(MaybeUninit::uninit()),
            current: AtomicU64::new(0),
            running: Cell::new(false),
            free: Cell::new(name::<SLOTS>(1 % SLOTS)),
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
        let Some(task) = TaskId::from_bits(self.free.get().into()) else { return Err(future) };
        let slot = self.slot(task);
        self.free.set(slot.next.get());
        // SAFETY: a slot in the list of free ones has no future.
        unsafe { slot.fill(future) };
        self.targets[index::<SLOTS>(task)].get_or_init(|| Target { queue: &self.queue, task });
        self.enqueue_once(slot, task);
        Ok(task)
    }

    /// Makes a task ready; without effect on one that is or that does not exist. For the executor's
    /// own thread.
    #[inline(always)]
    pub fn wake(&self, task: TaskId) {
        self.enqueue_once(self.slot(task), task);
    }

    /// What a task names. Any word does: a name that is not from here is another task's, whose poll
    /// then finds nothing new, or that of a free slot.
    #[inline(always)]
    fn slot(&self, task: TaskId) -> &Slot<BYTES> {
        &self.slots[index::<SLOTS>(task)]
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
        let own: *const Waker = self.waker.as_ptr().cast();
        // SAFETY: whoever has a context with this waker is in a poll, and then there is a task.
        ptr::eq(context.waker(), own).then(|| unsafe { self.current().unwrap_unchecked() })
    }

    /// Of the task that is being polled.
    pub(crate) fn target(&self) -> &Target<Q> {
        let target = self.current().and_then(|task| self.targets[index::<SLOTS>(task)].get());
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
        assert!(!self.running.replace(true), "a task runs its own executor");
        // Its `drop` does nothing, but would be called through a table.
        self.waker.set(MaybeUninit::new(ManuallyDrop::new(self.own_waker())));
        // SAFETY: it has just been written, and will not be again before this function ends.
        let waker: &Waker = unsafe { &*self.waker.as_ptr().cast() };
        let mut context = Context::from_waker(waker);
        let mut ready = self.queue.dequeue();
        while let Some(task) = ready.or_else(|| idle(self.leave())) {
            let slot = self.slot(task);
            let poll = slot.poll();
            // Before the poll: a wake-up during it asks for another.
            slot.queued.set(false);
            self.current.store(task.bits(), Ordering::Relaxed);
            // SAFETY: polls are here alone, one after the other: it was not `running`.
            let done = unsafe { poll(slot.address(), &mut context) };
            let more = more();
            // The processor predicts one jump in a few bytes: there is something between both.
            ready = if more { self.queue.dequeue() } else { None };
            if done {
                self.free(slot);
            }
            if !more {
                break;
            }
        }
        self.leave();
        self.running.set(false);
    }

    /// No task is being polled from now on; which was.
    #[inline(always)]
    fn leave(&self) -> Option<TaskId> {
        let last = self.current();
        self.current.store(0, Ordering::Relaxed);
        last
    }

    /// The future in the slot of the task that was polled is done.
    #[inline(always)]
    fn free(&self, slot: &Slot<BYTES>) {
        // SAFETY: it is done.
        unsafe { slot.clear() };
        // From memory, so that the poll leaves no register to be saved.
        let polled = self.current().map_or(0, |task| name::<SLOTS>(index::<SLOTS>(task)));
        slot.next.set(self.free.replace(polled));
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
