//! A small assembler for the restore program.

/// Code or data at an address.
pub struct Area {
    /// Address.
    pub base: u64,
    /// Contents.
    pub bytes: Vec<u8>,
}

/// Registers of the restore program.
pub const ZERO: u32 = 0;
pub const T0: u32 = 5;
pub const T1: u32 = 6;
pub const T2: u32 = 7;
pub const S0: u32 = 8;
pub const S1: u32 = 9;
pub const A0: u32 = 10;
pub const A1: u32 = 11;

/// Instructions without operands.
pub const MRET: u32 = 0x3020_0073;
pub const WFI: u32 = 0x1050_0073;
pub const FENCE: u32 = 0x0FF0_000F;
pub const FENCE_I: u32 = 0x0000_100F;
pub const SFENCE_VMA: u32 = 0x1200_0073;

/// Conditions of branches.
#[derive(Clone, Copy)]
pub enum If {
    Equal = 0,
    NotEqual = 1,
    Below = 6,
}

/// Widths of loads and stores: log2 of bytes.
pub type Width = u32;
pub const BYTE: Width = 0;
pub const WORD: Width = 2;
pub const DWORD: Width = 3;

impl Area {
    /// Nothing yet.
    pub fn at(base: u64) -> Self {
        Self { base, bytes: Vec::new() }
    }

    /// The address of what comes next.
    pub fn here(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    /// An instruction.
    pub fn put(&mut self, insn: u32) {
        self.bytes.extend(insn.to_le_bytes());
    }

    /// Eight bytes of data.
    pub fn dword(&mut self, value: u64) {
        self.bytes.extend(value.to_le_bytes());
    }

    /// `rd` = `rs` + `imm`.
    pub fn addi(&mut self, rd: u32, rs: u32, imm: i32) {
        self.put(immediate(imm) | rs << 15 | rd << 7 | 0x13);
    }

    /// `rd` = an address within 2 GiB, as all of DRAM is.
    pub fn address(&mut self, rd: u32, target: u64) {
        let offset = target.wrapping_sub(self.here()) as i64;
        let upper = (offset + 0x800) >> 12;
        self.put((upper as u32) << 12 | rd << 7 | 0x17);
        self.addi(rd, rd, (offset - (upper << 12)) as i32);
    }

    /// Loads `rd`.
    pub fn load(&mut self, width: Width, rd: u32, base: u32, offset: i32) {
        self.put(immediate(offset) | base << 15 | width << 12 | rd << 7 | 0x03);
    }

    /// Stores `rs`.
    pub fn store(&mut self, width: Width, rs: u32, base: u32, offset: i32) {
        let offset = offset as u32;
        let split = (offset >> 5 & 0x7F) << 25 | (offset & 0x1F) << 7;
        self.put(split | rs << 20 | base << 15 | width << 12 | 0x23);
    }

    /// `csrw`.
    pub fn csr_write(&mut self, csr: u16, rs: u32) {
        self.put(u32::from(csr) << 20 | rs << 15 | 1 << 12 | 0x73);
    }

    /// `csrsi`.
    pub fn csr_set(&mut self, csr: u16, bits: u32) {
        self.put(u32::from(csr) << 20 | bits << 15 | 6 << 12 | 0x73);
    }

    /// `csrr`.
    pub fn csr_read(&mut self, rd: u32, csr: u16) {
        self.put(u32::from(csr) << 20 | 2 << 12 | rd << 7 | 0x73);
    }

    /// `amoadd.d zero, rs, (base)`.
    pub fn atomic_add(&mut self, rs: u32, base: u32) {
        self.put(rs << 20 | base << 15 | DWORD << 12 | 0x2F);
    }

    /// A branch to an address within 4 KiB.
    pub fn branch(&mut self, condition: If, a: u32, b: u32, target: u64) {
        let offset = target.wrapping_sub(self.here()) as u32;
        self.put(
            (offset >> 12 & 1) << 31
                | (offset >> 5 & 0x3F) << 25
                | b << 20
                | a << 15
                | (condition as u32) << 12
                | (offset >> 1 & 0xF) << 8
                | (offset >> 11 & 1) << 7
                | 0x63,
        );
    }

    /// A jump to an address within 1 MiB.
    pub fn jump(&mut self, target: u64) {
        let offset = target.wrapping_sub(self.here()) as u32;
        self.put(
            (offset >> 20 & 1) << 31
                | (offset >> 1 & 0x3FF) << 21
                | (offset >> 11 & 1) << 20
                | (offset >> 12 & 0xFF) << 12
                | 0x6F,
        );
    }

    /// A jump to the address in a register.
    pub fn jump_to(&mut self, rs: u32) {
        self.put(rs << 15 | 0x67);
    }
}

fn immediate(value: i32) -> u32 {
    (value as u32) << 20
}
