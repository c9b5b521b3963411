//! The page that both processes share: the current step, and what one tells the other.

use core::{
    hint::spin_loop,
    mem::offset_of,
    ptr,
    sync::atomic::{AtomicU64, Ordering},
};
use rt::{
    SHARED,
    measure::{self, Word},
};

/// What a handler notes of an interrupt.
#[repr(C, align(64))]
pub struct Arrival {
    utvec: AtomicU64,
    body: AtomicU64,
    count: AtomicU64,
    message: AtomicU64,
    /// The message, or the pending vectors, as the handler found them.
    received: AtomicU64,
}

impl Arrival {
    /// Cycle of the first instruction at `utvec`.
    pub fn utvec(&self) -> i64 {
        self.utvec.load(Ordering::Relaxed) as i64
    }

    /// Cycle of the first instruction of the handler.
    pub fn body(&self) -> i64 {
        self.body.load(Ordering::Relaxed) as i64
    }

    /// Interrupts so far. Whoever sees the number also sees what they noted.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    pub fn wait_for(&self, count: u64) {
        while self.count() != count {
            spin_loop();
        }
    }

    /// Where the sender writes a message.
    pub fn message(&self) -> *mut u64 {
        self.message.as_ptr()
    }

    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    pub fn as_ptr(&self) -> *mut u64 {
        self.utvec.as_ptr()
    }
}

/// A step: both processes take part in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Clock,
    Cross,
    PingPong(PingPong),
    Kernel,
    Offline(usize),
    Switch(Place),
    End,
}

/// The entry of a ping-pong's handlers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PingPong {
    Leaf,
    Rust,
}

/// Where a receiver is switched in, compared with the time before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Same,
    Migrated,
}

impl Step {
    fn encode(self) -> u64 {
        match self {
            Self::Clock => 1,
            Self::Cross => 2,
            Self::PingPong(PingPong::Leaf) => 3,
            Self::PingPong(PingPong::Rust) => 4,
            Self::Kernel => 5,
            Self::End => 6,
            Self::Switch(Place::Same) => 7,
            Self::Switch(Place::Migrated) => 8,
            Self::Offline(competing) => 9 + competing as u64,
        }
    }

    fn decode(word: u64) -> Self {
        match word {
            1 => Self::Clock,
            2 => Self::Cross,
            3 => Self::PingPong(PingPong::Leaf),
            4 => Self::PingPong(PingPong::Rust),
            5 => Self::Kernel,
            6 => Self::End,
            7 => Self::Switch(Place::Same),
            8 => Self::Switch(Place::Migrated),
            _ => Self::Offline(word as usize - 9),
        }
    }
}

/// The page.
#[repr(C)]
pub struct Shared {
    step: measure::Step,
    /// Number of the sample for which the peer is ready.
    pub ready: Word,
    /// The peer's result.
    pub result: Word,
    /// Interrupts of the peer.
    pub arrival: Arrival,
    /// Interrupts of the roaming receiver.
    pub roaming: Arrival,
    /// Cycles of its last switch: the first one, and the one in which it became active.
    pub exchanged: [Word; 2],
}

impl Shared {
    /// Lets the peer begin a step. The previous step must have ended.
    pub fn begin(&self, step: Step) {
        self.step.finish();
        self.ready.set(0);
        self.step.begin(step.encode());
    }

    /// `cycle` of the peer's hart less that of this one.
    pub fn cycle_offset(&self) -> i64 {
        self.step.cycle_offset(Step::Clock.encode(), &self.result)
    }

    /// Waits for the end of the step.
    pub fn finish(&self) {
        self.step.finish();
    }

    /// On the peer: waits for a step.
    pub fn next_step(&self) -> Step {
        Step::decode(self.step.next())
    }

    /// On the peer: the step has ended.
    pub fn end(&self) {
        self.step.end();
    }
}

/// Address of `arrival`, for handlers.
pub const ARRIVAL: usize = SHARED + offset_of!(Shared, arrival);

/// Address of `roaming`, for handlers.
pub const ROAMING_ARRIVAL: usize = SHARED + offset_of!(Shared, roaming);

/// The page. The kernel has filled it with zeros.
pub fn shared() -> &'static Shared {
    // SAFETY: mapped for the whole life of both processes; all of it is atomic.
    unsafe { &*ptr::with_exposed_provenance(SHARED) }
}
