//! CLINT (`sifive,clint0`): software interrupts between harts, timer compares, and the time.
//!
//! The time itself is kept by the machine's clock; here is what software adds to it.

use crate::bus::BusError;
use crate::soc::clint as map;

/// Registers of the CLINT.
#[derive(Clone, Debug, PartialEq)]
pub struct Clint {
    msip: u64,
    mtimecmp: Vec<u64>,
    /// `mtime` less the ticks of the clock.
    offset: u64,
    /// Ticks of the clock now.
    ticks: u64,
}

impl Clint {
    /// After reset: no interrupts.
    pub fn new(harts: usize) -> Self {
        Self { msip: 0, mtimecmp: vec![u64::MAX; harts], offset: 0, ticks: 0 }
    }

    /// A CLINT after a reset: its time begins anew.
    pub fn after_reset(&self) -> Self {
        let offset = 0u64.wrapping_sub(self.ticks);
        Self { ticks: self.ticks, offset, ..Self::new(self.mtimecmp.len()) }
    }

    /// Tells the ticks since reset.
    #[inline]
    pub fn set_ticks(&mut self, ticks: u64) {
        self.ticks = ticks;
    }

    /// The ticks that it was told last.
    #[inline]
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// `mtime`, which is also the `time` CSR.
    #[inline]
    pub fn time(&self) -> u64 {
        self.ticks.wrapping_add(self.offset)
    }

    /// The ticks of the clock at which `mtime` reaches `time`; now, if it has already.
    pub fn ticks_at(&self, time: u64) -> Option<u64> {
        match time.checked_sub(self.time()) {
            None => Some(self.ticks),
            Some(wait) => self.ticks.checked_add(wait),
        }
    }

    /// Number of harts.
    pub fn harts(&self) -> usize {
        self.mtimecmp.len()
    }

    /// A bit for each hart: machine software interrupt.
    pub fn msip(&self) -> u64 {
        self.msip
    }

    /// Whether the machine timer interrupt of `hart` is due.
    pub fn mtip(&self, hart: usize) -> bool {
        self.time() >= self.mtimecmp[hart]
    }

    /// The timer compare of `hart`.
    pub fn mtimecmp(&self, hart: usize) -> u64 {
        self.mtimecmp[hart]
    }

    /// Reads a register.
    pub fn read(&self, offset: u64, size: u32) -> Result<u64, BusError> {
        match self.register(offset) {
            None => Ok(0),
            Some(Register::Msip(hart)) if size == 4 => Ok(self.msip >> hart & 1),
            Some(Register::Compare(hart)) => part(self.mtimecmp[hart], offset, size),
            Some(Register::Time) => part(self.time(), offset, size),
            Some(Register::Msip(_)) => Err(BusError),
        }
    }

    /// Writes a register. A size that the register does not have is ignored.
    pub fn write(&mut self, offset: u64, size: u32, value: u64) {
        match self.register(offset) {
            Some(Register::Msip(hart)) if size == 4 => {
                self.msip = self.msip & !(1 << hart) | (value & 1) << hart;
            }
            Some(Register::Compare(hart)) => {
                self.mtimecmp[hart] = merged(self.mtimecmp[hart], offset, size, value);
            }
            Some(Register::Time) => {
                let time = merged(self.time(), offset, size, value);
                self.offset = time.wrapping_sub(self.ticks);
            }
            _ => {}
        }
    }

    fn register(&self, offset: u64) -> Option<Register> {
        let harts = self.mtimecmp.len() as u64;
        let msip = offset.wrapping_sub(map::MSIP as u64) / 4;
        let compare = offset.wrapping_sub(map::MTIMECMP as u64) / 8;
        if msip < harts {
            Some(Register::Msip(msip as usize))
        } else if compare < harts {
            Some(Register::Compare(compare as usize))
        } else if offset & !7 == map::MTIME as u64 {
            Some(Register::Time)
        } else {
            None
        }
    }
}

enum Register {
    Msip(usize),
    Compare(usize),
    Time,
}

/// The read half of a register of 8 bytes, or all of it.
fn part(value: u64, offset: u64, size: u32) -> Result<u64, BusError> {
    match size {
        8 => Ok(value),
        4 => Ok(value >> (8 * (offset & 4)) & 0xFFFF_FFFF),
        _ => Err(BusError),
    }
}

/// A register of 8 bytes after a write.
fn merged(old: u64, offset: u64, size: u32, value: u64) -> u64 {
    match size {
        8 => value,
        4 => {
            let shift = 8 * (offset & 4);
            old & !(0xFFFF_FFFF << shift) | (value & 0xFFFF_FFFF) << shift
        }
        _ => old,
    }
}
