//! LR, SC and AMOs.

use super::translate::{Access, Fault, Place};
use super::{Hart, Trap};
use crate::bus::Bus;
use crate::choices;
use crate::debug::Watch;
use crate::decode::{Code, Op};
use crate::memory::Region;
use crate::soc::cause;

impl Hart {
    /// Executes an atomic instruction. Writes its result.
    pub fn atomic(&mut self, bus: &mut Bus, op: &Op) -> Result<(), Trap> {
        let vaddr = self.regs[usize::from(op.rs1)];
        let operand = self.regs[usize::from(op.rs2)];
        let double = matches!(op.code, Code::LrD | Code::ScD | Code::AmoD);
        let size = if double { 8 } else { 4 };
        let access = match op.code {
            Code::LrW | Code::LrD => Access::Load,
            _ => Access::Store,
        };
        let place = self.atomic_place(bus, vaddr, size, access)?;
        let line = place.paddr >> choices::RESERVATION_BITS;
        match op.code {
            Code::LrW | Code::LrD => self.watch(bus, vaddr, size, Watch::Read)?,
            Code::ScW | Code::ScD if self.reservation != Some(line) => {}
            Code::ScW | Code::ScD => self.watch(bus, vaddr, size, Watch::Write)?,
            _ => self.watch(bus, vaddr, size, Watch::Access)?,
        }
        let result = match op.code {
            Code::LrW | Code::LrD => {
                self.reservation = Some(line);
                read(bus, place.paddr, double)
            }
            Code::ScW | Code::ScD => {
                let held = self.reservation.take() == Some(line);
                let held = bus.outside.as_ref().and_then(|given| given.given.sc).unwrap_or(held);
                if held {
                    bus.store_bytes(place.paddr, &operand.to_le_bytes()[..size as usize]);
                }
                u64::from(!held)
            }
            _ => {
                let old = read(bus, place.paddr, double);
                let new = amo(op.imm as u32, old, operand, double);
                bus.store_bytes(place.paddr, &new.to_le_bytes()[..size as usize]);
                old
            }
        };
        self.regs[usize::from(op.rd)] = result;
        Ok(())
    }

    fn atomic_place(
        &self,
        bus: &Bus,
        vaddr: u64,
        size: u64,
        access: Access,
    ) -> Result<Place, Trap> {
        if choices::MISALIGNED_ATOMIC_TRAPS && vaddr & (size - 1) != 0 {
            let cause = match access {
                Access::Load => cause::LOAD_MISALIGNED,
                _ => cause::STORE_MISALIGNED,
            };
            return Err(Trap { cause: cause as u64, tval: vaddr });
        }
        let place =
            self.translate(bus, vaddr, access).map_err(|fault| fault.trap(access, vaddr))?;
        if place.region == Region::Io {
            return Err(Fault::Access.trap(access, vaddr));
        }
        Ok(place)
    }
}

/// A dword, or a word sign-extended.
fn read(bus: &Bus, paddr: u64, double: bool) -> u64 {
    let Some((at, _)) = bus.memory.locate(paddr) else { return 0 };
    if double {
        bus.memory.dword(at)
    } else {
        i64::from(i32::from_le_bytes(bus.memory.read(at))) as u64
    }
}

/// The new value. A word operation looks at words, sign-extended or not.
fn amo(funct5: u32, old: u64, operand: u64, double: bool) -> u64 {
    let signed = |value: u64| if double { value as i64 } else { i64::from(value as i32) };
    let unsigned = |value: u64| if double { value } else { u64::from(value as u32) };
    let choose = |first: bool| if first { old } else { operand };
    match funct5 {
        0b00001 => operand,
        0b00000 => old.wrapping_add(operand),
        0b00100 => old ^ operand,
        0b01100 => old & operand,
        0b01000 => old | operand,
        0b10000 => choose(signed(old) < signed(operand)),
        0b10100 => choose(signed(old) > signed(operand)),
        0b11000 => choose(unsigned(old) < unsigned(operand)),
        _ => choose(unsigned(old) > unsigned(operand)),
    }
}
