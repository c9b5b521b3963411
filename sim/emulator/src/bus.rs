//! The bus of the harts.

/// An access that the addressed device refuses: the hart takes an access fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BusError;
