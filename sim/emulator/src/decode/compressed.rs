//! RV64C.

use super::op::{Code, Op, SINK};

const SP: u8 = 2;

/// Decodes 16 bits that are not the start of a longer instruction.
pub fn decode(c: u32) -> Op {
    let op = match (c & 3, c >> 13) {
        (0, 0) if c >> 5 & 0xFF != 0 => make(Code::Addi, low(c >> 2), SP, 0, addi4spn(c)),
        (0, 2) => make(Code::Lw, low(c >> 2), low(c >> 7), 0, word(c)),
        (0, 3) => make(Code::Ld, low(c >> 2), low(c >> 7), 0, double(c)),
        (0, 6) => make(Code::Sw, 0, low(c >> 7), low(c >> 2), word(c)),
        (0, 7) => make(Code::Sd, 0, low(c >> 7), low(c >> 2), double(c)),
        (1, 0) => make(Code::Addi, reg(c >> 7), reg(c >> 7), 0, imm6(c)),
        (1, 1) if reg(c >> 7) != 0 => make(Code::Addiw, reg(c >> 7), reg(c >> 7), 0, imm6(c)),
        (1, 2) => make(Code::Li, reg(c >> 7), 0, 0, imm6(c)),
        (1, 3) if c & 0x107C == 0 => illegal(c),
        (1, 3) if reg(c >> 7) == SP => make(Code::Addi, SP, SP, 0, addi16sp(c)),
        (1, 3) => make(Code::Li, reg(c >> 7), 0, 0, imm6(c) << 12),
        (1, 4) => arithmetic(c),
        (1, 5) => make(Code::Jal, 0, 0, 0, jump(c)),
        (1, 6) => make(Code::Beq, 0, low(c >> 7), 0, branch(c)),
        (1, 7) => make(Code::Bne, 0, low(c >> 7), 0, branch(c)),
        (2, 0) => make(Code::Slli, reg(c >> 7), reg(c >> 7), 0, shamt(c)),
        (2, 2) if reg(c >> 7) != 0 => make(Code::Lw, reg(c >> 7), SP, 0, word_sp(c)),
        (2, 3) if reg(c >> 7) != 0 => make(Code::Ld, reg(c >> 7), SP, 0, double_sp(c)),
        (2, 4) => jump_or_move(c),
        (2, 6) => make(Code::Sw, 0, SP, reg(c >> 2), bits(c, &[(9, 4, 2), (7, 2, 6)])),
        (2, 7) => make(Code::Sd, 0, SP, reg(c >> 2), bits(c, &[(10, 3, 3), (7, 3, 6)])),
        _ => illegal(c),
    };
    Op { length: 2, ..op }
}

fn make(code: Code, rd: u8, rs1: u8, rs2: u8, imm: i64) -> Op {
    Op { code, rd: if rd == 0 { SINK } else { rd }, rs1, rs2, imm, ..Op::default() }
}

fn illegal(c: u32) -> Op {
    make(Code::Illegal, 0, 0, 0, i64::from(c))
}

fn reg(field: u32) -> u8 {
    (field & 0x1F) as u8
}

/// A register of the three-bit fields: x8 to x15.
fn low(field: u32) -> u8 {
    (field & 7) as u8 + 8
}

/// Puts fields of the instruction (lowest bit, number of bits) to places of the immediate.
fn bits(c: u32, fields: &[(u32, u32, u32)]) -> i64 {
    fields
        .iter()
        .fold(0, |imm, &(from, count, to)| imm | i64::from(c >> from & ((1 << count) - 1)) << to)
}

/// The same with bit 12 of the instruction as the sign, at bit `sign`.
fn signed(c: u32, sign: u32, fields: &[(u32, u32, u32)]) -> i64 {
    bits(c, fields) | -i64::from(c >> 12 & 1) << sign
}

fn imm6(c: u32) -> i64 {
    signed(c, 5, &[(2, 5, 0)])
}

fn shamt(c: u32) -> i64 {
    bits(c, &[(2, 5, 0), (12, 1, 5)])
}

fn addi4spn(c: u32) -> i64 {
    bits(c, &[(6, 1, 2), (5, 1, 3), (11, 2, 4), (7, 4, 6)])
}

fn addi16sp(c: u32) -> i64 {
    signed(c, 9, &[(6, 1, 4), (2, 1, 5), (5, 1, 6), (3, 2, 7)])
}

fn word(c: u32) -> i64 {
    bits(c, &[(6, 1, 2), (10, 3, 3), (5, 1, 6)])
}

fn double(c: u32) -> i64 {
    bits(c, &[(10, 3, 3), (5, 2, 6)])
}

fn word_sp(c: u32) -> i64 {
    bits(c, &[(4, 3, 2), (12, 1, 5), (2, 2, 6)])
}

fn double_sp(c: u32) -> i64 {
    bits(c, &[(5, 2, 3), (12, 1, 5), (2, 3, 6)])
}

fn jump(c: u32) -> i64 {
    signed(c, 11, &[(3, 3, 1), (11, 1, 4), (2, 1, 5), (7, 1, 6), (6, 1, 7), (9, 2, 8), (8, 1, 10)])
}

fn branch(c: u32) -> i64 {
    signed(c, 8, &[(3, 2, 1), (10, 2, 3), (2, 1, 5), (5, 2, 6)])
}

fn arithmetic(c: u32) -> Op {
    let (rd, rs2) = (low(c >> 7), low(c >> 2));
    match (c >> 10 & 3, c >> 12 & 1, c >> 5 & 3) {
        (0, _, _) => make(Code::Srli, rd, rd, 0, shamt(c)),
        (1, _, _) => make(Code::Srai, rd, rd, 0, shamt(c)),
        (2, _, _) => make(Code::Andi, rd, rd, 0, imm6(c)),
        (_, 0, 0) => make(Code::Sub, rd, rd, rs2, 0),
        (_, 0, 1) => make(Code::Xor, rd, rd, rs2, 0),
        (_, 0, 2) => make(Code::Or, rd, rd, rs2, 0),
        (_, 0, _) => make(Code::And, rd, rd, rs2, 0),
        (_, _, 0) => make(Code::Subw, rd, rd, rs2, 0),
        (_, _, 1) => make(Code::Addw, rd, rd, rs2, 0),
        _ => illegal(c),
    }
}

fn jump_or_move(c: u32) -> Op {
    let (rd, rs2) = (reg(c >> 7), reg(c >> 2));
    match (c >> 12 & 1, rd, rs2) {
        (0, 0, 0) => illegal(c),
        (0, _, 0) => make(Code::Jalr, 0, rd, 0, 0),
        (0, _, _) => make(Code::Add, rd, 0, rs2, 0),
        (_, 0, 0) => make(Code::Ebreak, 0, 0, 0, i64::from(c)),
        (_, _, 0) => make(Code::Jalr, 1, rd, 0, 0),
        _ => make(Code::Add, rd, rd, rs2, 0),
    }
}
