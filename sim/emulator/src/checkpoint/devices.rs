//! The accesses that restore devices, tried out on devices after reset.

use super::code::{BYTE, DWORD, WORD, Width};
use crate::bus::Bus;
use crate::machine::Machine;
use crate::soc;

/// An access of hart 0 to a device or to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Physical address.
    pub address: u64,
    /// What is written.
    pub value: u64,
    size: u32,
    writes: bool,
}

impl Access {
    /// Width of each kind of access, and whether it writes.
    pub const KINDS: [(Width, bool); 6] =
        [(BYTE, true), (WORD, true), (DWORD, true), (BYTE, false), (WORD, false), (DWORD, false)];

    /// A write of `size` bytes.
    pub fn write(address: u64, size: u32, value: u64) -> Self {
        Self { address, value, size, writes: true }
    }

    /// A read of `size` bytes, for its effect.
    pub fn read(address: u64, size: u32) -> Self {
        Self { address, value: 0, size, writes: false }
    }

    /// Its place in [`Self::KINDS`].
    pub fn kind(&self) -> u64 {
        let found = Self::KINDS
            .iter()
            .position(|&(width, writes)| 1 << width == self.size && writes == self.writes);
        found.unwrap_or(0) as u64
    }
}

/// All accesses, in order; or which device is in a state to which none lead.
pub fn accesses(machine: &Machine) -> Result<Vec<Access>, String> {
    let bus = &machine.bus;
    let mut accesses = clint(bus);
    interrupt_source(bus, &mut accesses);
    accesses.extend(uintc(bus));
    let mut fresh = machine.fresh_devices();
    for access in &accesses {
        perform(&mut fresh, access);
    }
    let mended = [
        ("UART", fresh.uart.essence() == bus.uart.essence()),
        ("PLIC", fresh.plic == bus.plic),
        ("UINTC", fresh.uintc.essence() == bus.uintc.essence()),
    ];
    for (name, equal) in mended {
        if !equal {
            return Err(format!("{name} is in a state to which no accesses lead"));
        }
    }
    if let Some(taic) = &bus.taic {
        let found = taic.restoration().ok_or("TAIC is in a state to which no accesses lead")?;
        accesses.extend(found.into_iter().map(|(offset, value)| {
            let address = soc::TAIC_BASE as u64 + offset;
            value.map_or(Access::read(address, 8), |value| Access::write(address, 8, value))
        }));
    }
    Ok(accesses)
}

fn perform(bus: &mut Bus, access: &Access) {
    if access.writes {
        bus.write(access.address, access.size, access.value);
    } else {
        // What is read does not matter, nor whether it is refused.
        let _ = bus.read(access.address, access.size);
    }
}

/// All but `mtime`, which comes last.
fn clint(bus: &Bus) -> Vec<Access> {
    let base = soc::CLINT_BASE as u64;
    let mut accesses = Vec::new();
    for hart in 0..bus.clint.harts() {
        let msip = base + (soc::clint::MSIP + soc::clint::MSIP_STRIDE * hart) as u64;
        let compare = base + (soc::clint::MTIMECMP + soc::clint::MTIMECMP_STRIDE * hart) as u64;
        accesses.push(Access::write(msip, 4, bus.clint.msip() >> hart & 1));
        accesses.push(Access::write(compare, 8, bus.clint.mtimecmp(hart)));
    }
    accesses
}

/// The UART, and the PLIC, whose only source it is.
fn interrupt_source(bus: &Bus, accesses: &mut Vec<Access>) {
    let uart = |register: usize| (soc::UART0_BASE + register) as u64;
    let source = soc::UART0_INTERRUPT;
    let claim = (soc::PLIC_BASE + soc::plic::CLAIM) as u64;
    let priority = (soc::PLIC_BASE + soc::plic::PRIORITY + 4 * source) as u64;
    let enable = (soc::PLIC_BASE + soc::plic::ENABLE0 + source / 32 * 4) as u64;
    // "Transmit queue empty" raises the line, which makes the source pending.
    accesses.push(Access::write(uart(soc::uart0::IER), 1, soc::uart0::IER_TX as u64));
    settle(accesses);
    let registers = bus.uart.restoration();
    accesses.extend(registers.into_iter().map(|(register, value)| match value {
        Some(value) => Access::write(uart(register), 1, value.into()),
        None => Access::read(uart(register), 1),
    }));
    settle(accesses);
    let (pending, in_service) = bus.plic.requests();
    if pending >> source & 1 == 0 {
        accesses.push(Access::write(priority, 4, 1));
        accesses.push(Access::write(enable, 4, 1 << (source % 32)));
        accesses.push(Access::read(claim, 4));
        if in_service >> source & 1 == 0 {
            accesses.push(Access::write(claim, 4, source as u64));
        }
    }
    let plic = soc::PLIC_BASE as u64;
    let registers = bus.plic.registers();
    accesses.extend(registers.map(|(offset, value)| Access::write(plic + offset, 4, value)));
}

/// Gives the line of the UART time to reach the PLIC.
fn settle(accesses: &mut Vec<Access>) {
    let status = (soc::UART0_BASE + soc::uart0::LSR) as u64;
    accesses.extend([Access::read(status, 1); 4]);
}

fn uintc(bus: &Bus) -> impl Iterator<Item = Access> {
    let base = soc::UINTC_BASE as u64;
    bus.uintc
        .restoration()
        .into_iter()
        .map(move |(offset, value)| Access::write(base + offset, 8, value))
}
