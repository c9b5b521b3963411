//! Registers as GDB numbers and names them.

use std::fmt::Write;
use std::num::NonZeroUsize;

use gdbstub::arch::{Arch, RegId, Registers};

use super::debuggee::Register;

/// The numbers that GDB gives to registers of RISC-V, from its own description of the architecture.
const PC: usize = 32;
const FIRST_CSR: usize = 65;
const PRIVILEGE: usize = FIRST_CSR + 4096;

/// RV64 without F and D.
#[derive(Debug)]
pub enum Rv64 {}

impl Arch for Rv64 {
    type Usize = u64;
    type Registers = Core;
    type BreakpointKind = usize;
    type RegId = Register;
}

/// The registers that come in one packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Core {
    /// `x0` to `x31`.
    pub x: [u64; 32],
    /// Address of the next instruction.
    pub pc: u64,
}

impl Registers for Core {
    type ProgramCounter = u64;

    fn pc(&self) -> u64 {
        self.pc
    }

    fn gdb_serialize(&self, mut write_byte: impl FnMut(Option<u8>)) {
        let values = self.x.iter().chain([&self.pc]);
        values.flat_map(|value| value.to_le_bytes()).for_each(|byte| write_byte(Some(byte)));
    }

    fn gdb_deserialize(&mut self, bytes: &[u8]) -> Result<(), ()> {
        let (values, rest) = bytes.as_chunks::<8>();
        if values.len() != 33 || !rest.is_empty() {
            return Err(());
        }
        for (register, value) in self.x.iter_mut().chain([&mut self.pc]).zip(values) {
            *register = u64::from_le_bytes(*value);
        }
        Ok(())
    }
}

impl RegId for Register {
    fn from_raw_id(id: usize) -> Option<(Self, Option<NonZeroUsize>)> {
        let register = match id {
            0..PC => Register::X(id as u8),
            PC => Register::Pc,
            FIRST_CSR..PRIVILEGE => Register::Csr((id - FIRST_CSR) as u16),
            PRIVILEGE => Register::Privilege,
            _ => return None,
        };
        Some((register, NonZeroUsize::new(8)))
    }
}

/// The target description: x registers, `pc`, CSRs by name, and the privilege mode.
pub fn description(csrs: &[(String, u16)]) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target version=\"1.0\">\
         <architecture>riscv:rv64</architecture>",
    );
    let x = (0..PC).map(|number| {
        let kind = if number == 2 { "data_ptr" } else { "int" };
        element(&format!("x{number}"), number, kind)
    });
    feature(&mut xml, "cpu", x.chain([element("pc", PC, "code_ptr")]));
    let csrs =
        csrs.iter().map(|(name, number)| element(name, FIRST_CSR + usize::from(*number), "int"));
    feature(&mut xml, "csr", csrs);
    feature(&mut xml, "virtual", [element("priv", PRIVILEGE, "int")].into_iter());
    xml + "</target>"
}

fn feature(xml: &mut String, name: &str, registers: impl Iterator<Item = String>) {
    let _ = write!(xml, "<feature name=\"org.gnu.gdb.riscv.{name}\">");
    xml.extend(registers);
    xml.push_str("</feature>");
}

fn element(name: &str, number: usize, kind: &str) -> String {
    format!("<reg name=\"{name}\" bitsize=\"64\" type=\"{kind}\" regnum=\"{number}\"/>")
}
