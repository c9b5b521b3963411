//! Arguments that say what the machine is and what is in its memory.

use crate::bus::BusConfig;
use crate::clock::Clock;
use crate::hart::HartConfig;
use crate::machine::{Config, QUANTUM, Segments};
use crate::taic::TaicConfig;

/// Numbers that say what the machine is.
pub struct Numbers {
    harts: u64,
    memory: u64,
    pmp_entries: u64,
    hpm_counters: u64,
    receivers: u64,
    plic_sources: u64,
    uart_divisor: u64,
    timebase_hz: u64,
    clock_hz: u64,
    ips: u64,
    quantum: u64,
    tohost: Option<u64>,
    taic: Vec<u64>,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            harts: 1,
            memory: 128 << 20,
            pmp_entries: 8,
            hpm_counters: 4,
            receivers: 512,
            plic_sources: 32,
            uart_divisor: 54,
            timebase_hz: 10_000_000,
            clock_hz: 100_000_000,
            ips: 100_000_000,
            quantum: QUANTUM,
            tohost: None,
            taic: Vec::new(),
        }
    }
}

impl Numbers {
    /// Takes an argument. Says so if there is no such number.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let target = match name {
            "--harts" => &mut self.harts,
            "--memory" => &mut self.memory,
            "--pmp-entries" => &mut self.pmp_entries,
            "--hpm-counters" => &mut self.hpm_counters,
            "--receivers" => &mut self.receivers,
            "--plic-sources" => &mut self.plic_sources,
            "--uart-divisor" => &mut self.uart_divisor,
            "--timebase" => &mut self.timebase_hz,
            "--clock" => &mut self.clock_hz,
            "--ips" => &mut self.ips,
            "--quantum" => &mut self.quantum,
            "--tohost" => self.tohost.insert(0),
            "--taic" => {
                self.taic = value.split(':').map(number).collect::<Result<_, _>>()?;
                if self.taic.len() != 7 {
                    return Err(format!("a TAIC has seven sizes, not {value:?}"));
                }
                return Ok(());
            }
            _ => return Err(format!("the emulator does not know {name}")),
        };
        *target = number(value)?;
        Ok(())
    }

    /// The machine of these numbers, without a boot ROM.
    pub fn config(&self) -> Config {
        let harts = self.harts as usize;
        let taic = match self.taic[..] {
            [contexts, queues, priorities, tasks, channels, slots, lines] => Some(TaicConfig {
                contexts: contexts as usize,
                queues: queues as usize,
                priorities: priorities as usize,
                tasks: tasks as usize,
                channels: channels as usize,
                slots: slots as usize,
                lines: lines as usize,
                harts,
            }),
            _ => None,
        };
        Config {
            hart: HartConfig {
                pmp_entries: self.pmp_entries as usize,
                hpm_counters: self.hpm_counters as usize,
                receivers: self.receivers as usize,
            },
            bus: BusConfig {
                harts,
                dram_bytes: self.memory,
                rom: Vec::new(),
                plic_sources: self.plic_sources as usize,
                receivers: self.receivers as usize,
                taic,
                uart_divisor: self.uart_divisor as u16,
                clock: Clock::new(harts, self.ips, self.timebase_hz, self.clock_hz),
            },
            quantum: self.quantum,
            tohost: self.tohost,
        }
    }
}

/// A part of the image that is loaded to memory. The rest of the segment is zero.
pub struct Segment {
    /// Where it begins in the file.
    pub offset: u64,
    /// Physical address.
    pub paddr: u64,
    /// Bytes from the file.
    pub file_bytes: u64,
    /// Bytes with the zeros.
    pub memory_bytes: u64,
}

/// Reads a segment: four numbers with colons between them.
pub fn segment(text: &str) -> Result<Segment, String> {
    let numbers = text.split(':').map(number).collect::<Result<Vec<_>, _>>()?;
    match numbers[..] {
        [offset, paddr, file_bytes, memory_bytes] => {
            Ok(Segment { offset, paddr, file_bytes, memory_bytes })
        }
        _ => Err(format!("a segment has four numbers, not {text:?}")),
    }
}

/// Reads a number.
pub fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("not a number: {text:?}"))
}

/// The contents of memory. `None` if the file is too short.
pub fn program(image: &[u8], segments: &[Segment]) -> Option<Segments> {
    let mut program = Segments::new();
    for segment in segments {
        let start = usize::try_from(segment.offset).ok()?;
        let end = start.checked_add(usize::try_from(segment.file_bytes).ok()?)?;
        let mut bytes = image.get(start..end)?.to_vec();
        bytes.resize(usize::try_from(segment.memory_bytes).ok()?, 0);
        program.push((segment.paddr, bytes));
    }
    Some(program)
}
