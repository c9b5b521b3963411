//! One hart: RV64IMAC with Zicsr, Zifencei, Zicntr, Zihpm and Sstc, the modes M, S and U, user-level
//! interrupts (N), UIPI, Sv39 and PMP.

mod alu;
mod atomic;
mod commit;
mod counters;
mod csr;
mod csr_write;
mod execute;
mod inspect;
mod interrupt;
mod load_store;
mod pmp;
mod status;
mod system;
mod tlb;
mod translate;
mod trap;
mod uipi;

pub use commit::{Accessed, Commit, Taken};
pub use counters::EVENT_COUNT;
pub use csr::Csrs;
pub use status::{Priv, Status};
pub use translate::Access;
pub use trap::Trap;

use crate::choices;
use crate::soc;
use counters::Counters;
use tlb::Tlb;

/// What can be chosen about a hart.
#[derive(Clone, Copy, Debug)]
pub struct HartConfig {
    /// Number of PMP entries: 0, 8 or 16.
    pub pmp_entries: usize,
    /// Event counters, `mhpmcounter3` and up.
    pub hpm_counters: usize,
    /// Entries of UINTC, which UIPI checks.
    pub receivers: usize,
}

/// State of a hart.
#[derive(Clone)]
pub struct Hart {
    /// `mhartid`.
    pub id: usize,
    /// Registers by number; the one at [`crate::decode::SINK`] takes what is written to x0. As many
    /// as a byte can name, so that no access needs a check.
    pub regs: [u64; 256],
    /// Address of the next instruction.
    pub pc: u64,
    /// Privilege mode.
    pub privilege: Priv,
    /// CSRs besides counters.
    pub csr: Csrs,
    /// Counters and events.
    pub counters: Counters,
    /// WFI waits.
    pub waiting: bool,
    /// The line that LR reserved, as its number.
    pub reservation: Option<u64>,
    /// Interrupt lines from outside, by cause.
    pub lines: u64,
    /// `time`, as it was told last.
    pub time: u64,
    /// Traps taken since reset.
    pub traps: u64,
    /// The last trap.
    pub last_trap: Option<Taken>,
    /// The first of the traps since an instruction retired.
    pub first_trap: Option<Taken>,
    config: HartConfig,
    tlb: Tlb,
}

impl Hart {
    /// A hart after reset.
    pub fn new(id: usize, config: HartConfig) -> Self {
        Self {
            id,
            regs: [0; 256],
            pc: soc::BOOTROM_BASE as u64,
            privilege: Priv::M,
            csr: Csrs::new(&config),
            counters: Counters::new(config.hpm_counters),
            waiting: false,
            reservation: None,
            lines: 0,
            time: 0,
            traps: 0,
            last_trap: None,
            first_trap: None,
            config,
            tlb: Tlb::new(),
        }
    }

    /// Forgets all translations.
    pub fn flush_tlb(&mut self) {
        self.tlb.flush();
    }
}

/// An address as `pc`, `xepc` and `xtvec` keep it: what is not canonical stays not canonical.
pub fn held_address(value: u64) -> u64 {
    let top = choices::PC_BITS - 1;
    let upper = value as i64 >> top;
    if upper == 0 || upper == -1 {
        return value;
    }
    // The highest kept bit becomes the opposite of the one below it.
    let below = value >> (top - 1) & 1;
    let kept = value & ((1 << top) - 1) | (below ^ 1) << top;
    sign_extend(kept, choices::PC_BITS)
}

/// The lowest `bits` bits, sign-extended.
pub fn sign_extend(value: u64, bits: u32) -> u64 {
    ((value << (64 - bits)) as i64 >> (64 - bits)) as u64
}
