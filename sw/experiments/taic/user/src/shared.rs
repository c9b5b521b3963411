//! The page that all processes see: which step is on, and what one tells the other. And where this
//! process sees the pages of the TAIC.

use core::{
    mem::offset_of,
    ptr,
    sync::atomic::{AtomicU64, Ordering},
};
use rt::{
    SHARED,
    measure::{self, Word},
};
use task::memory::{Deque, Mpsc, Spmc, Spsc};

const PAGE: usize = 4096;
const HARTS: usize = 4;

/// What a coroutine of the peer notes.
#[repr(C, align(64))]
pub struct Arrival {
    utvec: AtomicU64,
    coroutine: AtomicU64,
    count: AtomicU64,
}

impl Arrival {
    /// Cycle of the first instruction at `utvec`, if it was interrupted with [`Save::Leaf`].
    pub fn utvec(&self) -> i64 {
        self.utvec.load(Ordering::Relaxed) as i64
    }

    /// Cycle of the first instruction of the coroutine.
    pub fn coroutine(&self) -> i64 {
        self.coroutine.load(Ordering::Relaxed) as i64
    }

    /// How often it ran; what it noted is seen by who sees that.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    pub fn count_address(&self) -> *const u64 {
        self.count.as_ptr()
    }
}

/// What the interrupted executor saves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Save {
    Leaf = 0,
    Rust = 1,
}

/// Where ready tasks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backing {
    Taic = 0,
    Software = 1,
}

/// What a scheduler has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    Spawn,
    Yield,
    Steal,
    Fanout,
}

impl Load {
    /// Those in which both harts must have spawned the same come first.
    pub const ALL: [Self; 4] = [Self::Steal, Self::Fanout, Self::Spawn, Self::Yield];
}

/// What a peer is to take part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Clock,
    Polling,
    Running(Save),
    Mpsc,
    Theft,
    Schedule(Load, Backing),
    Pingpong(Backing),
}

impl Step {
    const ALL: [Self; 16] = [
        Self::Clock,
        Self::Polling,
        Self::Running(Save::Leaf),
        Self::Running(Save::Rust),
        Self::Mpsc,
        Self::Theft,
        Self::Schedule(Load::Spawn, Backing::Taic),
        Self::Schedule(Load::Spawn, Backing::Software),
        Self::Schedule(Load::Yield, Backing::Taic),
        Self::Schedule(Load::Yield, Backing::Software),
        Self::Schedule(Load::Steal, Backing::Taic),
        Self::Schedule(Load::Steal, Backing::Software),
        Self::Schedule(Load::Fanout, Backing::Taic),
        Self::Schedule(Load::Fanout, Backing::Software),
        Self::Pingpong(Backing::Taic),
        Self::Pingpong(Backing::Software),
    ];

    /// Its number in [`Step::ALL`], from 1 on.
    fn number(self) -> u64 {
        let index = Self::ALL.iter().position(|it| *it == self).expect("all are there");
        index as u64 + 1
    }
}

/// The page.
#[repr(C)]
pub struct Shared {
    /// Of each hart.
    steps: [measure::Step; HARTS],
    /// Number of the sample for which the peer is ready.
    pub ready: Word,
    /// What the peer found out.
    pub result: Word,
    pub arrival: Arrival,
    /// Tasks that the peer has run.
    pub done: Word,
    /// Not 0: what the peer does for as long as it takes is over.
    pub stop: Word,
    /// Queues that both harts use: of both, of an owner, of one each, from each to the other.
    pub mpsc: Mpsc<64>,
    pub deque: Deque<64>,
    pub stealing: [Spmc<64>; 2],
    pub links: [Spsc<16>; 2],
}

const _: () = assert!(size_of::<Shared>() <= PAGE);

impl Shared {
    /// Lets a peer begin a step, after the end of the one before.
    pub fn begin(&self, hart: usize, step: Step) {
        self.finish(hart);
        self.ready.set(0);
        self.result.set(0);
        self.stop.set(0);
        self.steps[hart].begin(step.number());
    }

    /// `cycle` of the peer's hart less that of this one.
    pub fn cycle_offset(&self, hart: usize) -> i64 {
        self.steps[hart].cycle_offset(Step::Clock.number(), &self.result)
    }

    /// Waits for the end of the step.
    pub fn finish(&self, hart: usize) {
        self.steps[hart].finish();
    }

    /// On a peer: waits for a step.
    pub fn next_step(&self, hart: usize) -> Step {
        Step::ALL[self.steps[hart].next() as usize - 1]
    }

    /// On a peer: the step has ended.
    pub fn end(&self, hart: usize) {
        self.steps[hart].end();
    }
}

/// Address of `arrival`, for coroutines.
pub const ARRIVAL: usize = SHARED + offset_of!(Shared, arrival);

/// The page, which the kernel has filled with zeros.
pub fn shared() -> &'static Shared {
    // SAFETY: mapped for the whole life of all processes; all of it is atomic.
    unsafe { &*ptr::with_exposed_provenance(SHARED) }
}
