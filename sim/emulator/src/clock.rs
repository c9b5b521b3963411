//! Time, as a function of executed instructions.
//!
//! Harts take turns. A *slot* is the execution of one instruction (or a cycle of waiting) of one
//! hart; a round gives every hart equally many. The time advances by one tick for a fixed number of
//! slots. So it never runs backwards, whichever hart looks at it, and every run is like every other.
//! While one hart is awake alone, its slots count for all.

/// Relates cycles of a hart, slots and ticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    harts: u64,
    ips: u64,
    timebase_hz: u64,
    clocks_per_tick: u64,
    /// The hart whose turn it is.
    hart: usize,
    /// Slots at the start of the present turn.
    turn: u64,
    /// Cycles of the hart at the start of its turn.
    start: u64,
    /// Slots of the turn.
    slots: u64,
    /// Slots of a cycle: more than one while the hart is awake alone.
    weight: u64,
}

impl Clock {
    /// A clock for `harts` harts that execute `ips` instructions a second each.
    pub fn new(harts: usize, ips: u64, timebase_hz: u64, clock_hz: u64) -> Self {
        let common = gcd(timebase_hz, ips);
        Self {
            harts: harts as u64,
            ips: ips / common,
            timebase_hz: timebase_hz / common,
            clocks_per_tick: (clock_hz / timebase_hz).max(1),
            hart: 0,
            turn: 0,
            start: 0,
            slots: 0,
            weight: 1,
        }
    }

    /// Clock cycles of the SoC in a tick.
    pub fn clocks_per_tick(&self) -> u64 {
        self.clocks_per_tick
    }

    /// The hart whose turn it is.
    pub fn hart(&self) -> usize {
        self.hart
    }

    /// Begins the turn of a hart: it is number `hart` in a round that begins in cycle `round` and
    /// has `quantum` cycles.
    pub fn begin_turn(&mut self, hart: usize, round: u64, quantum: u64) {
        self.hart = hart;
        self.turn = round * self.harts + hart as u64 * quantum;
        self.start = round;
        self.slots = quantum;
        self.weight = 1;
    }

    /// The same for a hart that is awake alone. It may run as long as it likes.
    pub fn begin_alone(&mut self, hart: usize, round: u64) {
        self.hart = hart;
        self.turn = round * self.harts;
        self.start = round;
        self.slots = u64::MAX;
        self.weight = self.harts;
    }

    /// The ticks in a cycle of the hart whose turn it is.
    #[inline]
    pub fn ticks(&self, cycle: u64) -> u64 {
        let slots = (cycle.saturating_sub(self.start) * self.weight).min(self.slots);
        self.at_slot(self.turn + slots)
    }

    /// The first round that begins no earlier than `cycle` of the hart whose turn it is.
    pub fn round_from(&self, cycle: u64) -> u64 {
        let slots = (cycle.saturating_sub(self.start) * self.weight).min(self.slots);
        (self.turn + slots).div_ceil(self.harts)
    }

    /// The cycle of a round in which `ticks` ticks are over, for any hart.
    pub fn cycle_at(&self, ticks: u64) -> u64 {
        let slots = u128::from(ticks) * u128::from(self.ips) * u128::from(self.harts);
        let slots = slots.div_ceil(u128::from(self.timebase_hz));
        u64::try_from(slots.div_ceil(u128::from(self.harts))).unwrap_or(u64::MAX)
    }

    #[inline]
    fn at_slot(&self, slot: u64) -> u64 {
        let per_second = self.ips * self.harts;
        match slot.checked_mul(self.timebase_hz) {
            Some(product) => product / per_second,
            None => {
                (u128::from(slot) * u128::from(self.timebase_hz) / u128::from(per_second)) as u64
            }
        }
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
