//! UIPI (N-6.1 to N-6.15).

use super::translate::Access;
use super::{Hart, Priv};
use crate::bus::Bus;
use crate::decode::Op;
use crate::memory::Region;
use crate::soc;

const SEND: u64 = 0;
const READ: u64 = 1;
const WRITE: u64 = 2;
const ACTIVATE: u64 = 3;
const ENABLE: u64 = 1 << 63;
const ENTRY_BYTES: u64 = 8;
const ENTRIES_OF_PAGE: u64 = 512;
const VECTORS: u64 = 64;
const COUNT_LIMIT: u64 = 0xFFFF;

/// Why an operation has no effect (N-6.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    SenderDisabled = 1,
    BeyondTable = 2,
    TableAccess = 3,
    EntryInvalid = 4,
    Vector = 5,
    Receiver = 6,
    ReceiverDisabled = 7,
    OwnReceiver = 8,
}

impl Hart {
    /// Whether UIPI does not exist for U-mode now, because S-mode has given nothing (N-2.5).
    pub fn hides_uipi(&self) -> bool {
        let given = self.csr.sideleg != 0 || (self.csr.suist | self.csr.suirs) & ENABLE != 0;
        self.privilege == Priv::U && !given
    }

    /// Executes UIPI in `cycle`. It does not trap.
    pub fn uipi(&mut self, bus: &mut Bus, op: &Op, cycle: u64) {
        let operation = op.imm as u64 >> 25 & 0x7F;
        let operand = self.regs[usize::from(op.rs1)];
        bus.set_cycle(cycle);
        let outcome = match operation {
            SEND => self.send(bus, operand).map(|()| 0),
            _ => self.own_receiver(bus, operation, operand),
        };
        self.counters.uipi(outcome.is_err());
        if let Err(reason) = outcome {
            let count = (self.csr.suierr >> 16 & 0xFFFF) + 1;
            self.csr.suierr =
                operand << 32 | count.min(COUNT_LIMIT) << 16 | operation << 8 | reason as u64;
        }
        if operation == READ {
            self.regs[usize::from(op.rd)] = outcome.unwrap_or(0);
        }
    }

    /// SEND: looks the receiver up in the sender table (N-6.5).
    fn send(&self, bus: &mut Bus, index: u64) -> Result<(), Refusal> {
        let suist = self.csr.suist;
        if suist & ENABLE == 0 {
            return Err(Refusal::SenderDisabled);
        }
        if index >= ENTRIES_OF_PAGE * (suist >> 44 & 0xFFF) {
            return Err(Refusal::BeyondTable);
        }
        let table = (suist & ((1 << 44) - 1)) << 12;
        let address = table + ENTRY_BYTES * index;
        // With the rights of S-mode, whatever the mode is (N-6.7).
        let entry = match self.check(bus, address, Access::Load, false) {
            Ok(Region::Dram | Region::Rom) => bus.memory.locate(address),
            _ => None,
        };
        let entry = entry.map(|(at, _)| bus.memory.dword(at)).ok_or(Refusal::TableAccess)?;
        let (vector, receiver) = (entry >> 16 & 0xFFFF, entry >> 48);
        if entry & 1 == 0 {
            return Err(Refusal::EntryInvalid);
        }
        if vector >= VECTORS {
            return Err(Refusal::Vector);
        }
        if receiver >= self.config.receivers as u64 {
            return Err(Refusal::Receiver);
        }
        bus.write(register(receiver, soc::uintc::SEND), 8, vector);
        Ok(())
    }

    /// The operations on the receiver in `suirs` (UINTC-3.8).
    fn own_receiver(&self, bus: &mut Bus, operation: u64, operand: u64) -> Result<u64, Refusal> {
        let suirs = self.csr.suirs;
        if suirs & ENABLE == 0 {
            return Err(Refusal::ReceiverDisabled);
        }
        let receiver = suirs & 0xFFFF;
        if receiver >= self.config.receivers as u64 {
            return Err(Refusal::OwnReceiver);
        }
        match operation {
            READ => return Ok(bus.read(register(receiver, soc::uintc::HIGH), 8).unwrap_or(0)),
            WRITE => bus.write(register(receiver, soc::uintc::HIGH), 8, operand),
            _ => {
                let active = u64::from(operation == ACTIVATE);
                bus.write(register(receiver, soc::uintc::ACTIVE), 8, active);
            }
        }
        Ok(0)
    }
}

/// Physical address of a register of a receiver.
fn register(receiver: u64, offset: usize) -> u64 {
    (soc::UINTC_BASE + offset) as u64 + soc::uintc::HIGH_STRIDE as u64 * receiver
}
