//! The whole SoC: harts that take turns, and what they share.

use crate::blocks::Blocks;
use crate::bus::{Bus, BusConfig};
use crate::choices;
use crate::debug::{Debug, Hit};
use crate::finisher::End;
use crate::hart::{Commit, Hart, HartConfig};

/// Cycles of a turn while several harts are awake.
pub const QUANTUM: u64 = 200;
/// Cycles of a turn while one hart is awake.
const ALONE: u64 = 20_000;

/// What can be chosen about the machine.
#[derive(Clone, Debug)]
pub struct Config {
    /// Of each hart.
    pub hart: HartConfig,
    /// Of what they share.
    pub bus: BusConfig,
    /// Cycles of a turn while several harts are awake.
    pub quantum: u64,
    /// Address of `tohost`, if the program ends by writing to it.
    pub tohost: Option<u64>,
}

/// Why [`Machine::run`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The program ended by itself, with this code; 0 is "passed".
    Ended(u64),
    /// The cycle was reached.
    Cycle,
    /// All harts wait, and no timer will wake them.
    Asleep,
    /// A hart did what the debugger waits for.
    Debugged(Hit),
}

/// Bytes to be put into the DRAM: address and contents.
pub type Segments = Vec<(u64, Vec<u8>)>;

/// Is told every retired instruction and every trap, with cycle and number of its hart.
pub type Observer = Box<dyn FnMut(u64, usize, &Commit)>;

/// The machine.
pub struct Machine {
    /// Harts by number.
    pub harts: Vec<Hart>,
    /// What they share.
    pub bus: Bus,
    blocks: Vec<Blocks>,
    config: Config,
    program: Segments,
    observer: Option<Observer>,
    /// Cycle of every hart at the start of the present round.
    round: u64,
    /// The round that a debugger interrupted: the hart whose turn goes on, and its end.
    unfinished: Option<(usize, u64)>,
}

impl Machine {
    /// A machine with a program in memory. Segments outside of the DRAM are not loaded.
    pub fn new(config: Config, program: Segments) -> Self {
        let harts = config.bus.harts;
        let mut machine = Self {
            harts: (0..harts).map(|id| Hart::new(id, config.hart)).collect(),
            bus: Bus::new(&config.bus),
            blocks: vec![Blocks::new(); harts],
            config,
            program,
            observer: None,
            round: 0,
            unfinished: None,
        };
        machine.load();
        machine
    }

    /// Tells `observer` what happens from now on. The machine is then slow, and interrupts come
    /// between any two instructions instead of between blocks.
    pub fn observe(&mut self, observer: Observer) {
        self.observer = Some(observer);
    }

    /// Cycles since the start.
    pub fn cycle(&self) -> u64 {
        self.round
    }

    /// Lets time pass in which nothing happens.
    pub fn skip_to(&mut self, cycle: u64) {
        self.round = self.round.max(cycle);
        for hart in &mut self.harts {
            hart.counters.cycles = hart.counters.cycles.max(cycle);
        }
    }

    /// Runs to the end of the program, or until all harts have executed `end` cycles.
    pub fn run(&mut self, end: u64) -> Stop {
        self.bus.debug.hit = None;
        while self.round < end {
            let mut awake = self.harts.iter().filter(|hart| !hart.waiting).map(|hart| hart.id);
            let awake = (awake.next(), awake.next());
            let stop = match (self.bus.debug.only, awake) {
                (Some(id), _) => {
                    self.leave_round();
                    if self.harts[id].waiting { self.sleep(end) } else { self.run_alone(id, end) }
                }
                _ if self.unfinished.is_some() => self.turns(0),
                (None, (None, _)) => self.sleep(end),
                (None, (Some(id), None)) => self.run_alone(id, end),
                _ => self.turns(self.config.quantum.min(end - self.round)),
            };
            if let Some(stop) = stop {
                return stop;
            }
        }
        Stop::Cycle
    }

    /// The time goes on to the next event.
    fn sleep(&mut self, end: u64) -> Option<Stop> {
        match self.next_event() {
            Some(cycle) => self.wait(cycle.clamp(self.round + 1, end)),
            None => Some(Stop::Asleep),
        }
    }

    /// A round of turns, while several harts are awake; or the rest of one.
    fn turns(&mut self, quantum: u64) -> Option<Stop> {
        let (first, end) = self.unfinished.take().unwrap_or((0, self.round + quantum));
        for id in first..self.harts.len() {
            self.bus.clock.begin_turn(id, self.round, end - self.round);
            self.turn(id, end, false);
            let hart = &mut self.harts[id];
            if hart.waiting {
                hart.counters.cycles = hart.counters.cycles.max(end);
            }
            if let Some(stop) = self.ended(id) {
                return Some(stop);
            }
            if let Some(hit) = self.bus.debug.hit {
                self.unfinished = Some((id, end));
                return Some(Stop::Debugged(hit));
            }
        }
        self.round = end;
        None
    }

    /// Ends an interrupted round, since only one hart goes on. The others lose the rest of it.
    fn leave_round(&mut self) {
        if let Some((id, _)) = self.unfinished.take() {
            self.round = self.bus.clock.round_from(self.harts[id].counters.cycles);
        }
    }

    /// One hart runs until a timer is due, until it waits, or until it may have set a timer or woken
    /// another hart.
    fn run_alone(&mut self, id: usize, end: u64) -> Option<Stop> {
        let next = self.next_event().unwrap_or(u64::MAX);
        let limit = next.min(self.round + ALONE).clamp(self.round + 1, end);
        self.bus.clock.begin_alone(id, self.round);
        self.turn(id, limit, true);
        let reached = self.harts[id].counters.cycles;
        if let Some(stop) = self.ended(id) {
            return Some(stop);
        }
        let hit = self.bus.debug.hit;
        let least = if hit.is_some() { self.round } else { self.round + 1 };
        let stop = self.wait(reached.clamp(least, end));
        hit.map(Stop::Debugged).or(stop)
    }

    /// Changes the wishes of the debugger. What harts know about pages is forgotten.
    pub fn debug(&mut self, change: impl FnOnce(&mut Debug)) {
        change(&mut self.bus.debug);
        self.refetch();
    }

    /// Memory was changed from outside: harts fetch anew.
    pub fn refetch(&mut self) {
        for (hart, blocks) in self.harts.iter_mut().zip(&mut self.blocks) {
            blocks.refetch();
            hart.flush_tlb();
        }
    }

    /// Where the program was loaded: addresses of first byte and end.
    pub fn segments(&self) -> impl Iterator<Item = (u64, u64)> {
        self.program.iter().map(|(start, bytes)| (*start, start + bytes.len() as u64))
    }

    /// Devices as they are after reset, with next to no memory.
    pub fn fresh_devices(&self) -> Bus {
        let (dram_bytes, rom) = (4096, Vec::new());
        Bus::new(&BusConfig { dram_bytes, rom, ..self.config.bus.clone() })
    }

    fn turn(&mut self, id: usize, end: u64, yields: bool) {
        let hart = &mut self.harts[id];
        hart.counters.cycles = hart.counters.cycles.max(self.round);
        match &mut self.observer {
            None => hart.run(&mut self.bus, &mut self.blocks[id], end, yields),
            Some(observer) => hart.run_observed(&mut self.bus, end, yields, observer),
        }
        if choices::RESERVATION_ENDS_WITH_TURN && self.config.bus.harts > 1 {
            hart.reservation = None;
        }
    }

    /// A round ends in `cycle`. Waiting harts look whether they wake.
    fn wait(&mut self, cycle: u64) -> Option<Stop> {
        self.round = cycle;
        for hart in &mut self.harts {
            hart.counters.cycles = hart.counters.cycles.max(cycle);
            self.bus.clock.begin_alone(hart.id, cycle);
            let runs = self.bus.debug.only.is_none_or(|only| only == hart.id);
            if hart.waiting && runs {
                hart.look(&mut self.bus);
            }
        }
        None
    }

    /// The end of the program, if it has come. A reset starts the machine anew.
    fn ended(&mut self, id: usize) -> Option<Stop> {
        let stop = self.stop()?;
        self.round = self.round.max(self.harts[id].counters.cycles);
        Some(stop)
    }

    fn stop(&mut self) -> Option<Stop> {
        if let Some(value) = self.bus.stored.take()
            && value & 1 != 0
        {
            return Some(Stop::Ended(value >> 1));
        }
        match self.bus.finisher.end()? {
            End::Pass => Some(Stop::Ended(0)),
            End::Fail(code) => Some(Stop::Ended(code)),
            End::Reset => {
                self.reset();
                None
            }
        }
    }

    /// Resets everything but memory, and loads the program again.
    pub fn reset(&mut self) {
        let fresh = Bus::new(&self.config.bus);
        let old = std::mem::replace(&mut self.bus, fresh);
        self.bus.memory = old.memory;
        self.bus.clock = old.clock;
        self.bus.debug = old.debug;
        self.bus.clint = old.clint.after_reset();
        for (id, hart) in self.harts.iter_mut().enumerate() {
            let counters = hart.counters.after_reset();
            *hart = Hart::new(id, self.config.hart);
            hart.counters = counters;
        }
        self.blocks.fill(Blocks::new());
        self.load();
    }

    fn load(&mut self) {
        self.bus.watched = self.config.tohost;
        for (paddr, bytes) in &self.program {
            if let Some((at, _)) = self.bus.memory.locate(*paddr)
                && let Some(target) = self.bus.memory.slice_mut(at, bytes.len())
            {
                target.copy_from_slice(bytes);
            }
        }
    }

    /// The cycle in which a timer or the UART may wake a hart.
    fn next_event(&self) -> Option<u64> {
        let clint = &self.bus.clint;
        let timers = self.harts.iter().flat_map(|hart| {
            let supervisor = hart.csr.stce().then_some(hart.csr.stimecmp);
            [Some(clint.mtimecmp(hart.id)), supervisor]
        });
        let timers = timers
            .flatten()
            .filter(|&time| time > clint.time() && time != u64::MAX)
            .filter_map(|time| clint.ticks_at(time));
        let per_tick = self.bus.clock.clocks_per_tick();
        let uart = self.bus.uart.next_event().map(|clocks| clocks.div_ceil(per_tick));
        let ticks = timers.chain(uart).min()?;
        Some(self.bus.clock.cycle_at(ticks))
    }
}
