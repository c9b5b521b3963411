//! How CSRs are written.

use super::csr::{Handler, STCE};
use super::interrupt::{MACHINE, SUPERVISOR, USER};
use super::status::{M_FIELDS, S_FIELDS, U_FIELDS};
use super::{Hart, held_address};
use crate::choices;
use crate::soc::{csr, irq};

/// What a CSR instruction does with its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// CSRRW.
    Replace,
    /// CSRRS.
    Set,
    /// CSRRC.
    Clear,
}

impl Change {
    fn apply(self, old: u64, operand: u64) -> u64 {
        match self {
            Change::Replace => operand,
            Change::Set => old | operand,
            Change::Clear => old & !operand,
        }
    }
}

const SSIP: u64 = 1 << irq::SSI;
const STIP: u64 = 1 << irq::STI;
const SEIP: u64 = 1 << irq::SEI;
const USIP: u64 = 1 << irq::USI;
const FIOM: u64 = 1;
const MPP: u64 = 3 << 11;
const SUIST_ENABLE: u64 = 1 << 63;
const SUIST_SIZE: u64 = 0xFFF << 44;
const SUIRS_FIELDS: u64 = 1 << 63 | 0xFFFF;
const MODE_SV39: u64 = 8;

fn merged(old: u64, new: u64, mask: u64) -> u64 {
    old & !mask | new & mask
}

/// All bits of a physical page number are kept: no table is looked for at another address (N-3.11).
const PPN: u64 = (1 << 44) - 1;

impl Hart {
    /// Writes a CSR that exists and may be accessed. `old` is what was read.
    pub fn write_csr(&mut self, number: u16, change: Change, operand: u64, old: u64) {
        let value = change.apply(old, operand);
        let state = &mut self.csr;
        match number {
            csr::USTATUS => state.status.write(value, U_FIELDS),
            csr::SSTATUS => state.status.write(value, S_FIELDS),
            csr::MSTATUS => {
                let reserved = value >> 11 & 3 == choices::RESERVED_MPP;
                state.status.write(value, if reserved { M_FIELDS & !MPP } else { M_FIELDS });
            }
            csr::MIE => state.mie = value & (MACHINE | SUPERVISOR | USER),
            csr::SIE => state.mie = merged(state.mie, value, state.mideleg),
            csr::UIE => state.mie = merged(state.mie, value, state.to_user()),
            csr::MIP | csr::SIP | csr::UIP => self.write_pending(number, change, operand),
            csr::MEDELEG => state.medeleg = value & choices::DELEGABLE_EXCEPTIONS,
            csr::MIDELEG => state.mideleg = value & (SUPERVISOR | USER),
            csr::SIDELEG => state.sideleg = value & USER,
            csr::MCOUNTEREN => state.mcounteren = value & self.counters.existing(),
            csr::SCOUNTEREN => state.scounteren = value & self.counters.existing(),
            csr::MCOUNTINHIBIT => self.counters.set_inhibit(value),
            csr::MENVCFG => state.menvcfg = value & (STCE | FIOM),
            csr::SENVCFG => state.senvcfg = value & FIOM,
            csr::SATP => self.write_satp(value),
            csr::STIMECMP => state.stimecmp = value,
            csr::SUIST => state.suist = value & (SUIST_ENABLE | SUIST_SIZE | PPN),
            csr::SUIRS => state.suirs = value & SUIRS_FIELDS,
            csr::SUIERR => state.suierr = 0,
            _ => self.write_numbered(number, value),
        }
    }

    /// A write of a pending bit changes its latch, from the latch and not from what was read
    /// (N-3.5, N-3.6, N-4.2).
    fn write_pending(&mut self, number: u16, change: Change, operand: u64) {
        let state = &mut self.csr;
        let mask = match number {
            csr::MIP => SSIP | SEIP | USER | if state.stce() { 0 } else { STIP },
            csr::SIP => state.mideleg & (SSIP | USER),
            _ => state.to_user() & USIP,
        };
        state.latch = merged(state.latch, change.apply(state.latch, operand), mask);
    }

    fn write_satp(&mut self, value: u64) {
        let mode = value >> 60;
        if mode != 0 && mode != MODE_SV39 {
            return;
        }
        let asid = value >> 44 & ((1 << choices::ASID_BITS) - 1);
        let satp = mode << 60 | asid << 44 | value & PPN;
        if choices::SATP_EMPTIES_ALL && satp != self.csr.satp {
            self.flush_tlb();
        }
        self.csr.satp = satp;
    }

    fn write_numbered(&mut self, number: u16, value: u64) {
        let mode = usize::from(number >> 8);
        if let Some(handler) = self.csr.handlers.get_mut(mode).filter(|_| mode != 2)
            && write_handler(handler, number & 0xFF, value)
        {
            return;
        }
        let index = usize::from(number & 0x1F);
        match number & !0x1F {
            csr::MCYCLE => {
                let own = u64::from(choices::COUNTER_WRITE_WINS);
                self.counters.write(index, value, own);
            }
            block if block == csr::MHPMEVENT3 & !0x1F => self.counters.select(index, value),
            csr::PMPCFG0 => {
                match number - csr::PMPCFG0 {
                    0 => self.csr.pmp.write_config(0, value),
                    2 => self.csr.pmp.write_config(8, value),
                    n => self.csr.pmp.write_address(usize::from(n).wrapping_sub(16), value),
                }
                self.flush_tlb();
            }
            _ => {}
        }
    }
}

/// Writes a CSR of a handler; false if the number is that of none.
fn write_handler(handler: &mut Handler, low: u16, value: u64) -> bool {
    match low {
        csr::UTVEC => {
            let vectored = value & 1;
            let aligned = if vectored != 0 { (1 << choices::VECTOR_ALIGN_BITS) - 1 } else { 3 };
            handler.tvec = held_address(value) & !aligned | vectored;
        }
        csr::USCRATCH => handler.scratch = value,
        csr::UEPC => handler.epc = held_address(value) & !1,
        csr::UCAUSE => {
            handler.cause = value & (1 << 63 | ((1 << choices::CAUSE_CODE_BITS) - 1));
        }
        csr::UTVAL => handler.tval = value,
        _ => return false,
    }
    true
}
