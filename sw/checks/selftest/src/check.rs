//! Tests and their reports.

use bare::{
    guest::{Mode, Trap},
    hal::println,
};
use core::fmt::LowerHex;

/// Which harts must pass a test.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// The specifications demand it of every hart with M-, S- and U-mode.
    Nothing,
    /// It concerns N, or a choice of our hart that the specifications leave open.
    OurHart,
}

/// One test.
pub struct Test {
    pub name: &'static str,
    pub clause: &'static str,
    pub needs: Needs,
    pub run: fn(&mut Check),
}

/// A test for every hart.
pub const fn test(name: &'static str, clause: &'static str, run: fn(&mut Check)) -> Test {
    Test { name, clause, needs: Needs::Nothing, run }
}

/// A test for our hart.
pub const fn ours(name: &'static str, clause: &'static str, run: fn(&mut Check)) -> Test {
    Test { name, clause, needs: Needs::OurHart, run }
}

/// Most failures of one test that are printed.
const PRINTED: u32 = 8;

/// Collects a test's failures, and prints the first ones when they happen.
pub struct Check {
    name: &'static str,
    failures: u32,
}

impl Check {
    pub fn new(name: &'static str) -> Self {
        Self { name, failures: 0 }
    }

    pub fn passed(&self) -> bool {
        self.failures == 0
    }

    fn fail(&mut self, message: core::fmt::Arguments) {
        self.failures += 1;
        if self.failures <= PRINTED {
            println!("      {}: {message}", self.name);
        }
    }

    /// Expects a number.
    pub fn eq<T: PartialEq + LowerHex>(&mut self, what: &str, got: T, expected: T) {
        if got != expected {
            self.fail(format_args!("{what}: expected {expected:#x}, got {got:#x}"));
        }
    }

    /// Expects something to hold.
    pub fn is(&mut self, what: &str, holds: bool) {
        if !holds {
            self.fail(format_args!("expected {what}"));
        }
    }

    /// Expects a guest to have got to its end.
    pub fn ended(&mut self, what: &str, trap: &Trap) {
        if !trap.ended {
            self.fail(format_args!("{what}: expected no trap, got {}", Told(trap)));
        }
    }

    /// Expects a trap into `mode` with this cause.
    pub fn trapped(&mut self, what: &str, trap: &Trap, mode: Mode, cause: usize) {
        if trap.ended || trap.mode != mode || trap.cause != cause {
            let got = Told(trap);
            self.fail(format_args!("{what}: expected {mode:?} {cause:#x}, got {got}"));
        }
    }
}

struct Told<'a>(&'a Trap);

impl core::fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Trap { mode, cause, epc, tval, ended, .. } = self.0;
        match ended {
            true => write!(f, "no trap"),
            false => write!(f, "{mode:?} {cause:#x} at {epc:#x}, value {tval:#x}"),
        }
    }
}
