//! Memory and devices, by physical address.

use crate::clint::Clint;
use crate::clock::Clock;
use crate::debug::Debug;
use crate::finisher::Finisher;
use crate::memory::{Memory, Region};
use crate::outside::Outside;
use crate::plic::Plic;
use crate::soc;
use crate::taic::{Taic, TaicConfig};
use crate::uart::Uart;
use crate::uintc::Uintc;

/// A device that refuses a read; the load raises an access fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusError;

const PAGE: u64 = 4096;

/// How many there are of what.
#[derive(Clone, Debug)]
pub struct BusConfig {
    /// Harts, 1 to 4.
    pub harts: usize,
    /// Bytes of DRAM.
    pub dram_bytes: u64,
    /// Contents of the boot ROM.
    pub rom: Vec<u8>,
    /// Sources of the PLIC, with source 0.
    pub plic_sources: usize,
    /// Entries of UINTC.
    pub receivers: usize,
    /// TAIC, if there is one.
    pub taic: Option<TaicConfig>,
    /// Divisor of the UART after reset.
    pub uart_divisor: u16,
    /// How time follows from instructions.
    pub clock: Clock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Device {
    Finisher,
    Taic,
    Clint,
    Uintc,
    Plic,
    Uart,
}

/// Everything that harts share.
#[derive(Clone)]
pub struct Bus {
    /// DRAM and boot ROM.
    pub memory: Memory,
    /// CLINT.
    pub clint: Clint,
    /// PLIC.
    pub plic: Plic,
    /// UART.
    pub uart: Uart,
    /// Finisher.
    pub finisher: Finisher,
    /// UINTC.
    pub uintc: Uintc,
    /// TAIC.
    pub taic: Option<Taic>,
    /// Where in time the present turn is.
    pub clock: Clock,
    /// A device was accessed since this was cleared: lines may have changed.
    pub touched: bool,
    /// Accesses to this dword of memory never take the fast way; see [`Bus::stored`].
    pub watched: Option<u64>,
    /// What was stored to the watched dword last.
    pub stored: Option<u64>,
    /// Takes the place of devices, lines and time during a step that is given from outside.
    pub outside: Option<Box<Outside>>,
    /// The wishes of a debugger.
    pub debug: Debug,
    windows: Vec<(u64, u64, Device)>,
}

impl Bus {
    /// Everything after reset.
    pub fn new(config: &BusConfig) -> Self {
        // What of UINTC answers: the table and the page of errors (UINTC-2.1).
        let uintc_present = soc::uintc::ERROR as u64 + PAGE;
        let mut windows = vec![
            (soc::FINISHER_BASE, soc::FINISHER_SIZE as u64, Device::Finisher),
            (soc::CLINT_BASE, soc::CLINT_SIZE as u64, Device::Clint),
            (soc::UINTC_BASE, uintc_present, Device::Uintc),
            (soc::PLIC_BASE, soc::PLIC_SIZE as u64, Device::Plic),
            (soc::UART0_BASE, PAGE, Device::Uart),
        ];
        if config.taic.is_some() {
            windows.push((soc::TAIC_BASE, soc::TAIC_SIZE as u64, Device::Taic));
        }
        Self {
            memory: Memory::new(config.dram_bytes, &config.rom),
            clint: Clint::new(config.harts),
            plic: Plic::new(config.harts, config.plic_sources),
            uart: Uart::new(config.uart_divisor),
            finisher: Finisher::default(),
            uintc: Uintc::new(config.receivers, config.harts),
            taic: config.taic.as_ref().map(Taic::new),
            clock: config.clock.clone(),
            touched: false,
            watched: None,
            stored: None,
            outside: None,
            debug: Debug::default(),
            windows: windows.into_iter().map(|(base, size, d)| (base as u64, size, d)).collect(),
        }
    }

    /// What is at a physical address.
    pub fn region(&self, paddr: u64) -> Option<Region> {
        match self.memory.locate(paddr) {
            Some((_, region)) => Some(region),
            None => self.device(paddr).map(|_| Region::Io),
        }
    }

    /// Reads `size` bytes of a device.
    pub fn read(&mut self, paddr: u64, size: u32) -> Result<u64, BusError> {
        let (device, offset) = self.device(paddr).ok_or(BusError)?;
        self.touched = true;
        if let Some(outside) = &mut self.outside {
            return outside.read(paddr, size);
        }
        let value = match device {
            Device::Finisher => Ok(0),
            Device::Clint => self.clint.read(offset, size),
            Device::Uintc => self.uintc.read(offset, size),
            Device::Plic => self.plic.read(offset, size),
            Device::Uart if offset < soc::UART0_SIZE as u64 => self.uart.read(offset, size),
            Device::Uart => Err(BusError),
            Device::Taic => {
                let hart = self.clock.hart();
                self.taic.as_mut().ok_or(BusError)?.read(hart, offset, size)
            }
        };
        self.settle();
        value
    }

    /// Writes `size` bytes of a device. What it does not take is dropped.
    pub fn write(&mut self, paddr: u64, size: u32, value: u64) {
        let Some((device, offset)) = self.device(paddr) else { return };
        self.touched = true;
        if let Some(outside) = &mut self.outside {
            return outside.write(paddr, size, value);
        }
        match device {
            Device::Finisher => self.finisher.write(offset, size, value),
            Device::Clint => self.clint.write(offset, size, value),
            // A store raises nothing (UINTC-5.2).
            Device::Uintc => {
                let _ = self.uintc.write(offset, size, value);
            }
            Device::Plic => self.plic.write(offset, size, value),
            Device::Uart if offset < soc::UART0_SIZE as u64 => {
                self.uart.write(offset, size, value);
            }
            Device::Uart => {}
            Device::Taic => {
                if let Some(taic) = &mut self.taic {
                    let _ = taic.write(self.clock.hart(), offset, size, value);
                }
            }
        }
        self.settle();
    }

    /// Tells devices the time: cycle `cycle` of the hart whose turn it is.
    pub fn set_cycle(&mut self, cycle: u64) {
        if self.outside.is_some() {
            return;
        }
        let ticks = self.clock.ticks(cycle);
        if ticks == self.clint.ticks() {
            return;
        }
        self.clint.set_ticks(ticks);
        self.uart.set_now(ticks * self.clock.clocks_per_tick());
        if self.uart.waits_for_time() {
            self.settle();
        }
    }

    /// Stores bytes to memory, and notices the watched dword.
    pub fn store_bytes(&mut self, paddr: u64, bytes: &[u8]) {
        let Some((at, _)) = self.memory.locate(paddr) else { return };
        if let Some(target) = self.memory.slice_mut(at, bytes.len()) {
            target.copy_from_slice(bytes);
        }
        if self.watched == Some(paddr) {
            let mut value = [0; 8];
            value[..bytes.len()].copy_from_slice(bytes);
            self.stored = Some(u64::from_le_bytes(value));
        }
    }

    /// Passes lines on from device to device, after time or state has changed.
    pub fn settle(&mut self) {
        let lines = u64::from(self.uart.irq()) << soc::UART0_INTERRUPT;
        self.plic.set_lines(lines);
        if let Some(taic) = &mut self.taic {
            taic.device_lines(lines);
            taic.step();
        }
    }

    /// `time`.
    pub fn time(&self) -> u64 {
        self.outside.as_ref().map_or_else(|| self.clint.time(), |outside| outside.given.time)
    }

    /// What a counter shows, if that is given from outside.
    pub fn counter(&self) -> Option<u64> {
        self.outside.as_ref()?.given.counter
    }

    /// The interrupt lines of `hart`, a bit for each cause.
    pub fn lines(&self, hart: usize) -> u64 {
        if let Some(outside) = &self.outside {
            return outside.given.lines;
        }
        let (meip, seip, ueip) = self.plic.irq(hart);
        let of = |lines: u64| lines >> hart & 1;
        let (user, supervisor) =
            self.taic.as_ref().map_or((0, 0), |taic| (taic.user_lines(), taic.supervisor_lines()));
        of(self.clint.msip()) << soc::irq::MSI
            | u64::from(self.clint.mtip(hart)) << soc::irq::MTI
            | u64::from(meip) << soc::irq::MEI
            | u64::from(seip) << soc::irq::SEI
            | u64::from(ueip) << soc::irq::UEI
            | of(self.uintc.lines() | user) << soc::irq::USI
            | of(supervisor) << soc::irq::SSI
    }

    fn device(&self, paddr: u64) -> Option<(Device, u64)> {
        self.windows.iter().find_map(|&(base, size, device)| {
            let offset = paddr.wrapping_sub(base);
            (offset < size).then_some((device, offset))
        })
    }
}
