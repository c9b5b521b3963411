//! Instruction words, to make guests from.

/// Register numbers.
pub type Reg = u32;
pub const X0: Reg = 0;
pub const RA: Reg = 1;
pub const T0: Reg = 5;
pub const T1: Reg = 6;
pub const A0: Reg = 10;
pub const A1: Reg = 11;
pub const A2: Reg = 12;
pub const A3: Reg = 13;
pub const A4: Reg = 14;
pub const A5: Reg = 15;

pub const ECALL: u32 = 0x0000_0073;
pub const EBREAK: u32 = 0x0010_0073;
pub const URET: u32 = 0x0020_0073;
pub const SRET: u32 = 0x1020_0073;
pub const MRET: u32 = 0x3020_0073;
pub const WFI: u32 = 0x1050_0073;
pub const NOP: u32 = 0x0000_0013;
pub const FENCE: u32 = 0x0ff0_000f;
pub const FENCE_I: u32 = 0x0000_100f;
pub const JUMP_TO_SELF: u32 = 0x0000_006f;
/// The shortest illegal instruction, twice.
pub const ILLEGAL: u32 = 0;

const fn immediate(opcode: u32, funct3: u32, rd: Reg, rs1: Reg, imm: i32) -> u32 {
    (imm as u32) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode
}

/// The six CSR instructions.
#[derive(Clone, Copy)]
pub enum CsrOp {
    Rw = 1,
    Rs = 2,
    Rc = 3,
    Rwi = 5,
    Rsi = 6,
    Rci = 7,
}

/// `csrrX rd, csr, source`; `source` is a register or the immediate.
pub const fn csr(op: CsrOp, rd: Reg, number: u16, source: u32) -> u32 {
    (number as u32) << 20 | source << 15 | (op as u32) << 12 | rd << 7 | 0x73
}

pub const fn csrr(rd: Reg, number: u16) -> u32 {
    csr(CsrOp::Rs, rd, number, X0)
}

pub const fn csrw(number: u16, rs1: Reg) -> u32 {
    csr(CsrOp::Rw, X0, number, rs1)
}

pub const fn csrs(number: u16, rs1: Reg) -> u32 {
    csr(CsrOp::Rs, X0, number, rs1)
}

pub const fn csrc(number: u16, rs1: Reg) -> u32 {
    csr(CsrOp::Rc, X0, number, rs1)
}

pub const fn addi(rd: Reg, rs1: Reg, imm: i32) -> u32 {
    immediate(0x13, 0, rd, rs1, imm)
}

pub const fn jalr(rd: Reg, rs1: Reg, imm: i32) -> u32 {
    immediate(0x67, 0, rd, rs1, imm)
}

/// Loads by `funct3`.
#[derive(Clone, Copy)]
pub enum Load {
    Lb = 0,
    Lh = 1,
    Lw = 2,
    Ld = 3,
    Lbu = 4,
    Lhu = 5,
    Lwu = 6,
}

pub const fn load(kind: Load, rd: Reg, rs1: Reg, offset: i32) -> u32 {
    immediate(0x03, kind as u32, rd, rs1, offset)
}

pub const fn ld(rd: Reg, rs1: Reg) -> u32 {
    load(Load::Ld, rd, rs1, 0)
}

/// Store of `1 << width_log2` bytes.
pub const fn store(width_log2: u32, rs2: Reg, rs1: Reg, offset: i32) -> u32 {
    let offset = offset as u32;
    (offset >> 5) << 25 | rs2 << 20 | rs1 << 15 | width_log2 << 12 | (offset & 31) << 7 | 0x23
}

pub const fn sd(rs2: Reg, rs1: Reg) -> u32 {
    store(3, rs2, rs1, 0)
}

/// Atomic operations by `funct5`.
#[derive(Clone, Copy, Debug)]
pub enum Amo {
    Add = 0x00,
    Swap = 0x01,
    Lr = 0x02,
    Sc = 0x03,
    Xor = 0x04,
    Or = 0x08,
    And = 0x0c,
    Min = 0x10,
    Max = 0x14,
    Minu = 0x18,
    Maxu = 0x1c,
}

/// `amoX rd, rs2, (rs1)` on 4 (`width_log2` = 2) or 8 bytes.
pub const fn amo(op: Amo, width_log2: u32, rd: Reg, rs1: Reg, rs2: Reg) -> u32 {
    (op as u32) << 27 | rs2 << 20 | rs1 << 15 | width_log2 << 12 | rd << 7 | 0x2f
}

pub const fn sfence_vma(address: Reg, asid: Reg) -> u32 {
    0x1200_0073 | asid << 20 | address << 15
}

/// UIPI operations by `funct7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uipi {
    Send = 0,
    Read = 1,
    Write = 2,
    Activate = 3,
    Deactivate = 4,
}

/// `uipi OPERATION, rd, rs1`.
pub const fn uipi(operation: Uipi, rd: Reg, rs1: Reg) -> u32 {
    (operation as u32) << 25 | rs1 << 15 | 6 << 12 | rd << 7 | 0x7b
}
