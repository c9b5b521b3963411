//! Exceptions, their delegation, trap entry and return.

use super::{Hart, Priv, Taken, sign_extend};
use crate::choices;
use crate::soc::cause;

/// An exception: its code and `xtval`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trap {
    /// Code of `xcause`.
    pub cause: u64,
    /// What `xtval` gets.
    pub tval: u64,
}

impl Trap {
    /// No exception, which has no such code: the hart stops before the instruction for a debugger.
    pub const DEBUGGER: Self = Self { cause: u64::MAX, tval: 0 };

    /// An illegal instruction with these bits.
    pub fn illegal(insn: u64) -> Self {
        let tval = if choices::TVAL_HAS_INSTRUCTION { insn } else { 0 };
        Self { cause: cause::ILLEGAL_INSN as u64, tval }
    }
}

/// Bit of `xcause` that marks an interrupt.
pub const INTERRUPT: u64 = 1 << 63;

impl Hart {
    /// Takes an exception at `pc`.
    pub fn take_exception(&mut self, trap: Trap) {
        let delegated = self.privilege != Priv::M && self.csr.medeleg >> trap.cause & 1 != 0;
        let to = if delegated { Priv::S } else { Priv::M };
        self.enter(to, trap.cause, trap.tval);
    }

    /// Takes an interrupt in the mode `to` (N-5.1).
    pub fn take_interrupt(&mut self, to: Priv, code: u64) {
        self.waiting = false;
        self.enter(to, INTERRUPT | code, 0);
    }

    fn enter(&mut self, to: Priv, cause: u64, tval: u64) {
        self.note_trap(cause, tval);
        let handler = &mut self.csr.handlers[to as usize];
        handler.epc = sign_extend(self.pc, choices::PC_BITS) & !1;
        handler.cause = cause;
        handler.tval = tval;
        let vectored = handler.tvec & 1 != 0 && cause & INTERRUPT != 0;
        let base = handler.tvec & !3;
        self.pc = if vectored { base + 4 * (cause & !INTERRUPT) } else { base };
        self.csr.status.enter(to, self.privilege);
        self.privilege = to;
        self.counters.trap(to);
        if choices::RESERVATION_ENDS_AT_TRAP {
            self.reservation = None;
        }
    }

    /// Remembers the trap for reports.
    fn note_trap(&mut self, cause: u64, tval: u64) {
        let taken = Taken::new(self, cause, tval);
        let repeated = self.last_trap.is_some_and(|last| last.retired == taken.retired);
        if !repeated {
            self.first_trap = Some(taken);
        }
        self.last_trap = Some(taken);
        self.traps += 1;
    }

    /// URET, SRET or MRET, whose right was checked.
    pub fn leave(&mut self, from: Priv) {
        self.pc = self.csr.handlers[from as usize].epc;
        self.privilege = self.csr.status.leave(from);
    }
}
