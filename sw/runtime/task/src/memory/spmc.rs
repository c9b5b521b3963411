//! A queue whose owner and thieves all take the oldest task.

use super::{
    Full, Line,
    atomics::AtomicUsize,
    places::{Places, STEP},
};
use core::{num::NonZeroU64, sync::atomic::Ordering};

/// First in, first out for its owner; others steal.
///
/// Whoever exchanges the word in a place for 0 has the task: one atomic operation, which always
/// succeeds, on either side. All else is loads and stores. Indices only say where to look; they go on
/// beyond the end.
#[derive(Debug)]
#[repr(C)]
pub struct Spmc<const N: usize> {
    owner: Line<Owner>,
    /// The places before it have been found empty by thieves. It may be too small.
    stolen: Line<AtomicUsize>,
    places: Places<N>,
}

/// Written by the owner alone.
#[derive(Debug)]
#[repr(C)]
struct Owner {
    /// The places before it are empty.
    head: AtomicUsize,
    /// Behind the newest task.
    tail: AtomicUsize,
}

impl<const N: usize> Default for Spmc<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Spmc<N> {
    /// An empty queue.
    pub fn new() -> Self {
        Self {
            owner: Line(Owner { head: AtomicUsize::new(0), tail: AtomicUsize::new(0) }),
            stolen: Line(AtomicUsize::new(0)),
            places: Places::new(),
        }
    }

    /// Adds a task. By the owner.
    #[inline(always)]
    pub fn enqueue(&self, task: NonZeroU64) -> Result<(), Full> {
        let Owner { head, tail } = &self.owner.0;
        let end = tail.load(Ordering::Relaxed);
        if end.wrapping_sub(head.load(Ordering::Relaxed)) == Places::<N>::BYTES {
            self.pass_stolen()?;
        }
        // Release: a thief sees what the task needs, even if it has looked for an older one here.
        self.places.at(end).store(task.get(), Ordering::Release);
        // Release: a thief that sees this index finds the task.
        tail.store(end.wrapping_add(STEP), Ordering::Release);
        Ok(())
    }

    /// Makes room of the oldest place, if it is empty.
    #[cold]
    fn pass_stolen(&self) -> Result<(), Full> {
        let head = self.owner.0.head.load(Ordering::Relaxed);
        if self.places.at(head).load(Ordering::Relaxed) != 0 {
            return Err(Full);
        }
        self.owner.0.head.store(head.wrapping_add(STEP), Ordering::Relaxed);
        Ok(())
    }

    /// Takes the oldest task. By the owner.
    #[inline(always)]
    pub fn dequeue(&self) -> Option<NonZeroU64> {
        let Owner { head, tail } = &self.owner.0;
        let end = tail.load(Ordering::Relaxed);
        let mut index = head.load(Ordering::Relaxed);
        while index != end {
            // Relaxed: the owner itself has written the word.
            let task = self.places.at(index).swap(0, Ordering::Relaxed);
            index = index.wrapping_add(STEP);
            head.store(index, Ordering::Relaxed);
            if let Some(task) = NonZeroU64::new(task) {
                return Some(task);
            }
        }
        None
    }

    /// Takes the oldest task. By anybody.
    #[inline(always)]
    pub fn steal(&self) -> Option<NonZeroU64> {
        let Owner { head, tail } = &self.owner.0;
        // Acquire: pairs with the owner's release.
        let end = tail.load(Ordering::Acquire);
        let head = head.load(Ordering::Relaxed);
        let stolen = self.stolen.0.load(Ordering::Relaxed);
        let mut index = if stolen.wrapping_sub(head) as isize > 0 { stolen } else { head };
        while (end.wrapping_sub(index) as isize) > 0 {
            // Acquire: pairs with the release of the task, which may be a later one.
            let task = self.places.at(index).swap(0, Ordering::Acquire);
            index = index.wrapping_add(STEP);
            if let Some(task) = NonZeroU64::new(task) {
                self.stolen.0.store(index, Ordering::Relaxed);
                return Some(task);
            }
        }
        None
    }
}
