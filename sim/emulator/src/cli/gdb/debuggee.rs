//! What a machine must be able to do to be debugged.

use emulator::debug::Watchpoint;

/// A register of a hart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// `x0` to `x31`.
    X(u8),
    /// Address of the next instruction.
    Pc,
    /// A CSR, by its number.
    Csr(u16),
    /// Privilege mode, as `mstatus.MPP` encodes it.
    Privilege,
}

/// Which harts go on when the machine does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// This one executes one instruction.
    pub step: Option<usize>,
    /// The others stand still.
    pub only: Option<usize>,
}

/// A machine that stands still while its debugger looks at it. Harts have numbers from 0 on.
pub trait Debuggee {
    /// Number of harts.
    fn harts(&self) -> usize;

    /// The CSRs that exist: names and numbers.
    fn csrs(&mut self) -> Vec<(String, u16)>;

    /// A register, as M-mode would read it. `None` if there is none.
    fn register(&mut self, hart: usize, register: Register) -> Option<u64>;

    /// Changes a register, as M-mode would. False if there is none or it cannot be written.
    fn set_register(&mut self, hart: usize, register: Register, value: u64) -> bool;

    /// Reads memory through the translation of a hart; returns how many bytes there were.
    fn read(&mut self, hart: usize, vaddr: u64, bytes: &mut [u8]) -> usize;

    /// Writes memory, all bytes or none.
    fn write(&mut self, hart: usize, vaddr: u64, bytes: &[u8]) -> bool;

    /// Sets or clears a breakpoint. False if there was none to be cleared.
    fn breakpoint(&mut self, vaddr: u64, set: bool) -> bool;

    /// Sets or clears a watchpoint. False if there was none to be cleared.
    fn watchpoint(&mut self, watchpoint: Watchpoint, set: bool) -> bool;

    /// What harts do from now on.
    fn resume(&mut self, how: Resume);

    /// Forgets all breakpoints, watchpoints and wishes.
    fn forget(&mut self);

    /// A few words about what a hart does.
    fn state(&self, hart: usize) -> String;

    /// A hart that does something, if any does.
    fn busy(&self) -> usize;
}
