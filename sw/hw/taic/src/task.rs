//! Task identifiers.

use core::{fmt, num::NonZeroU64};
use soc::{taic, taic_queue};

const PREEMPT: u64 = taic::TASK_PREEMPT as u64;
const KEEP: u64 = taic::TASK_KEEP as u64;
const PRIORITY: u64 = taic::TASK_PRIORITY as u64;
const FLAGS: u64 = PREEMPT | KEEP | PRIORITY;

/// Bits of an identifier that a channel or a line can hold. The device sign-extends them.
const SHORT_BITS: u32 = taic_queue::ARM_TASK.count_ones();

/// How urgent a task is: 0 is the most urgent. Of the four bits the device uses the upper ones, as
/// many as it has levels for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Priority(u8);

impl Priority {
    pub const HIGHEST: Self = Self(0);
    pub const LOWEST: Self = Self(15);

    /// `None` above 15.
    pub const fn new(number: u8) -> Option<Self> {
        if number <= Self::LOWEST.0 { Some(Self(number)) } else { None }
    }

    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A task that can be made ready: an address, and how it wants to be woken.
///
/// Bits 63:6 are the address of something that is aligned to 64 bytes, or whatever else the program
/// likes; bits 5:2 the priority, where the context uses priorities; bit 1 keep; bit 0 preempt.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct TaskId(NonZeroU64);

impl TaskId {
    /// Alignment of what an identifier is the address of.
    pub const ALIGNMENT: usize = 64;

    /// The task at `address`: priority 0, not preempting, not kept. `None` for an address that is 0
    /// or not aligned.
    pub const fn new(address: u64) -> Option<Self> {
        if address & FLAGS != 0 { None } else { Self::from_bits(address) }
    }

    /// Any word but 0.
    pub const fn from_bits(bits: u64) -> Option<Self> {
        match NonZeroU64::new(bits) {
            Some(bits) => Some(Self(bits)),
            None => None,
        }
    }

    pub const fn bits(self) -> u64 {
        self.0.get()
    }

    /// The address, without the rest.
    pub const fn address(self) -> u64 {
        self.bits() & !FLAGS
    }

    /// The same task, whose wake-ups interrupt the worker.
    pub const fn preempting(self) -> Self {
        self.with(PREEMPT)
    }

    pub const fn preempts(self) -> bool {
        self.bits() & PREEMPT != 0
    }

    /// The same task, which a wake-up leaves armed.
    pub const fn kept(self) -> Self {
        self.with(KEEP)
    }

    pub const fn is_kept(self) -> bool {
        self.bits() & KEEP != 0
    }

    const fn with(self, flag: u64) -> Self {
        match NonZeroU64::new(self.bits() | flag) {
            Some(bits) => Self(bits),
            None => self,
        }
    }

    /// The same task, so urgent. `None` if nothing is left: address 0 and priority 0.
    pub const fn with_priority(self, priority: Priority) -> Option<Self> {
        Self::from_bits(self.bits() & !PRIORITY | (priority.0 as u64) << PRIORITY.trailing_zeros())
    }

    pub const fn priority(self) -> Priority {
        Priority(((self.bits() & PRIORITY) >> PRIORITY.trailing_zeros()) as u8)
    }

    /// The identifier in 52 bits, if they tell the rest.
    pub(crate) const fn short(self) -> Option<u64> {
        let unused = u64::BITS - SHORT_BITS;
        let extended = (self.bits() << unused).cast_signed() >> unused;
        let bits = self.bits() & (u64::MAX >> unused);
        if extended.cast_unsigned() == self.bits() { Some(bits) } else { None }
    }
}

impl From<NonZeroU64> for TaskId {
    fn from(bits: NonZeroU64) -> Self {
        Self(bits)
    }
}

impl From<TaskId> for NonZeroU64 {
    fn from(task: TaskId) -> Self {
        task.0
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let preempt = if self.preempts() { " preempt" } else { "" };
        let keep = if self.is_kept() { " keep" } else { "" };
        write!(f, "task {:#x} priority {}{preempt}{keep}", self.address(), self.priority().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: TaskId = TaskId::new(0x8000_1240).unwrap();

    #[test]
    fn an_identifier_is_laid_out_as_specified() {
        assert_eq!(TASK.preempting().bits(), 0x8000_1241);
        assert_eq!(TASK.preempting().preempting().kept().kept().bits(), 0x8000_1243);
        let task = TASK.kept().with_priority(Priority::LOWEST).unwrap();
        assert_eq!(task.bits(), 0x8000_127e);
        assert_eq!((task.address(), task.priority()), (0x8000_1240, Priority::LOWEST));
        assert!(task.is_kept() && !task.preempts());
        assert_eq!(task.with_priority(Priority::HIGHEST), Some(TASK.kept()));
        assert_eq!(format!("{:?}", task.preempting()), "task 0x80001240 priority 15 preempt keep");
    }

    #[test]
    fn what_is_no_task_is_refused() {
        assert_eq!(TaskId::new(0), None);
        assert_eq!(TaskId::new(0x104), None);
        assert_eq!(TaskId::from_bits(0), None);
        assert_eq!(Priority::new(16), None);
        let nothing = TaskId::from_bits(4).unwrap().with_priority(Priority::HIGHEST);
        assert_eq!(nothing, None);
    }

    #[test]
    fn an_address_of_51_bits_and_its_sign_is_short() {
        let short = |bits| TaskId::from_bits(bits).unwrap().short();
        assert_eq!(short(0x0007_ffff_ffff_ffff), Some(0x0007_ffff_ffff_ffff));
        assert_eq!(short(0x0008_0000_0000_0000), None);
        assert_eq!(short(0xffff_ffff_8000_0041), Some(0x000f_ffff_8000_0041));
        assert_eq!(short(0xfff7_ffff_ffff_ffff), None);
    }
}
