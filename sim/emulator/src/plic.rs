//! PLIC, as the RISC-V PLIC specification defines it, with level-sensitive gateways.
//!
//! Contexts come in the order of N-10.1: M and S of each hart, then U of each hart.

use crate::bus::BusError;
use crate::soc::plic as map;

const WORD: u64 = 4;

/// State of the PLIC.
#[derive(Clone, Debug, PartialEq)]
pub struct Plic {
    harts: usize,
    sources: usize,
    priority: Vec<u8>,
    /// Levels of the sources, a bit each.
    lines: u64,
    pending: u64,
    /// Claimed and not yet completed.
    in_service: u64,
    enable: Vec<u64>,
    threshold: Vec<u8>,
}

impl Plic {
    /// For sources 1 to `sources - 1`, at most 63.
    pub fn new(harts: usize, sources: usize) -> Self {
        let contexts = 3 * harts;
        Self {
            harts,
            sources,
            priority: vec![0; sources],
            lines: 0,
            pending: 0,
            in_service: 0,
            enable: vec![0; contexts],
            threshold: vec![0; contexts],
        }
    }

    /// Sets the levels of the sources, a bit each.
    pub fn set_lines(&mut self, lines: u64) {
        self.lines = lines & self.existing();
        self.latch();
    }

    /// Whether the machine, supervisor and user external interrupts of `hart` are high.
    pub fn irq(&self, hart: usize) -> (bool, bool, bool) {
        let high = |context| self.best(context, self.threshold[context]) != 0;
        (high(2 * hart), high(2 * hart + 1), high(2 * self.harts + hart))
    }

    /// Reads a register; a claim takes the source.
    pub fn read(&mut self, offset: u64, size: u32) -> Result<u64, BusError> {
        let Some(register) = self.register(offset) else { return Ok(0) };
        if size != 4 {
            return Err(BusError);
        }
        Ok(match register {
            Register::Priority(source) => u64::from(self.priority[source]),
            Register::Pending(word) => self.pending >> (32 * word) & 0xFFFF_FFFF,
            Register::Enable(context, word) => self.enable[context] >> (32 * word) & 0xFFFF_FFFF,
            Register::Threshold(context) => u64::from(self.threshold[context]),
            Register::Claim(context) => self.claim(context),
        })
    }

    /// Writes a register; a completion of a source that is not enabled is ignored.
    pub fn write(&mut self, offset: u64, size: u32, value: u64) {
        let Some(register) = self.register(offset) else { return };
        if size != 4 {
            return;
        }
        match register {
            Register::Priority(0) | Register::Pending(_) => {}
            Register::Priority(source) => self.priority[source] = (value & 7) as u8,
            Register::Enable(context, word) => {
                let shift = 32 * word;
                let kept = self.enable[context] & !(0xFFFF_FFFF << shift);
                self.enable[context] = (kept | (value & 0xFFFF_FFFF) << shift) & self.existing();
            }
            Register::Threshold(context) => self.threshold[context] = (value & 7) as u8,
            Register::Claim(context) => {
                let source = value & 0x3FF;
                if source < self.sources as u64 {
                    self.in_service &= !(1 << source & self.enable[context]);
                    self.latch();
                }
            }
        }
    }

    /// Sources that are pending, and those that are claimed and not completed; a bit each.
    pub fn requests(&self) -> (u64, u64) {
        (self.pending, self.in_service)
    }

    /// All registers that hold what is written to them: offset and value.
    pub fn registers(&self) -> impl Iterator<Item = (u64, u64)> {
        let priority = (1..self.sources).map(|source| {
            ((map::PRIORITY + WORD as usize * source) as u64, u64::from(self.priority[source]))
        });
        let words = self.sources.div_ceil(32);
        let enable = (0..self.enable.len()).flat_map(move |context| {
            (0..words).map(move |word| {
                let offset = map::ENABLE0 + map::ENABLE0_STRIDE * context + WORD as usize * word;
                (offset as u64, self.enable[context] >> (32 * word) & 0xFFFF_FFFF)
            })
        });
        let threshold = self.threshold.iter().enumerate().map(|(context, &value)| {
            ((map::THRESHOLD + map::THRESHOLD_STRIDE * context) as u64, u64::from(value))
        });
        priority.chain(enable).chain(threshold)
    }

    fn claim(&mut self, context: usize) -> u64 {
        let source = self.best(context, 0);
        let bit = if source == 0 { 0 } else { 1u64 << source };
        self.pending &= !bit;
        self.in_service |= bit;
        source
    }

    /// The most urgent enabled pending source with a priority above `threshold`, or 0.
    fn best(&self, context: usize, threshold: u8) -> u64 {
        let mut candidates = self.pending & self.enable[context];
        let (mut best, mut level) = (0, threshold);
        while candidates != 0 {
            let source = candidates.trailing_zeros() as usize;
            candidates &= candidates - 1;
            if self.priority[source] > level {
                (best, level) = (source as u64, self.priority[source]);
            }
        }
        best
    }

    fn latch(&mut self) {
        self.pending |= self.lines & !self.in_service;
    }

    fn existing(&self) -> u64 {
        (((1u128 << self.sources) - 1) as u64) & !1
    }

    fn register(&self, offset: u64) -> Option<Register> {
        let words = self.sources.div_ceil(32) as u64;
        let contexts = self.enable.len() as u64;
        let within = |base: usize| offset.wrapping_sub(base as u64);
        let priority = within(map::PRIORITY) / WORD;
        let pending = within(map::PENDING0) / WORD;
        let (enable, enable_word) = (
            within(map::ENABLE0) / map::ENABLE0_STRIDE as u64,
            within(map::ENABLE0) % map::ENABLE0_STRIDE as u64 / WORD,
        );
        let threshold = within(map::THRESHOLD) / map::THRESHOLD_STRIDE as u64;
        if priority < self.sources as u64 {
            return Some(Register::Priority(priority as usize));
        }
        if pending < words {
            return Some(Register::Pending(pending as u32));
        }
        if enable < contexts && enable_word < words {
            return Some(Register::Enable(enable as usize, enable_word as u32));
        }
        if threshold < contexts {
            match within(map::THRESHOLD) % map::THRESHOLD_STRIDE as u64 / WORD {
                0 => return Some(Register::Threshold(threshold as usize)),
                1 => return Some(Register::Claim(threshold as usize)),
                _ => {}
            }
        }
        None
    }
}

enum Register {
    Priority(usize),
    Pending(u32),
    Enable(usize, u32),
    Threshold(usize),
    Claim(usize),
}
