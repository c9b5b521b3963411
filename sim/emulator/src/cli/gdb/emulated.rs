//! The emulator as a machine to be debugged.

use emulator::debug::{Debug, Watchpoint};
use emulator::hart::Priv;
use emulator::machine::Machine;
use emulator::soc::csr;

use super::debuggee::{Debuggee, Register, Resume};
use crate::cli::commit_log::letter;

impl Debuggee for Machine {
    fn harts(&self) -> usize {
        self.harts.len()
    }

    fn csrs(&mut self) -> Vec<(String, u16)> {
        let counters = self.harts[0].counters.existing();
        let exists = |number: u16| match number & !0x1F {
            csr::CYCLE | csr::MCYCLE => counters >> (number & 0x1F) & 1 != 0,
            block if block == csr::MHPMEVENT3 & !0x1F && number >= csr::MHPMEVENT3 => {
                counters >> (number & 0x1F) & 1 != 0
            }
            _ => true,
        };
        named_csrs()
            .filter(|&(_, number)| {
                exists(number) && self.harts[0].peek_csr(&self.bus, number).is_some()
            })
            .collect()
    }

    fn register(&mut self, hart: usize, register: Register) -> Option<u64> {
        let state = self.harts.get_mut(hart)?;
        Some(match register {
            Register::X(0) => 0,
            Register::X(number) => state.regs[usize::from(number & 31)],
            Register::Pc => state.pc,
            Register::Csr(number) => return state.peek_csr(&self.bus, number),
            Register::Privilege => state.privilege as u64,
        })
    }

    fn set_register(&mut self, hart: usize, register: Register, value: u64) -> bool {
        let Some(state) = self.harts.get_mut(hart) else { return false };
        match register {
            Register::X(0) => {}
            Register::X(number) => state.regs[usize::from(number & 31)] = value,
            // Unchanged, it must not wake the hart: GDB writes all registers at once.
            Register::Pc if state.pc == value => {}
            Register::Pc => state.jump(value),
            Register::Csr(number) => return state.poke_csr(&self.bus, number, value),
            Register::Privilege if matches!(value, 0 | 1 | 3) => {
                state.privilege = Priv::from_bits(value);
            }
            Register::Privilege => return false,
        }
        true
    }

    fn read(&mut self, hart: usize, vaddr: u64, bytes: &mut [u8]) -> usize {
        self.harts.get(hart).map_or(0, |state| state.peek(&self.bus, vaddr, bytes))
    }

    fn write(&mut self, hart: usize, vaddr: u64, bytes: &[u8]) -> bool {
        let done = self.harts.get(hart).is_some_and(|s| s.poke(&mut self.bus, vaddr, bytes));
        self.refetch();
        done
    }

    fn breakpoint(&mut self, vaddr: u64, set: bool) -> bool {
        let mut done = true;
        self.debug(|debug| match set {
            true => debug.add_breakpoint(vaddr),
            false => done = debug.remove_breakpoint(vaddr),
        });
        done
    }

    fn watchpoint(&mut self, watchpoint: Watchpoint, set: bool) -> bool {
        let mut done = true;
        self.debug(|debug| match set {
            true => debug.add_watchpoint(watchpoint),
            false => done = debug.remove_watchpoint(watchpoint),
        });
        done
    }

    fn resume(&mut self, how: Resume) {
        (self.bus.debug.step, self.bus.debug.only) = (how.step, how.only);
    }

    fn forget(&mut self) {
        self.debug(|debug| *debug = Debug::default());
    }

    fn state(&self, hart: usize) -> String {
        let Some(state) = self.harts.get(hart) else { return String::new() };
        let waits = if state.waiting { ", waits" } else { "" };
        format!("{}-mode{waits}", letter(state.privilege))
    }

    fn busy(&self) -> usize {
        self.harts.iter().position(|hart| !hart.waiting).unwrap_or(0)
    }
}

/// Every CSR there could be. Series, of which only the first has a name, are counted up.
fn named_csrs() -> impl Iterator<Item = (String, u16)> {
    csr::NAMES.into_iter().flat_map(|(name, first)| {
        let (stem, count): (&str, u16) = match first {
            csr::HPMCOUNTER3 | csr::MHPMCOUNTER3 | csr::MHPMEVENT3 => (&name[..name.len() - 1], 29),
            csr::PMPCFG0 | csr::PMPADDR0 => (&name[..name.len() - 1], 16),
            _ => (name, 1),
        };
        let start = name[stem.len()..].parse().unwrap_or(0);
        (0..count).map(move |index: u16| {
            let text = if count == 1 { stem.into() } else { format!("{stem}{}", start + index) };
            (text, first + index)
        })
    })
}
