//! Decodes instructions to operations of the interpreter.

mod compressed;
mod op;

pub use op::{Code, Op, SINK};

/// Bytes of the instruction that starts with these bits.
#[inline]
pub fn length(insn: u32) -> u8 {
    if insn & 3 == 3 { 4 } else { 2 }
}

/// Decodes one instruction. The upper half of `insn` is ignored if it is compressed.
pub fn decode(insn: u32) -> Op {
    if length(insn) == 2 { compressed::decode(insn & 0xFFFF) } else { full(insn) }
}

fn full(insn: u32) -> Op {
    let funct3 = insn >> 12 & 7;
    let i = i64::from(insn as i32 >> 20);
    let s = i & !0x1F | i64::from(insn >> 7 & 0x1F);
    let u = i64::from((insn & 0xFFFF_F000) as i32);
    match insn >> 2 & 0x1F {
        0b01101 => op(Code::Li, insn, u),
        0b00101 => op(Code::Auipc, insn, u),
        0b11011 => op(Code::Jal, insn, jal_offset(insn)),
        0b11001 if funct3 == 0 => op(Code::Jalr, insn, i),
        0b11000 => match branch(funct3) {
            Some(code) => op(code, insn, branch_offset(insn)),
            None => illegal(insn),
        },
        0b00000 => match load(funct3) {
            Some(code) => op(code, insn, i),
            None => illegal(insn),
        },
        0b01000 => match store(funct3) {
            Some(code) => op(code, insn, s),
            None => illegal(insn),
        },
        0b00100 => immediate(insn, i),
        0b00110 => immediate_word(insn, i),
        0b01100 => register(insn),
        0b01110 => register_word(insn),
        0b01011 => atomic(insn),
        0b00011 => match funct3 {
            0 => op(Code::Fence, insn, 0),
            1 => raw(Code::FenceI, insn),
            _ => illegal(insn),
        },
        0b11100 => system(insn),
        0b11110 => user_ipi(insn),
        _ => illegal(insn),
    }
}

fn field_rd(insn: u32) -> u8 {
    match (insn >> 7 & 0x1F) as u8 {
        0 => SINK,
        rd => rd,
    }
}

fn op(code: Code, insn: u32, imm: i64) -> Op {
    let (rs1, rs2) = ((insn >> 15 & 0x1F) as u8, (insn >> 20 & 0x1F) as u8);
    Op { code, rd: field_rd(insn), rs1, rs2, imm, length: 4, ..Op::default() }
}

/// An operation that needs the instruction itself: its immediate are the bits.
fn raw(code: Code, insn: u32) -> Op {
    op(code, insn, i64::from(insn))
}

fn illegal(insn: u32) -> Op {
    raw(Code::Illegal, insn)
}

fn jal_offset(insn: u32) -> i64 {
    let sign = i64::from(insn as i32 >> 31) << 20;
    sign | i64::from(insn & 0xF_F000 | insn >> 9 & 0x800 | insn >> 20 & 0x7FE)
}

fn branch_offset(insn: u32) -> i64 {
    let sign = i64::from(insn as i32 >> 31) << 12;
    sign | i64::from((insn << 4 & 0x800) | insn >> 20 & 0x7E0 | insn >> 7 & 0x1E)
}

fn branch(funct3: u32) -> Option<Code> {
    Some(match funct3 {
        0 => Code::Beq,
        1 => Code::Bne,
        4 => Code::Blt,
        5 => Code::Bge,
        6 => Code::Bltu,
        7 => Code::Bgeu,
        _ => return None,
    })
}

fn load(funct3: u32) -> Option<Code> {
    Some(match funct3 {
        0 => Code::Lb,
        1 => Code::Lh,
        2 => Code::Lw,
        3 => Code::Ld,
        4 => Code::Lbu,
        5 => Code::Lhu,
        6 => Code::Lwu,
        _ => return None,
    })
}

fn store(funct3: u32) -> Option<Code> {
    Some(match funct3 {
        0 => Code::Sb,
        1 => Code::Sh,
        2 => Code::Sw,
        3 => Code::Sd,
        _ => return None,
    })
}

fn immediate(insn: u32, i: i64) -> Op {
    let shift = i & 0x3F;
    match (insn >> 12 & 7, insn >> 26) {
        (0, _) => op(Code::Addi, insn, i),
        (1, 0) => op(Code::Slli, insn, shift),
        (2, _) => op(Code::Slti, insn, i),
        (3, _) => op(Code::Sltiu, insn, i),
        (4, _) => op(Code::Xori, insn, i),
        (5, 0) => op(Code::Srli, insn, shift),
        (5, 0b010000) => op(Code::Srai, insn, shift),
        (6, _) => op(Code::Ori, insn, i),
        (7, _) => op(Code::Andi, insn, i),
        _ => illegal(insn),
    }
}

fn immediate_word(insn: u32, i: i64) -> Op {
    let shift = i & 0x1F;
    match (insn >> 12 & 7, insn >> 25) {
        (0, _) => op(Code::Addiw, insn, i),
        (1, 0) => op(Code::Slliw, insn, shift),
        (5, 0) => op(Code::Srliw, insn, shift),
        (5, 0b0100000) => op(Code::Sraiw, insn, shift),
        _ => illegal(insn),
    }
}

fn register(insn: u32) -> Op {
    let code = match (insn >> 25, insn >> 12 & 7) {
        (0, 0) => Code::Add,
        (0, 1) => Code::Sll,
        (0, 2) => Code::Slt,
        (0, 3) => Code::Sltu,
        (0, 4) => Code::Xor,
        (0, 5) => Code::Srl,
        (0, 6) => Code::Or,
        (0, 7) => Code::And,
        (0b0100000, 0) => Code::Sub,
        (0b0100000, 5) => Code::Sra,
        (1, 0) => Code::Mul,
        (1, 1) => Code::Mulh,
        (1, 2) => Code::Mulhsu,
        (1, 3) => Code::Mulhu,
        (1, 4) => Code::Div,
        (1, 5) => Code::Divu,
        (1, 6) => Code::Rem,
        (1, 7) => Code::Remu,
        _ => return illegal(insn),
    };
    op(code, insn, 0)
}

fn register_word(insn: u32) -> Op {
    let code = match (insn >> 25, insn >> 12 & 7) {
        (0, 0) => Code::Addw,
        (0, 1) => Code::Sllw,
        (0, 5) => Code::Srlw,
        (0b0100000, 0) => Code::Subw,
        (0b0100000, 5) => Code::Sraw,
        (1, 0) => Code::Mulw,
        (1, 4) => Code::Divw,
        (1, 5) => Code::Divuw,
        (1, 6) => Code::Remw,
        (1, 7) => Code::Remuw,
        _ => return illegal(insn),
    };
    op(code, insn, 0)
}

fn atomic(insn: u32) -> Op {
    let double = match insn >> 12 & 7 {
        2 => false,
        3 => true,
        _ => return illegal(insn),
    };
    let funct5 = insn >> 27;
    let code = match funct5 {
        0b00010 if insn >> 20 & 0x1F != 0 => return illegal(insn),
        0b00010 => [Code::LrW, Code::LrD],
        0b00011 => [Code::ScW, Code::ScD],
        0b00001 | 0b00000 | 0b00100 | 0b01100 | 0b01000 | 0b10000 | 0b10100 | 0b11000 | 0b11100 => {
            [Code::AmoW, Code::AmoD]
        }
        _ => return illegal(insn),
    };
    op(code[usize::from(double)], insn, i64::from(funct5))
}

fn system(insn: u32) -> Op {
    let code = match insn {
        0x0000_0073 => Code::Ecall,
        0x0010_0073 => Code::Ebreak,
        0x0020_0073 => Code::Uret,
        0x1020_0073 => Code::Sret,
        0x3020_0073 => Code::Mret,
        0x1050_0073 => Code::Wfi,
        _ if insn >> 12 & 3 != 0 => Code::Csr,
        _ if insn & 0xFE00_7FFF == 0x1200_0073 => Code::SfenceVma,
        _ => Code::Illegal,
    };
    raw(code, insn)
}

/// UIPI: custom-3 with `funct3` 110, five operations and `rs2` = x0 (N-6.1, N-6.2).
fn user_ipi(insn: u32) -> Op {
    let known = insn >> 12 & 7 == 0b110 && insn >> 25 <= 4 && insn >> 20 & 0x1F == 0;
    raw(if known { Code::Uipi } else { Code::Illegal }, insn)
}
