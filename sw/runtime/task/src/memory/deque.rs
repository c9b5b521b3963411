//! A queue whose owner and thieves take from different ends (Chase and Lev 2005; with the fences of
//! Le, Pop, Cohen and Zappa Nardelli 2013).

use super::{
    Full, Line,
    atomics::{AtomicU64, AtomicUsize, fence},
};
use core::{array, num::NonZeroU64, sync::atomic::Ordering};

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
    pub fn new() -> Self {
        Self {
            top: Line(AtomicUsize::new(0)),
            bottom: Line(AtomicUsize::new(0)),
            places: array::from_fn(|_| AtomicU64::new(0)),
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
        // A thief that sees this index, or a later one, sees the place and what the task needs. A
        // releasing store would not do it: `pop` stores later ones, too.
        fence(Ordering::Release);
        self.bottom.0.store(bottom.wrapping_add(1), Ordering::Relaxed);
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
        // Acquire: pairs with the owner's fence.
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
