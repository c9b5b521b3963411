//! What can go wrong.

/// Why the library could not do something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// No untyped object has room.
    NoMemory,
    /// The root task's CNode is full.
    NoSlots,
    /// The kernel refused.
    Refused(sel4::Failure),
    /// A file is no program that can be loaded.
    BadProgram,
}

pub type Result<T = ()> = core::result::Result<T, Error>;

impl From<sel4::Failure> for Error {
    fn from(failure: sel4::Failure) -> Self {
        Self::Refused(failure)
    }
}
