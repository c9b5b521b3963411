//! Operations of the interpreter.

/// Register number that takes what is written to x0.
pub const SINK: u8 = 32;

/// What an operation does. Those that the unprivileged specification defines are named after their
/// instruction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Code {
    #[default]
    Illegal,
    /// LUI and others that load a constant.
    Li,
    Auipc,
    Jal,
    /// A JAL whose target follows in the block.
    Link,
    Jalr,
    Beq,
    Bne,
    Blt,
    Bge,
    Bltu,
    Bgeu,
    Lb,
    Lh,
    Lw,
    Ld,
    Lbu,
    Lhu,
    Lwu,
    Sb,
    Sh,
    Sw,
    Sd,
    Addi,
    Slti,
    Sltiu,
    Xori,
    Ori,
    Andi,
    Slli,
    Srli,
    Srai,
    Addiw,
    Slliw,
    Srliw,
    Sraiw,
    Add,
    Sub,
    Sll,
    Slt,
    Sltu,
    Xor,
    Srl,
    Sra,
    Or,
    And,
    Addw,
    Subw,
    Sllw,
    Srlw,
    Sraw,
    Mul,
    Mulh,
    Mulhsu,
    Mulhu,
    Div,
    Divu,
    Rem,
    Remu,
    Mulw,
    Divw,
    Divuw,
    Remw,
    Remuw,
    LrW,
    LrD,
    ScW,
    ScD,
    /// `imm` is funct5.
    AmoW,
    AmoD,
    Fence,
    FenceI,
    Ecall,
    Ebreak,
    Uret,
    Sret,
    Mret,
    Wfi,
    SfenceVma,
    Csr,
    Uipi,
    /// Not an instruction: the end of a block that did not end with a jump.
    End,
}

impl Code {
    /// Whether the next instruction need not be the following one.
    pub fn is_jump(self) -> bool {
        matches!(self, Code::Jal | Code::Jalr)
    }

    /// Whether it is a conditional branch.
    pub fn is_branch(self) -> bool {
        matches!(self, Code::Beq | Code::Bne | Code::Blt | Code::Bge | Code::Bltu | Code::Bgeu)
    }

    /// Whether it may change what the next instruction is, or how it is executed.
    pub fn ends_block(self) -> bool {
        self.is_jump()
            || matches!(
                self,
                Code::Illegal
                    | Code::FenceI
                    | Code::Ecall
                    | Code::Ebreak
                    | Code::Uret
                    | Code::Sret
                    | Code::Mret
                    | Code::Wfi
                    | Code::SfenceVma
                    | Code::Csr
                    | Code::Uipi
            )
    }
}

/// A decoded instruction. In a block, `imm` of what is relative to the pc is relative to the start
/// of the block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Op {
    /// What to do.
    pub code: Code,
    /// Register to write; [`SINK`] for x0.
    pub rd: u8,
    /// First operand.
    pub rs1: u8,
    /// Second operand.
    pub rs2: u8,
    /// Instructions of the block up to this one, itself included.
    pub count: u8,
    /// Its length in bytes.
    pub length: u8,
    /// Bytes from the start of the block.
    pub offset: u16,
    /// Immediate, or the instruction itself for those that look at its bits again.
    pub imm: i64,
}

impl Op {
    /// Whether `imm` is relative to the pc.
    pub fn is_relative(&self) -> bool {
        self.code == Code::Auipc || self.code == Code::Jal || self.code.is_branch()
    }

    /// The register that it writes, 0 for none.
    pub fn written(&self) -> u8 {
        match self.code {
            Code::Sb | Code::Sh | Code::Sw | Code::Sd | Code::Fence | Code::End => 0,
            code if code.is_branch() => 0,
            code if code.ends_block() && !code.is_jump() && code != Code::Csr => {
                // Of UIPI only READ writes a register (N-6.3).
                let reads = code == Code::Uipi && self.imm >> 25 & 0x7F == 1;
                if reads && self.rd != SINK { self.rd } else { 0 }
            }
            _ if self.rd == SINK => 0,
            _ => self.rd,
        }
    }
}
