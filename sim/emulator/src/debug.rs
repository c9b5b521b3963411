//! What a debugger asks of the machine: where harts stop, and which of them run.
//!
//! Addresses are virtual, as the program sees them, in whatever address space it is. Pages with a
//! breakpoint are executed one instruction at a time and those with a watchpoint are accessed the
//! slow way; everything else is as fast as without a debugger.

/// What of an access a watchpoint looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// Loads.
    Read,
    /// Stores. An AMO is both.
    Write,
    /// Both.
    Access,
}

/// Bytes that are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watchpoint {
    /// Address of the first.
    pub address: u64,
    /// How many.
    pub bytes: u64,
    /// Which accesses count.
    pub watch: Watch,
}

/// Why a hart stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is at a breakpoint, whose instruction it has not executed.
    Breakpoint,
    /// It is at an instruction that accesses watched bytes, which it has not executed.
    Watchpoint(Watchpoint),
    /// It has executed one instruction or taken one trap.
    Step,
}

/// A stop of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The hart that caused it.
    pub hart: usize,
    /// What it did.
    pub why: Why,
}

/// The wishes of a debugger. Without one, nothing is set.
#[derive(Clone, Debug, Default)]
pub struct Debug {
    breakpoints: Vec<u64>,
    watchpoints: Vec<Watchpoint>,
    /// This hart stops after one instruction or trap.
    pub step: Option<usize>,
    /// Only this hart runs.
    pub only: Option<usize>,
    /// A hart stopped.
    pub hit: Option<Hit>,
}

fn same_page(a: u64, b: u64) -> bool {
    a >> 12 == b >> 12
}

impl Debug {
    /// Adds a breakpoint. Harts must then forget what they know about pages.
    pub fn add_breakpoint(&mut self, address: u64) {
        self.breakpoints.push(address);
    }

    /// Removes one; false if there was none.
    pub fn remove_breakpoint(&mut self, address: u64) -> bool {
        let found = self.breakpoints.iter().position(|&known| known == address);
        found.map(|index| self.breakpoints.swap_remove(index)).is_some()
    }

    /// Adds a watchpoint. Harts must then forget what they know about pages.
    pub fn add_watchpoint(&mut self, watchpoint: Watchpoint) {
        self.watchpoints.push(watchpoint);
    }

    /// Removes one; false if there was none.
    pub fn remove_watchpoint(&mut self, watchpoint: Watchpoint) -> bool {
        let found = self.watchpoints.iter().position(|&known| known == watchpoint);
        found.map(|index| self.watchpoints.swap_remove(index)).is_some()
    }

    /// Whether a hart must look before each instruction of this page.
    pub fn breaks_in_page(&self, pc: u64) -> bool {
        self.breakpoints.iter().any(|&address| same_page(address, pc))
    }

    /// Whether accesses to this page must be looked at.
    pub fn watches_page(&self, vaddr: u64) -> bool {
        self.watchpoints.iter().any(|point| {
            let last = point.address.wrapping_add(point.bytes.saturating_sub(1));
            (point.address >> 12..=last >> 12).contains(&(vaddr >> 12))
        })
    }

    /// Whether a hart stops before it executes the instruction at `pc`; notes it if so.
    pub fn stops_before(&mut self, hart: usize, pc: u64) -> bool {
        let stops = self.breakpoints.contains(&pc);
        if stops {
            self.hit = Some(Hit { hart, why: Why::Breakpoint });
        }
        stops
    }

    /// Whether a hart stops before an access; notes it if so.
    pub fn stops_access(&mut self, hart: usize, vaddr: u64, size: u64, watch: Watch) -> bool {
        let found = self.watchpoints.iter().find(|point| {
            let kind = point.watch == Watch::Access || watch == Watch::Access;
            (kind || point.watch == watch)
                && vaddr < point.address.saturating_add(point.bytes)
                && point.address < vaddr.saturating_add(size)
        });
        match found {
            Some(&point) => {
                self.hit = Some(Hit { hart, why: Why::Watchpoint(point) });
                true
            }
            None => false,
        }
    }

    /// Notes that `hart` did its step, if it was to do one and nothing else stopped it.
    pub fn stepped(&mut self, hart: usize) {
        if self.step == Some(hart) {
            self.hit.get_or_insert(Hit { hart, why: Why::Step });
        }
    }
}
