//! Instructions that look at modes, CSRs or translation. Each is the last of its block.

use super::csr_write::Change;
use super::execute::Exit;
use super::{Hart, Priv, Trap};
use crate::bus::Bus;
use crate::choices;
use crate::decode::{Code, Op};
use crate::soc::{cause, csr};

impl Hart {
    /// Executes the instruction at `pc`, of which [`Code::ends_block`] is true and which is no jump.
    /// Counters do not include it yet. Advances `pc` if it does not trap.
    pub fn system(&mut self, bus: &mut Bus, op: &Op) -> Result<Exit, Trap> {
        let next = self.pc.wrapping_add(u64::from(op.length));
        let insn = op.imm as u64;
        let mut exit = Exit::Look;
        match op.code {
            Code::FenceI => exit = Exit::Refetch,
            Code::Ecall => {
                let cause = match self.privilege {
                    Priv::U => cause::ECALL_U,
                    Priv::S => cause::ECALL_S,
                    Priv::M => cause::ECALL_M,
                };
                return Err(Trap { cause: cause as u64, tval: 0 });
            }
            Code::Ebreak => {
                let tval = if choices::TVAL_HAS_BREAKPOINT { self.pc } else { 0 };
                return Err(Trap { cause: cause::BREAKPOINT as u64, tval });
            }
            Code::Uret | Code::Sret | Code::Mret => {
                self.leave(self.return_from(op.code).ok_or(Trap::illegal(insn))?);
                return Ok(exit);
            }
            Code::Wfi => {
                self.need(!self.csr.status.tw(), insn)?;
                self.look_at_lines(bus, self.counters.cycles);
                self.waiting = !self.wakes();
            }
            Code::SfenceVma => {
                self.need(!self.csr.status.tvm(), insn)?;
                // Finer than all is allowed, but nothing is gained by it.
                if choices::SFENCE_EMPTIES_ALL {
                    self.flush_tlb();
                }
            }
            Code::Csr => self.csr_instruction(bus, op)?,
            Code::Uipi if self.hides_uipi() => return Err(Trap::illegal(insn)),
            Code::Uipi => self.uipi(bus, op, self.counters.cycles),
            _ => return Err(Trap::illegal(insn)),
        }
        self.pc = next;
        Ok(exit)
    }

    /// What S-mode may do unless its own switch forbids it, and U-mode never.
    fn need(&self, allowed_in_s: bool, insn: u64) -> Result<(), Trap> {
        match self.privilege {
            Priv::M => Ok(()),
            Priv::S if allowed_in_s => Ok(()),
            _ => Err(Trap::illegal(insn)),
        }
    }

    /// The mode that a return instruction leaves, if it may (N-5.5, N-2.5).
    fn return_from(&self, code: Code) -> Option<Priv> {
        let mode = self.privilege;
        let (from, allowed) = match code {
            Code::Mret => (Priv::M, mode == Priv::M),
            Code::Sret => (Priv::S, mode == Priv::M || mode == Priv::S && !self.csr.status.tsr()),
            _ => (Priv::U, mode == Priv::U && self.csr.sideleg != 0),
        };
        allowed.then_some(from)
    }

    fn csr_instruction(&mut self, bus: &mut Bus, op: &Op) -> Result<(), Trap> {
        let insn = op.imm as u64;
        let number = (insn >> 20 & 0xFFF) as u16;
        let field = insn >> 15 & 0x1F;
        let change = match insn >> 12 & 3 {
            1 => Change::Replace,
            2 => Change::Set,
            _ => Change::Clear,
        };
        let writes = change == Change::Replace || field != 0;
        if writes && number >> 10 == 3 {
            return Err(Trap::illegal(insn));
        }
        if matches!(number, csr::MIP | csr::SIP | csr::UIP | csr::TIME) {
            self.look_at_lines(bus, self.counters.cycles);
        }
        let operand = if insn >> 14 & 1 != 0 { field } else { self.regs[usize::from(op.rs1)] };
        let mut old = self.read_csr(number).ok_or(Trap::illegal(insn))?;
        if let Some(told) = bus.counter().filter(|_| is_counter(number)) {
            old = told;
        }
        if writes {
            self.write_csr(number, change, operand, old);
            // A timer is like a device: the machine must learn when it is due.
            bus.touched |= matches!(number, csr::STIMECMP | csr::MENVCFG);
        }
        self.regs[usize::from(op.rd)] = old;
        Ok(())
    }

    /// Takes over the interrupt lines and the time as they are in `cycle`.
    pub fn look_at_lines(&mut self, bus: &mut Bus, cycle: u64) {
        bus.set_cycle(cycle);
        self.lines = bus.lines(self.id);
        self.time = bus.time();
    }
}

/// Whether a CSR counts by itself, as seen by M-mode or by others.
fn is_counter(number: u16) -> bool {
    matches!(number & !0x1F, csr::MCYCLE | csr::CYCLE)
}
