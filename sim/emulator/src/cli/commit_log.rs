//! The commit log: one line for every retired instruction and every trap, as `rel4 sim` writes it.
//!
//! ```text
//! cycle hart mode pc insn disassembly  register written  memory read or written
//! ```

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use emulator::hart::{Accessed, Commit, Priv, Taken};

use super::disassembler::Disassembler;

/// The file.
pub struct CommitLog {
    file: BufWriter<File>,
    disassembler: Disassembler,
}

impl CommitLog {
    /// Creates the file.
    pub fn create(path: &Path, capstone: Option<&Path>) -> io::Result<Self> {
        let file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        Ok(Self { file, disassembler: Disassembler::new(capstone) })
    }

    /// Writes a line.
    pub fn write(&mut self, cycle: u64, hart: usize, commit: &Commit) -> io::Result<()> {
        let mode = letter(commit.privilege);
        write!(self.file, "{cycle:10} {hart} {mode} {:016x} ", commit.pc)?;
        if let Some(trap) = &commit.trap {
            return self.trap(trap);
        }
        let insn = commit.insn;
        if insn & 3 == 3 {
            write!(self.file, "{insn:08x}  ")?;
        } else {
            write!(self.file, "    {insn:04x}  ")?;
        }
        let text = self.disassembler.text(insn);
        let (rd, value) = commit.rd;
        if rd == 0 && commit.access.is_none() {
            return writeln!(self.file, "{text}");
        }
        write!(self.file, "{text:<28}")?;
        if rd != 0 {
            write!(self.file, "  x{rd}={value:016x}")?;
        }
        if let Some(access) = &commit.access {
            self.access("load", access, access.read)?;
            self.access("store", access, access.written)?;
        }
        writeln!(self.file)
    }

    fn trap(&mut self, trap: &Taken) -> io::Result<()> {
        let kind = if trap.interrupt { "interrupt" } else { "exception" };
        write!(self.file, "--------  {kind} {} ({})", trap.cause, cause_text(trap))?;
        if !trap.interrupt {
            write!(self.file, "  tval={:016x}", trap.tval)?;
        }
        writeln!(self.file)
    }

    fn access(&mut self, what: &str, access: &Accessed, data: Option<u64>) -> io::Result<()> {
        let Some(data) = data else { return Ok(()) };
        let data = data & u64::MAX >> (64 - 8 * access.size);
        let digits = 2 * access.size as usize;
        write!(self.file, "  {what}{} [{:016x}]={data:0digits$x}", access.size, access.address)
    }
}

/// The letter of a mode.
pub fn letter(mode: Priv) -> char {
    match mode {
        Priv::U => 'U',
        Priv::S => 'S',
        Priv::M => 'M',
    }
}

/// What a cause means.
pub fn cause_text(trap: &Taken) -> &'static str {
    let texts: &[&str] = if trap.interrupt { &INTERRUPTS } else { &EXCEPTIONS };
    texts.get(trap.cause as usize).unwrap_or(&"?")
}

const EXCEPTIONS: [&str; 16] = [
    "instruction address misaligned",
    "instruction access fault",
    "illegal instruction",
    "breakpoint",
    "load address misaligned",
    "load access fault",
    "store address misaligned",
    "store access fault",
    "ECALL from U-mode",
    "ECALL from S-mode",
    "?",
    "ECALL from M-mode",
    "instruction page fault",
    "load page fault",
    "?",
    "store page fault",
];

const INTERRUPTS: [&str; 12] = [
    "user software interrupt",
    "supervisor software interrupt",
    "?",
    "machine software interrupt",
    "user timer interrupt",
    "supervisor timer interrupt",
    "?",
    "machine timer interrupt",
    "user external interrupt",
    "supervisor external interrupt",
    "?",
    "machine external interrupt",
];
