//! Which interrupt is taken (N-4.1 to N-4.8).

use super::{Hart, Priv};
use crate::soc::irq;

const fn bit(cause: usize) -> u64 {
    1 << cause
}

/// Interrupts of U-mode: software, timer, external.
pub const USER: u64 = bit(irq::USI) | bit(irq::UTI) | bit(irq::UEI);
/// Those of S-mode.
pub const SUPERVISOR: u64 = bit(irq::SSI) | bit(irq::STI) | bit(irq::SEI);
/// Those of M-mode.
pub const MACHINE: u64 = bit(irq::MSI) | bit(irq::MTI) | bit(irq::MEI);
/// Among interrupts for one mode, the first comes first (N-4.6).
const ORDER: [usize; 9] =
    [irq::MEI, irq::MSI, irq::MTI, irq::SEI, irq::SSI, irq::STI, irq::UEI, irq::USI, irq::UTI];

impl Hart {
    /// `mip`: lines and latches (N-4.1, N-4.2). With Sstc enabled, STIP is the timer alone.
    pub fn pending(&self) -> u64 {
        let pending = self.lines | self.csr.latch;
        if !self.csr.stce() {
            return pending;
        }
        let due = u64::from(self.time >= self.csr.stimecmp);
        pending & !bit(irq::STI) | due << irq::STI
    }

    /// Whether WFI ends: something is pending and enabled, delegated or not (N-4.8).
    pub fn wakes(&self) -> bool {
        self.pending() & self.csr.mie != 0
    }

    /// The interrupt to take now, with the mode that takes it (N-4.4, N-4.5).
    pub fn next_interrupt(&self) -> Option<(Priv, u64)> {
        let ready = self.pending() & self.csr.mie;
        if ready == 0 {
            return None;
        }
        let status = self.csr.status;
        let (mideleg, sideleg) = (self.csr.mideleg, self.csr.sideleg);
        let candidates = [
            (Priv::M, ready & !mideleg),
            (Priv::S, ready & mideleg & !sideleg),
            (Priv::U, ready & mideleg & sideleg),
        ];
        for (mode, causes) in candidates {
            let open =
                self.privilege < mode || self.privilege == mode && status.interrupts_enabled(mode);
            if open && let Some(&cause) = ORDER.iter().find(|&&cause| causes >> cause & 1 != 0) {
                return Some((mode, cause as u64));
            }
        }
        None
    }
}
