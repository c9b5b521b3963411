//! A scheduler's loop, and what it takes tasks from: the TAIC, or memory.
//!
//! A task is the address of a function, as small as a task can be, so that what is measured is the
//! queue. In memory, a hart that is alone has a FIFO of one thread; two harts that share their work
//! each have a FIFO from which the other steals; a hart that is woken by one other has a queue from
//! that one.

use crate::shared::shared;
use core::num::NonZeroU64;
use queue::{Fifo, Spmc, Spsc};
use taic::{LocalQueue, TaskId};

/// A ready queue, as small as what a loop keeps in registers.
pub trait Ready: Copy + 'static {
    fn enqueue(self, task: NonZeroU64);
    fn dequeue(self) -> Option<NonZeroU64>;
}

impl Ready for LocalQueue {
    #[inline(always)]
    fn enqueue(self, task: NonZeroU64) {
        LocalQueue::enqueue(self, TaskId::from(task));
    }

    #[inline(always)]
    fn dequeue(self) -> Option<NonZeroU64> {
        LocalQueue::dequeue(self).map(NonZeroU64::from)
    }
}

impl Ready for &'static Fifo<64> {
    #[inline(always)]
    fn enqueue(self, task: NonZeroU64) {
        Fifo::enqueue(self, task).expect("there is room");
    }

    #[inline(always)]
    fn dequeue(self) -> Option<NonZeroU64> {
        Fifo::dequeue(self)
    }
}

struct OneThread(Fifo<64>);

// SAFETY: a process has one thread.
unsafe impl Sync for OneThread {}

/// The FIFO of a hart that is alone.
pub fn fifo() -> &'static Fifo<64> {
    static FIFO: OneThread = OneThread(Fifo::new());
    &FIFO.0
}

/// The queues of two harts, from one of them.
#[derive(Clone, Copy)]
pub struct Stealing {
    own: &'static Spmc<64>,
    other: &'static Spmc<64>,
}

impl Stealing {
    pub fn of(hart: usize) -> Self {
        let [own, other] = [hart, 1 - hart].map(|hart| &shared().stealing[hart]);
        Self { own, other }
    }
}

impl Ready for Stealing {
    #[inline(always)]
    fn enqueue(self, task: NonZeroU64) {
        self.own.enqueue(task).expect("there is room");
    }

    #[inline(always)]
    fn dequeue(self) -> Option<NonZeroU64> {
        self.own.dequeue().or_else(|| self.other.steal())
    }
}

/// What one hart gets from the other, and gives to it.
#[derive(Clone, Copy)]
pub struct Links {
    from: &'static Spsc<16>,
    to: &'static Spsc<16>,
}

impl Links {
    pub fn of(hart: usize) -> Self {
        let [to, from] = [hart, 1 - hart].map(|hart| &shared().links[hart]);
        Self { from, to }
    }
}

impl Ready for Links {
    #[inline(always)]
    fn enqueue(self, task: NonZeroU64) {
        self.to.enqueue(task).expect("there is room");
    }

    #[inline(always)]
    fn dequeue(self) -> Option<NonZeroU64> {
        self.from.dequeue()
    }
}

/// What a task is: its function, which gets the ready queue, and the task that it wakes, if it does.
#[repr(C, align(64))]
pub struct Task<R: 'static> {
    pub step: fn(R, &'static Self),
    pub wakes: Option<&'static Self>,
}

impl<R> Task<R> {
    pub fn word(&'static self) -> NonZeroU64 {
        NonZeroU64::new(self as *const Self as u64).expect("a reference is not 0")
    }
}

/// Runs tasks until there is none, or so many have run; returns their number. The queue holds tasks
/// of its own type alone.
#[inline(always)]
pub fn run<R: Ready>(ready: R, most: u64) -> u64 {
    let Some(mut word) = ready.dequeue() else { return 0 };
    let mut left = most;
    loop {
        let address = word.get() as usize & !(align_of::<Task<R>>() - 1);
        // SAFETY: the queues of this program hold tasks alone while this is used, of this type;
        // both processes have the same program.
        let task = unsafe { &*core::ptr::with_exposed_provenance::<Task<R>>(address) };
        (task.step)(ready, task);
        left -= 1;
        if left == 0 {
            return most;
        }
        match ready.dequeue() {
            Some(next) => word = next,
            None => return most - left,
        }
    }
}
