//! Arguments of the program.

use std::path::PathBuf;

use emulator::bus::BusConfig;
use emulator::clock::Clock;
use emulator::hart::HartConfig;
use emulator::machine::{Config, QUANTUM};
use emulator::taic::TaicConfig;

/// A part of the image that is loaded to memory. The rest of the segment is zero.
pub struct Segment {
    pub offset: u64,
    pub paddr: u64,
    pub file_bytes: u64,
    pub memory_bytes: u64,
}

/// What to run, and how.
pub struct Options {
    pub image: PathBuf,
    pub rom: PathBuf,
    pub segments: Vec<Segment>,
    pub max_cycles: u64,
    pub commit_log: Option<PathBuf>,
    pub json: Option<PathBuf>,
    pub capstone: Option<PathBuf>,
    /// Cycle in which the state is written to a file instead of going on.
    pub checkpoint: Option<u64>,
    /// That file.
    pub output: PathBuf,
    /// Port for GDB, if it is to be served.
    pub gdb: Option<u16>,
    pub config: Config,
}

/// Reads arguments in pairs.
pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut machine = Numbers::default();
    let mut options = Options {
        image: PathBuf::new(),
        rom: PathBuf::new(),
        segments: Vec::new(),
        max_cycles: u64::MAX,
        commit_log: None,
        json: None,
        capstone: None,
        checkpoint: None,
        output: PathBuf::new(),
        gdb: None,
        config: machine.config(),
    };
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(format!("{name} has no value"))?;
        match name.as_str() {
            "--image" => options.image = value.into(),
            "--rom" => options.rom = value.into(),
            "--segment" => options.segments.push(segment(&value)?),
            "--max-cycles" => options.max_cycles = number(&value)?,
            "--commit-log" => options.commit_log = Some(value.into()),
            "--json" => options.json = Some(value.into()),
            "--capstone" => options.capstone = Some(value.into()),
            "--checkpoint" => options.checkpoint = Some(number(&value)?),
            "--output" => options.output = value.into(),
            "--gdb" => options.gdb = Some(port(&value)?),
            _ => machine.set(&name, &value)?,
        }
    }
    options.config = machine.config();
    Ok(options)
}

/// Numbers that say what the machine is.
struct Numbers {
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
    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
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

    fn config(&self) -> Config {
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

fn segment(text: &str) -> Result<Segment, String> {
    let numbers = text.split(':').map(number).collect::<Result<Vec<_>, _>>()?;
    match numbers[..] {
        [offset, paddr, file_bytes, memory_bytes] => {
            Ok(Segment { offset, paddr, file_bytes, memory_bytes })
        }
        _ => Err(format!("a segment has four numbers, not {text:?}")),
    }
}

fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("not a port: {text:?}"))
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("not a number: {text:?}"))
}
