//! Task identifiers.

/// A task identifier, whose low bits mean something to the device (TAIC-4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Task(pub u64);

/// The priority field of the least urgent task; also what RUNNING holds if no task runs.
pub const LEAST_URGENT: u8 = 15;

const PRIORITY_BITS: u32 = 4;
const SHORT_BITS: u32 = 52;

impl Task {
    /// The task and the number in a word of `arm` or `arm_line` (TAIC-4.4).
    pub fn short(word: u64) -> (Self, usize) {
        let unused = 64 - SHORT_BITS;
        (Self(((word << unused) as i64 >> unused) as u64), (word >> SHORT_BITS) as usize)
    }

    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    /// A wake of this task may interrupt a hart.
    pub fn preempts(self) -> bool {
        self.0 & 1 != 0
    }

    /// A record stays armed after a wake of this task.
    pub fn keeps(self) -> bool {
        self.0 & 2 != 0
    }

    /// The priority field; 0 is the most urgent.
    pub fn priority(self) -> u8 {
        (self.0 >> 2) as u8 & LEAST_URGENT
    }

    /// The list among `levels`, a power of two, that holds this task (TAIC-4.3).
    pub fn level(self, levels: usize) -> usize {
        usize::from(self.priority()) >> (PRIORITY_BITS - levels.trailing_zeros())
    }
}
