//! CSRs: what they hold, and how they are read.

use super::interrupt::USER;
use super::pmp::Pmp;
use super::{Hart, HartConfig, Priv, Status};
use crate::choices;
use crate::soc::{self, csr};

/// `xtvec`, `xepc`, `xcause`, `xtval` and `xscratch` of a mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handler {
    /// Address of the handler, and in bit 0 whether it is vectored.
    pub tvec: u64,
    /// Interrupted address.
    pub epc: u64,
    /// Cause.
    pub cause: u64,
    /// More about the cause.
    pub tval: u64,
    /// Free for the handler.
    pub scratch: u64,
}

/// All CSRs but counters.
#[derive(Clone, Debug, PartialEq)]
pub struct Csrs {
    /// `mstatus`.
    pub status: Status,
    /// By the number of the mode; one is not used.
    pub handlers: [Handler; 4],
    /// Delegated exceptions.
    pub medeleg: u64,
    /// Interrupts delegated to S-mode.
    pub mideleg: u64,
    /// Interrupts delegated to U-mode, as far as `mideleg` delegates them.
    pub sideleg: u64,
    /// Interrupt enables.
    pub mie: u64,
    /// Pending bits that software wrote (N-4.2).
    pub latch: u64,
    /// Counters that S-mode may read.
    pub mcounteren: u64,
    /// Counters that U-mode may read.
    pub scounteren: u64,
    /// Environment of S-mode: STCE and FIOM.
    pub menvcfg: u64,
    /// Environment of U-mode: FIOM.
    pub senvcfg: u64,
    /// Page table.
    pub satp: u64,
    /// Timer of S-mode.
    pub stimecmp: u64,
    /// Sender table (N-3.11).
    pub suist: u64,
    /// Own receiver (N-3.12).
    pub suirs: u64,
    /// Last refused UIPI (N-3.14).
    pub suierr: u64,
    /// Memory protection.
    pub pmp: Pmp,
}

/// Bit of `menvcfg` that enables `stimecmp`.
pub const STCE: u64 = 1 << 63;
/// Bit of `mcounteren` and `scounteren` for `time`.
const TM: u64 = 1 << 1;
/// Extensions of `misa`: A, C, I, M, N, S, U, and MXL for 64 bits (N-1.2).
const MISA: u64 = 2 << 62 | letters(b"ACIMNSU");

const fn letters(names: &[u8]) -> u64 {
    let (mut bits, mut i) = (0, 0);
    while i < names.len() {
        bits |= 1 << (names[i] - b'A');
        i += 1;
    }
    bits
}

impl Csrs {
    /// After reset.
    pub fn new(config: &HartConfig) -> Self {
        Self {
            status: Status::default(),
            handlers: [Handler::default(); 4],
            medeleg: 0,
            mideleg: 0,
            sideleg: 0,
            mie: 0,
            latch: 0,
            mcounteren: 0,
            scounteren: 0,
            menvcfg: 0,
            senvcfg: 0,
            satp: 0,
            stimecmp: u64::MAX,
            suist: 0,
            suirs: 0,
            suierr: 0,
            pmp: Pmp::new(config.pmp_entries),
        }
    }

    /// Whether STIP is the timer.
    pub fn stce(&self) -> bool {
        self.menvcfg & STCE != 0
    }

    /// Causes that are delegated to U-mode (N-4.4).
    pub fn to_user(&self) -> u64 {
        self.mideleg & self.sideleg
    }
}

/// The lowest mode that may access a CSR, by its number.
pub fn lowest_mode(number: u16) -> u64 {
    u64::from(number >> 8 & 3)
}

impl Hart {
    /// Reads a CSR in the present mode; `None` if there is none or it may not be accessed.
    pub fn read_csr(&self, number: u16) -> Option<u64> {
        let lowest = lowest_mode(number);
        let hidden = lowest == 0 && self.is_hidden(number);
        if lowest > self.privilege as u64 || hidden {
            return None;
        }
        self.read_any_csr(number, self.privilege)
    }

    /// Whether a CSR of user interrupts does not exist for U-mode now (N-2.5).
    fn is_hidden(&self, number: u16) -> bool {
        let of_user_interrupts =
            number <= csr::UTVEC || (csr::USCRATCH..=csr::UIP).contains(&number);
        of_user_interrupts && self.privilege == Priv::U && self.csr.sideleg == 0
    }

    /// Reads a CSR in a mode, whatever its number says about modes.
    pub fn read_any_csr(&self, number: u16, mode: Priv) -> Option<u64> {
        let state = &self.csr;
        Some(match number {
            csr::USTATUS => state.status.user(),
            csr::SSTATUS => state.status.supervisor(),
            csr::MSTATUS => state.status.machine(),
            csr::UIE => state.mie & state.to_user(),
            csr::SIE => state.mie & state.mideleg,
            csr::MIE => state.mie,
            csr::UIP => self.pending() & state.to_user(),
            csr::SIP => self.pending() & state.mideleg,
            csr::MIP => self.pending(),
            csr::MEDELEG => state.medeleg,
            csr::MIDELEG => state.mideleg,
            csr::SIDELEG => state.sideleg & USER,
            csr::MISA => MISA,
            csr::MHARTID => self.id as u64,
            csr::MIMPID => choices::MIMPID,
            csr::MVENDORID | csr::MARCHID | csr::MCONFIGPTR | csr::SEDELEG => 0,
            csr::TSELECT | csr::TDATA1 | csr::TDATA2 | csr::TDATA3 => 0,
            csr::MCOUNTEREN => state.mcounteren,
            csr::SCOUNTEREN => state.scounteren,
            csr::MCOUNTINHIBIT => self.counters.inhibit(),
            csr::MENVCFG => state.menvcfg,
            csr::SENVCFG => state.senvcfg,
            csr::SATP if mode == Priv::S && state.status.tvm() => return None,
            csr::SATP => state.satp,
            csr::STIMECMP if !self.may_use_stimecmp(mode) => return None,
            csr::STIMECMP => state.stimecmp,
            csr::SUIST => state.suist,
            csr::SUIRS => state.suirs,
            csr::SUICFG => soc::UINTC_BASE as u64,
            csr::SUIERR => state.suierr,
            _ => return self.read_handler(number).or_else(|| self.read_numbered(number, mode)),
        })
    }

    /// `xtvec`, `xscratch` and so on.
    fn read_handler(&self, number: u16) -> Option<u64> {
        let mode = number >> 8;
        let handler = self.csr.handlers.get(usize::from(mode)).filter(|_| mode != 2)?;
        Some(match number & 0xFF {
            low if low == csr::UTVEC => handler.tvec,
            low if low == csr::USCRATCH => handler.scratch,
            low if low == csr::UEPC => handler.epc,
            low if low == csr::UCAUSE => handler.cause,
            low if low == csr::UTVAL => handler.tval,
            _ => return None,
        })
    }

    /// Counters and PMP, of which there are many.
    fn read_numbered(&self, number: u16, mode: Priv) -> Option<u64> {
        let index = usize::from(number & 0x1F);
        match number & !0x1F {
            csr::MCYCLE => (index != 1).then(|| self.counters.read(index)),
            csr::CYCLE if self.may_read_counter(index, mode) => {
                Some(if index == 1 { self.time } else { self.counters.read(index) })
            }
            block if block == csr::MHPMEVENT3 & !0x1F && index >= 3 => {
                Some(self.counters.selector(index))
            }
            csr::PMPCFG0 if self.csr.pmp.exists() => match number - csr::PMPCFG0 {
                0 => Some(self.csr.pmp.read_config(0)),
                2 => Some(self.csr.pmp.read_config(8)),
                n @ 16..32 => Some(self.csr.pmp.read_address(usize::from(n) - 16)),
                _ => None,
            },
            _ => None,
        }
    }

    fn may_read_counter(&self, index: usize, mode: Priv) -> bool {
        let enabled = match mode {
            Priv::M => u64::MAX,
            Priv::S => self.csr.mcounteren,
            Priv::U => self.csr.mcounteren & self.csr.scounteren,
        };
        enabled >> index & 1 != 0
    }

    /// S-mode needs STCE and `mcounteren.TM` (Sstc).
    fn may_use_stimecmp(&self, mode: Priv) -> bool {
        mode == Priv::M || self.csr.stce() && self.csr.mcounteren & TM != 0
    }
}
