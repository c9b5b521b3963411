//! Privilege modes, and `mstatus` with its views.

/// Privilege modes, as `mstatus.MPP` encodes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Priv {
    U = 0,
    S = 1,
    M = 3,
}

impl Priv {
    /// The mode with this number; 2 is none.
    pub fn from_bits(bits: u64) -> Self {
        match bits & 3 {
            0 => Priv::U,
            1 => Priv::S,
            _ => Priv::M,
        }
    }
}

/// `mstatus`. `sstatus` and `ustatus` show parts of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status(pub u64);

const MPP: u32 = 11;
const SPP: u32 = 8;
const MPRV: u64 = 1 << 17;
const SUM: u64 = 1 << 18;
const MXR: u64 = 1 << 19;
const TVM: u64 = 1 << 20;
const TW: u64 = 1 << 21;
const TSR: u64 = 1 << 22;
const UXL_64: u64 = 2 << 32;
const SXL_64: u64 = 2 << 34;

/// Fields of `ustatus`: UIE and UPIE (N-3.1).
pub const U_FIELDS: u64 = 1 << 0 | 1 << 4;
/// Fields of `sstatus` that can be written.
pub const S_FIELDS: u64 = U_FIELDS | 1 << 1 | 1 << 5 | 1 << SPP | SUM | MXR;
/// Fields of `mstatus` that can be written.
pub const M_FIELDS: u64 = S_FIELDS | 1 << 3 | 1 << 7 | 3 << MPP | MPRV | TVM | TW | TSR;

impl Status {
    /// `mstatus` as it is read.
    pub fn machine(self) -> u64 {
        self.0 | UXL_64 | SXL_64
    }

    /// `sstatus`.
    pub fn supervisor(self) -> u64 {
        self.0 & S_FIELDS | UXL_64
    }

    /// `ustatus`.
    pub fn user(self) -> u64 {
        self.0 & U_FIELDS
    }

    /// Replaces the fields in `mask`.
    pub fn write(&mut self, value: u64, mask: u64) {
        self.0 = self.0 & !mask | value & mask;
    }

    /// MIE, SIE or UIE.
    pub fn interrupts_enabled(self, mode: Priv) -> bool {
        self.0 >> mode as u32 & 1 != 0
    }

    /// Of a trap from `from` into `to`: the enable moves to the previous enable, and the previous
    /// mode is noted.
    pub fn enter(&mut self, to: Priv, from: Priv) {
        let to_bit = to as u32;
        let enabled = self.0 >> to_bit & 1;
        self.write(enabled << (to_bit + 4), 1 << to_bit | 1 << (to_bit + 4));
        match to {
            Priv::M => self.write((from as u64) << MPP, 3 << MPP),
            Priv::S => self.write((from as u64 & 1) << SPP, 1 << SPP),
            Priv::U => {}
        }
    }

    /// Of a return from `mode`: restores the enable; returns the mode to go to.
    pub fn leave(&mut self, mode: Priv) -> Priv {
        let bit = mode as u32;
        let previous = self.0 >> (bit + 4) & 1;
        self.write(previous << bit | 1 << (bit + 4), 1 << bit | 1 << (bit + 4));
        let to = match mode {
            Priv::M => Priv::from_bits(self.0 >> MPP),
            Priv::S => Priv::from_bits(self.0 >> SPP & 1),
            Priv::U => return Priv::U,
        };
        self.0 &= !if mode == Priv::M { 3 << MPP } else { 1 << SPP };
        if to != Priv::M {
            self.0 &= !MPRV;
        }
        to
    }

    /// The mode whose rights loads and stores have.
    pub fn effective(self, mode: Priv) -> Priv {
        if mode == Priv::M && self.0 & MPRV != 0 { Priv::from_bits(self.0 >> MPP) } else { mode }
    }

    /// S-mode may access pages of U-mode.
    pub fn sum(self) -> bool {
        self.0 & SUM != 0
    }

    /// Executable pages are readable.
    pub fn mxr(self) -> bool {
        self.0 & MXR != 0
    }

    /// `satp` and SFENCE.VMA trap in S-mode.
    pub fn tvm(self) -> bool {
        self.0 & TVM != 0
    }

    /// WFI traps in S-mode.
    pub fn tw(self) -> bool {
        self.0 & TW != 0
    }

    /// SRET traps in S-mode.
    pub fn tsr(self) -> bool {
        self.0 & TSR != 0
    }
}
