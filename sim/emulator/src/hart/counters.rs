//! `mcycle`, `minstret`, the event counters, and what is counted.

use super::Priv;
use crate::choices;
use crate::soc::event;

/// Number of selectors of `mhpmevent`.
pub const EVENT_COUNT: usize = event::UIPI_REFUSED + 1;

const FIRST_HPM: usize = 3;
const MASK: u64 = (1 << choices::HPM_COUNTER_BITS) - 1;

/// A counter that software can set and stop. It does not run by itself: it is the difference to what
/// it counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counter {
    /// Value less the source, or the value itself while it is inhibited.
    base: u64,
}

/// All counters of a hart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Instructions retired since reset.
    pub retired: u64,
    /// Cycles since reset. The emulator has one a instruction, or a cycle of waiting.
    pub cycles: u64,
    /// Events since reset, by selector.
    events: [u64; EVENT_COUNT],
    counters: [Counter; 32],
    selectors: [u8; 32],
    inhibit: u32,
    hpm_counters: usize,
}

impl Counters {
    /// After reset.
    pub fn new(hpm_counters: usize) -> Self {
        Self {
            retired: 0,
            cycles: 0,
            events: [0; EVENT_COUNT],
            counters: [Counter::default(); 32],
            selectors: [0; 32],
            inhibit: 0,
            hpm_counters,
        }
    }

    /// Counters after a reset of the machine. Cycles, instructions and events go on, for reports.
    pub fn after_reset(&self) -> Self {
        let mut new = Self::new(self.hpm_counters);
        (new.retired, new.cycles, new.events) = (self.retired, self.cycles, self.events);
        new.set(0, 0);
        new.set(2, 0);
        new
    }

    /// A bit for each counter that exists, with `time`.
    pub fn existing(&self) -> u64 {
        (1 << (FIRST_HPM + self.hpm_counters)) - 1
    }

    /// Counts a trap into `mode`.
    pub fn trap(&mut self, mode: Priv) {
        let selector = match mode {
            Priv::M => event::TRAP_M,
            Priv::S => event::TRAP_S,
            Priv::U => event::USER_INTERRUPT,
        };
        self.events[selector] += 1;
    }

    /// Counts an executed UIPI.
    pub fn uipi(&mut self, refused: bool) {
        self.events[event::UIPI] += 1;
        self.events[event::UIPI_REFUSED] += u64::from(refused);
    }

    /// How often the event `selector` happened since reset.
    pub fn event(&self, selector: usize) -> u64 {
        match selector {
            event::INSTRUCTION => self.retired,
            event::STALL => self.cycles.saturating_sub(self.retired),
            _ => self.events[selector],
        }
    }

    /// The value of counter `number`; 0 for one that does not exist.
    pub fn read(&self, number: usize) -> u64 {
        if !self.exists(number) {
            return 0;
        }
        let source = if self.inhibited(number) { 0 } else { self.source(number) };
        self.counters[number].base.wrapping_add(source) & self.mask(number)
    }

    /// Sets counter `number`, if it exists. `own` instructions are about to be counted that the
    /// value must not include.
    pub fn write(&mut self, number: usize, value: u64, own: u64) {
        if self.exists(number) {
            let instructions = number == 2
                || number >= FIRST_HPM && usize::from(self.selectors[number]) == event::INSTRUCTION;
            let value = value & self.mask(number);
            let own = if instructions && !self.inhibited(number) { own } else { 0 };
            self.set(number, value.wrapping_sub(own));
        }
    }

    /// `mcountinhibit`.
    pub fn inhibit(&self) -> u64 {
        u64::from(self.inhibit)
    }

    /// Stops and starts counters.
    pub fn set_inhibit(&mut self, value: u64) {
        let values: [u64; 32] = std::array::from_fn(|number| self.read(number));
        self.inhibit = (value & self.existing() & !2) as u32;
        for (number, value) in values.into_iter().enumerate() {
            self.set(number, value);
        }
    }

    /// `mhpmevent` of counter `number`.
    pub fn selector(&self, number: usize) -> u64 {
        u64::from(self.selectors[number])
    }

    /// Chooses what counter `number` counts.
    pub fn select(&mut self, number: usize, value: u64) {
        if number < FIRST_HPM || !self.exists(number) {
            return;
        }
        let count = self.read(number);
        let known = if value < EVENT_COUNT as u64 { value } else { choices::UNKNOWN_EVENT };
        self.selectors[number] = known as u8;
        self.set(number, count);
    }

    fn exists(&self, number: usize) -> bool {
        number != 1 && self.existing() >> number & 1 != 0
    }

    fn inhibited(&self, number: usize) -> bool {
        self.inhibit >> number & 1 != 0
    }

    fn mask(&self, number: usize) -> u64 {
        if number >= FIRST_HPM { MASK } else { u64::MAX }
    }

    fn set(&mut self, number: usize, value: u64) {
        let source = if self.inhibited(number) { 0 } else { self.source(number) };
        self.counters[number].base = value.wrapping_sub(source);
    }

    fn source(&self, number: usize) -> u64 {
        match number {
            0 => self.cycles,
            1 => 0,
            2 => self.retired,
            _ => match usize::from(self.selectors[number]) {
                event::NONE => 0,
                selector => self.event(selector),
            },
        }
    }
}
