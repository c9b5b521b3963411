//! A queue whose owner and thieves take from different ends (Chase and Lev 2005; with the fences of
//! Le, Pop, Cohen and Zappa Nardelli 2013).

use crate::{Full, Line};
use core::{
    num::NonZeroU64,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence},
};

/// A work-stealing deque.
#[derive(Debug)]
#[repr(C)]
pub struct Deque<const N: usize> {
    /// Of the oldest task; moved by thieves, and by the owner when it takes the last one.
    top: Line<AtomicUsize>,
    /// Behind the newest; the owner's.
    bottom: Line<AtomicUsize>,
    places: [AtomicU64; N],
}

/// What a thief got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steal {
    Empty,
    /// Somebody else was faster: there may be more.
    Lost,
    Task(NonZeroU64),
}

impl<const N: usize> Default for Deque<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Deque<N> {
    const MASK: usize = {
        assert!(N.is_power_of_two());
        N - 1
    };

    /// An empty queue.
    pub const fn new() -> Self {
        Self {
            top: Line(AtomicUsize::new(0)),
            bottom: Line(AtomicUsize::new(0)),
            places: [const { AtomicU64::new(0) }; N],
        }
    }

    /// Adds a task. By the owner.
    #[inline(always)]
    pub fn push(&self, task: NonZeroU64) -> Result<(), Full> {
        let bottom = self.bottom.0.load(Ordering::Relaxed);
        // Acquire: a thief has read the place before it is filled anew.
        let top = self.top.0.load(Ordering::Acquire);
        if bottom.wrapping_sub(top) == N {
            return Err(Full);
        }
        self.places[bottom & Self::MASK].store(task.get(), Ordering::Relaxed);
        // Release: a thief that sees the index sees the place, and what the task needs.
        self.bottom.0.store(bottom.wrapping_add(1), Ordering::Release);
        Ok(())
    }

    /// Takes the newest task. By the owner.
    #[inline(always)]
    pub fn pop(&self) -> Option<NonZeroU64> {
        let bottom = self.bottom.0.load(Ordering::Relaxed).wrapping_sub(1);
        self.bottom.0.store(bottom, Ordering::Relaxed);
        // A thief that does not see the new bottom has its top seen here, or the other way round.
        fence(Ordering::SeqCst);
        let top = self.top.0.load(Ordering::Relaxed);
        let others = bottom.wrapping_sub(top) as isize;
        if others > 0 {
            return NonZeroU64::new(self.places[bottom & Self::MASK].load(Ordering::Relaxed));
        }
        // The last one is taken as thieves take it.
        let next = top.wrapping_add(1);
        let won = others == 0
            && self.top.0.compare_exchange(top, next, Ordering::SeqCst, Ordering::Relaxed).is_ok();
        let task = self.places[bottom & Self::MASK].load(Ordering::Relaxed);
        self.bottom.0.store(bottom.wrapping_add(1), Ordering::Relaxed);
        if won { NonZeroU64::new(task) } else { None }
    }

    /// Takes the oldest task. By anybody.
    #[inline(always)]
    pub fn steal(&self) -> Steal {
        let top = self.top.0.load(Ordering::Acquire);
        fence(Ordering::SeqCst);
        // Acquire: pairs with the owner's release.
        let bottom = self.bottom.0.load(Ordering::Acquire);
        if bottom.wrapping_sub(top) as isize <= 0 {
            return Steal::Empty;
        }
        let task = self.places[top & Self::MASK].load(Ordering::Relaxed);
        let next = top.wrapping_add(1);
        let won = self.top.0.compare_exchange(top, next, Ordering::SeqCst, Ordering::Relaxed);
        match (won, NonZeroU64::new(task)) {
            (Ok(_), Some(task)) => Steal::Task(task),
            _ => Steal::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::atomic::AtomicBool, thread};

    fn task(number: u64) -> NonZeroU64 {
        NonZeroU64::new(number).unwrap()
    }

    #[test]
    fn the_owner_takes_the_newest_and_a_thief_the_oldest() {
        let queue = Deque::<4>::new();
        assert_eq!((queue.pop(), queue.steal()), (None, Steal::Empty));
        for number in 1..=4 {
            assert_eq!(queue.push(task(number)), Ok(()));
        }
        assert_eq!(queue.push(task(5)), Err(Full));
        assert_eq!((queue.pop(), queue.steal()), (Some(task(4)), Steal::Task(task(1))));
        assert_eq!((queue.pop(), queue.steal()), (Some(task(3)), Steal::Task(task(2))));
        assert_eq!((queue.pop(), queue.steal()), (None, Steal::Empty));
        assert_eq!(queue.push(task(6)), Ok(()));
        assert_eq!(queue.pop(), Some(task(6)));
    }

    #[test]
    fn each_task_is_taken_once() {
        const TASKS: u64 = 10_000;
        let (queue, done) = (Deque::<16>::new(), AtomicBool::new(false));
        let taken: Vec<_> = (0..=TASKS).map(|_| AtomicU64::new(0)).collect();
        let take = |task: NonZeroU64| taken[task.get() as usize].fetch_add(1, Ordering::Relaxed);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let last = done.load(Ordering::Acquire);
                        match queue.steal() {
                            Steal::Task(task) => drop(take(task)),
                            Steal::Empty if last => break,
                            _ => thread::yield_now(),
                        }
                    }
                });
            }
            for number in 1..=TASKS {
                while queue.push(task(number)).is_err() {
                    queue.pop().map(take);
                }
                if number % 3 == 0 {
                    queue.pop().map(take);
                }
            }
            while let Some(task) = queue.pop() {
                take(task);
            }
            done.store(true, Ordering::Release);
        });
        assert!(taken[1..].iter().all(|count| count.load(Ordering::Relaxed) == 1));
    }
}
