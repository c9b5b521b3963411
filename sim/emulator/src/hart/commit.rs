//! One instruction at a time, with an account of what it did.

use super::trap::INTERRUPT;
use super::{Hart, Priv};
use crate::bus::Bus;
use crate::decode::{Code, Op, decode, length};

/// A trap that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// An interrupt, or an exception.
    pub interrupt: bool,
    /// Its code.
    pub cause: u64,
    /// `xtval`.
    pub tval: u64,
    /// Cycle of the hart.
    pub cycle: u64,
    /// Address of the first instruction that was not executed.
    pub pc: u64,
    /// Instructions retired before.
    pub retired: u64,
}

impl Taken {
    /// From the value of `xcause`.
    pub fn new(hart: &Hart, cause: u64, tval: u64) -> Self {
        Self {
            interrupt: cause & INTERRUPT != 0,
            cause: cause & !INTERRUPT,
            tval,
            cycle: hart.counters.cycles,
            pc: hart.pc,
            retired: hart.counters.retired,
        }
    }
}

/// A load, a store, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accessed {
    /// Virtual address.
    pub address: u64,
    /// Bytes.
    pub size: u64,
    /// What was read, as the register got it.
    pub read: Option<u64>,
    /// Operand of the store.
    pub written: Option<u64>,
}

/// An instruction that retired, or a trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its address.
    pub pc: u64,
    /// Its bits; 0 if it could not be fetched.
    pub insn: u32,
    /// The mode in which it was executed.
    pub privilege: Priv,
    /// The register that it wrote, 0 for none, and the value.
    pub rd: (u8, u64),
    /// Access to memory.
    pub access: Option<Accessed>,
    /// The trap that was taken instead.
    pub trap: Option<Taken>,
}

impl Hart {
    /// Executes one instruction or takes one trap, and tells about it. Interrupts come first.
    pub fn commit(&mut self, bus: &mut Bus) -> Commit {
        self.tell(bus, |hart, bus| {
            hart.look(bus);
            true
        })
        .unwrap_or_else(|| unreachable!("nothing is refused"))
    }

    /// The same, but whether an interrupt is taken is given. `None` if it is not the one that would
    /// be taken.
    pub fn commit_given(&mut self, bus: &mut Bus, interrupt: Option<u64>) -> Option<Commit> {
        self.tell(bus, |hart, bus| {
            hart.look_at_lines(bus, hart.counters.cycles);
            hart.waiting = false;
            let Some(cause) = interrupt else { return true };
            match hart.next_interrupt() {
                Some((mode, next)) if next == cause => {
                    hart.take_interrupt(mode, cause);
                    hart.counters.cycles += 1;
                    true
                }
                _ => false,
            }
        })
    }

    /// Executes an instruction, unless `first` takes a trap. `None` if `first` refuses.
    fn tell(
        &mut self,
        bus: &mut Bus,
        first: impl FnOnce(&mut Self, &mut Bus) -> bool,
    ) -> Option<Commit> {
        let (pc, privilege) =
            (super::sign_extend(self.pc, crate::choices::PC_BITS), self.privilege);
        let traps = self.traps;
        let insn = self.fetch(bus, pc).unwrap_or(0);
        let insn = if length(insn) == 2 { insn & 0xFFFF } else { insn };
        let op = decode(insn);
        let before = self.regs;
        if !first(self, bus) {
            return None;
        }
        if self.traps == traps {
            self.step(bus);
        }
        let trap = self.last_trap.filter(|_| self.traps != traps);
        let retired = trap.is_none();
        let written = if retired { op.written() } else { 0 };
        let value = self.regs[usize::from(written)];
        let access = if retired { self.accessed(&op, &before) } else { None };
        Some(Commit { pc, insn, privilege, rd: (written, value), access, trap })
    }

    /// As [`Hart::run`], but tells `observer` about every instruction.
    pub fn run_observed(
        &mut self,
        bus: &mut Bus,
        end: u64,
        yields: bool,
        observer: &mut dyn FnMut(u64, usize, &Commit),
    ) {
        self.look_at_lines(bus, self.counters.cycles);
        self.waiting &= !self.wakes();
        while self.counters.cycles < end && !self.waiting {
            let cycle = self.counters.cycles;
            let steps = bus.debug.step == Some(self.id);
            if !steps && bus.debug.stops_before(self.id, self.pc) {
                return;
            }
            let commit = self.commit(bus);
            if bus.debug.hit.is_some() {
                return;
            }
            observer(cycle, self.id, &commit);
            let touched = std::mem::take(&mut bus.touched);
            bus.debug.stepped(self.id);
            let stops = bus.stored.is_some() || bus.debug.hit.is_some();
            if bus.finisher.end().is_some() || stops || touched && yields {
                return;
            }
        }
    }

    fn accessed(&self, op: &Op, before: &[u64; 256]) -> Option<Accessed> {
        let (loads, stores) = match op.code {
            Code::Lb | Code::Lh | Code::Lw | Code::Ld => (true, false),
            Code::Lbu | Code::Lhu | Code::Lwu | Code::LrW | Code::LrD => (true, false),
            Code::Sb | Code::Sh | Code::Sw | Code::Sd => (false, true),
            Code::ScW | Code::ScD => (false, self.regs[usize::from(op.rd)] == 0),
            Code::AmoW | Code::AmoD => (true, true),
            _ => return None,
        };
        let size = match op.code {
            Code::Lb | Code::Lbu | Code::Sb => 1,
            Code::Lh | Code::Lhu | Code::Sh => 2,
            Code::Lw | Code::Lwu | Code::Sw | Code::LrW | Code::ScW | Code::AmoW => 4,
            _ => 8,
        };
        let atomic = matches!(
            op.code,
            Code::LrW | Code::LrD | Code::ScW | Code::ScD | Code::AmoW | Code::AmoD
        );
        let offset = if atomic { 0 } else { op.imm as u64 };
        (loads || stores).then(|| Accessed {
            address: before[usize::from(op.rs1)].wrapping_add(offset),
            size,
            read: loads.then(|| self.regs[usize::from(op.rd)]),
            written: stores.then(|| before[usize::from(op.rs2)]),
        })
    }
}
