//! Test finisher (`sifive,test1`): how a program tells that it has ended.

use crate::soc::finisher as map;

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It passed.
    Pass,
    /// It failed with this code.
    Fail(u64),
    /// It asks for a reset.
    Reset,
}

/// The first valid end, until reset.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finisher {
    end: Option<End>,
}

impl Finisher {
    /// How the program ended, if it did.
    #[inline]
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// Writes the register. Other kinds, and whatever comes after an end, do nothing.
    pub fn write(&mut self, offset: u64, size: u32, value: u64) {
        if offset != map::FINISH as u64 || !matches!(size, 2 | 4) || self.end.is_some() {
            return;
        }
        let code = if size == 4 { value >> 16 & 0xFFFF } else { 0 };
        self.end = match (value & 0xFFFF) as usize {
            map::PASS => Some(End::Pass),
            map::FAIL => Some(End::Fail(code.max(1))),
            map::RESET => Some(End::Reset),
            _ => None,
        };
    }
}
