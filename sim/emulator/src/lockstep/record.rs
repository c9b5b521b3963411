//! What a hart did, field by field as the commit port of the RTL shows it (`hdl/core/commit.py`).

use crate::hart::{Accessed, Commit};

macro_rules! record {
    ($($(#[$doc:meta])* $field:ident = $name:literal),* $(,)?) => {
        /// An instruction that retired, or a trap that was taken.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Record {
            $($(#[$doc])* pub $field: u64),*
        }

        impl Record {
            /// Names of the fields at the commit port.
            pub const NAMES: &[&str] = &[$($name),*];

            /// The fields in the order of [`Record::NAMES`].
            pub fn values(&self) -> [u64; Self::NAMES.len()] {
                [$(self.$field),*]
            }

            /// From the fields in the order of [`Record::NAMES`].
            pub fn from_values([$($field),*]: [u64; Self::NAMES.len()]) -> Self {
                Self { $($field),* }
            }
        }
    };
}

record! {
    /// Address of the instruction.
    pc = "pc",
    /// Its bits; 0 if it could not be fetched.
    insn = "insn",
    /// The mode in which it was executed.
    mode = "priv",
    /// The register that it wrote; 0 for none.
    rd = "rd",
    /// Its value.
    rd_data = "rd_data",
    /// Virtual address of an access.
    mem_addr = "mem_addr",
    /// Bytes that were read, from bit 0 on.
    mem_rmask = "mem_rmask",
    /// Bytes that were written.
    mem_wmask = "mem_wmask",
    /// What was read, as the register got it.
    mem_rdata = "mem_rdata",
    /// Operand of the store.
    mem_wdata = "mem_wdata",
    /// 1 if a trap was taken instead.
    trap = "trap",
    /// 1 if that was an interrupt.
    interrupt = "interrupt",
    /// Its code.
    cause = "cause",
    /// `xtval`.
    tval = "tval",
    /// Interrupt lines that the hart saw before the instruction, by cause.
    lines = "lines",
}

impl Record {
    /// What the emulator did, with the lines that it was told.
    pub fn new(commit: &Commit, lines: u64) -> Self {
        let mut record = Self {
            pc: commit.pc,
            insn: commit.insn.into(),
            mode: commit.privilege as u64,
            rd: commit.rd.0.into(),
            rd_data: commit.rd.1,
            lines,
            ..Self::default()
        };
        if let Some(trap) = &commit.trap {
            record.trap = 1;
            record.interrupt = trap.interrupt.into();
            (record.cause, record.tval) = (trap.cause, trap.tval);
        }
        if let Some(access) = &commit.access {
            record.accessed(access);
        }
        record
    }

    fn accessed(&mut self, access: &Accessed) {
        let mask = (1 << access.size) - 1;
        self.mem_addr = access.address;
        if let Some(value) = access.read {
            (self.mem_rmask, self.mem_rdata) = (mask, value);
        }
        if let Some(value) = access.written {
            (self.mem_wmask, self.mem_wdata) = (mask, value);
        }
    }

    /// Names of the fields in which `other` differs, among those that say something.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let written = byte_mask(self.mem_wmask);
        let same = [
            ("pc", self.pc == other.pc),
            ("priv", self.mode == other.mode),
            ("trap", self.trap == other.trap),
            ("interrupt", self.interrupt == other.interrupt),
            ("cause", self.cause == other.cause || self.trap == 0),
            ("tval", self.tval == other.tval || self.trap == 0),
            // An interrupt comes instead of whatever is there.
            ("insn", self.insn == other.insn || self.interrupt == 1),
            ("rd", self.rd == other.rd),
            ("rd_data", self.rd_data == other.rd_data || self.rd == 0),
            ("mem_rmask", self.mem_rmask == other.mem_rmask),
            ("mem_wmask", self.mem_wmask == other.mem_wmask),
            ("mem_addr", self.mem_addr == other.mem_addr || !self.accesses()),
            ("mem_rdata", self.mem_rdata == other.mem_rdata || self.mem_rmask == 0),
            ("mem_wdata", (self.mem_wdata ^ other.mem_wdata) & written == 0),
        ];
        same.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
    }

    fn accesses(&self) -> bool {
        self.mem_rmask | self.mem_wmask != 0
    }
}

/// Eight bits for each bit of `mask`, which are ones from bit 0 on.
pub fn byte_mask(mask: u64) -> u64 {
    match mask.count_ones() {
        8.. => u64::MAX,
        bytes => (1 << (8 * bytes)) - 1,
    }
}
