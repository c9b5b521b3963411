//! Performance counters (PMU): those of the hart, and events that the firmware counts itself.
//!
//! Counter 0 is `cycle`, 2 is `instret`, and the event counters follow from 3 on; 1 would be `time`
//! and is no counter. The firmware's counters come last. Which events a hart can count stands in
//! the node `riscv,pmu` of the device tree.
//!
//! Until S-mode configures an event counter, it counts what `setup` chose.

use crate::{
    boot::MAX_HARTS,
    hardware_counter as hardware,
    machine::{Events, machine},
    short_ways,
};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use hal::{csr, soc::csr as number};
use rustsbi::SbiRet;
use sbi_spec::pmu::{event_type, firmware_event, flags::*, hardware_event};

pub use sbi_spec::pmu::firmware_event as firmware;

/// Counters of the firmware.
const FIRMWARE_COUNTERS: usize = 8;
/// Counters with fixed or chosen events: their number is below this.
const MAX_HARDWARE_COUNTERS: usize = 32;
/// A counter without event.
const FREE: usize = 0;
/// Bit of a firmware counter's state: it counts.
const RUNS: usize = 1 << 63;
/// Bit of `counter_get_info`: a counter of the firmware.
const IS_FIRMWARE: usize = 1 << 63;

/// The counters of a hart. Only the hart itself uses them.
struct Counters {
    /// The SBI event of each counter of the hart.
    hardware: [AtomicUsize; MAX_HARDWARE_COUNTERS],
    /// The SBI event of each counter of the firmware, and `RUNS`.
    firmware: [AtomicUsize; FIRMWARE_COUNTERS],
    values: [AtomicUsize; FIRMWARE_COUNTERS],
    /// Counters of the firmware that were started since they were last stopped, as bits: as a rule
    /// there is none, and an event costs nothing.
    started: AtomicUsize,
}

static ALL: [Counters; MAX_HARTS] = [const {
    Counters {
        hardware: [const { AtomicUsize::new(FREE) }; MAX_HARDWARE_COUNTERS],
        firmware: [const { AtomicUsize::new(FREE) }; FIRMWARE_COUNTERS],
        values: [const { AtomicUsize::new(0) }; FIRMWARE_COUNTERS],
        started: AtomicUsize::new(0),
    }
}; MAX_HARTS];

fn own() -> &'static Counters {
    &ALL[csr::read::<{ number::MHARTID }>()]
}

/// Whether a counter of the firmware counts on this hart.
pub fn any_runs() -> bool {
    own().started.load(Relaxed) != 0
}

/// Counts a firmware event on this hart.
pub fn count(code: usize) {
    if !any_runs() {
        return;
    }
    let counters = own();
    let wanted = RUNS | event_type::FIRMWARE << 16 | code;
    for (state, value) in counters.firmware.iter().zip(&counters.values) {
        if state.load(Relaxed) == wanted {
            value.store(value.load(Relaxed).wrapping_add(1), Relaxed);
        }
    }
}

/// A counter by its number.
#[derive(Clone, Copy)]
enum Counter {
    Hardware(usize),
    Firmware(usize),
}

impl Counter {
    fn get(index: usize) -> Option<Self> {
        let first = hardware::end();
        match index {
            _ if index < first => hardware::exists(index).then_some(Self::Hardware(index)),
            _ => (index - first < FIRMWARE_COUNTERS).then(|| Self::Firmware(index - first)),
        }
    }

    fn event(self) -> &'static AtomicUsize {
        match self {
            Self::Hardware(n) => &own().hardware[n],
            Self::Firmware(n) => &own().firmware[n],
        }
    }

    fn is_free(self) -> bool {
        self.event().load(Relaxed) == FREE
    }

    fn runs(self) -> bool {
        match self {
            Self::Hardware(n) => !self.is_free() && hardware::runs(n),
            Self::Firmware(_) => self.event().load(Relaxed) & RUNS != 0,
        }
    }

    fn set_running(self, on: bool) {
        match self {
            Self::Hardware(n) => hardware::set_running(n, on),
            Self::Firmware(n) if on => {
                own().started.fetch_or(1 << n, Relaxed);
                self.event().fetch_or(RUNS, Relaxed);
                short_ways::choose();
            }
            Self::Firmware(n) => {
                own().started.fetch_and(!(1 << n), Relaxed);
                self.event().fetch_and(!RUNS, Relaxed);
                short_ways::choose();
            }
        }
    }

    fn set_value(self, value: u64) {
        match self {
            Self::Hardware(n) => hardware::set_value(n, value),
            Self::Firmware(n) => own().values[n].store(value as usize, Relaxed),
        }
    }

    /// Forgets the event. The counter stands still.
    fn release(self) {
        if let Self::Hardware(n) = self {
            hardware::select(n, 0);
        }
        self.event().store(FREE, Relaxed);
    }
}

/// The counters of a set: those from `base` on whose bits are in `mask`. `None` if one does not
/// exist.
fn set(base: usize, mask: usize) -> Option<impl Iterator<Item = (usize, Counter)> + Clone> {
    let bits = (0..usize::BITS as usize).filter(move |bit| mask >> bit & 1 == 1);
    let numbers = bits.map(move |bit| base.wrapping_add(bit));
    let valid = mask != 0 && numbers.clone().all(|n| n >= base && Counter::get(n).is_some());
    valid.then(|| numbers.filter_map(|n| Counter::get(n).map(|counter| (n, counter))))
}

/// How a counter of the hart counts an event: the counters that can, and the selector if it is to
/// be chosen.
fn hardware_event(events: &Events, event: usize, data: u64) -> Option<(usize, Option<usize>)> {
    let fixed = |counter: usize| Some((1 << counter, None));
    match (event >> 16, event & 0xffff) {
        (event_type::HARDWARE_GENERAL, hardware_event::CPU_CYCLES) => fixed(hardware::CYCLE),
        (event_type::HARDWARE_GENERAL, hardware_event::INSTRUCTIONS) => fixed(hardware::INSTRET),
        (event_type::HARDWARE_GENERAL | event_type::HARDWARE_CACHE, _) => {
            let (_, selector) = events.selectors.iter().find(|entry| entry.0 == event)?;
            let in_range = |entry: &&(usize, usize, usize)| (entry.0..=entry.1).contains(&event);
            let (_, _, counters) = events.counters.iter().find(in_range)?;
            Some((*counters, Some(*selector)))
        }
        (event_type::HARDWARE_RAW, _) => {
            let fits = |entry: &&(u64, u64, usize)| entry.2 != 0 && data & entry.1 == entry.0;
            let (_, _, counters) = events.raw.iter().find(fits)?;
            Some((*counters, Some(data as usize)))
        }
        _ => None,
    }
}

/// Whether the firmware counts this event.
fn is_firmware_event(event: usize) -> bool {
    event >> 16 == event_type::FIRMWARE
        && matches!(
            event & 0xffff,
            firmware_event::SET_TIMER..=firmware_event::SFENCE_VMA_ASID_RECEIVED
        )
}

/// The extension.
#[derive(Default)]
pub struct Pmu;

impl rustsbi::Pmu for Pmu {
    fn num_counters(&self) -> usize {
        hardware::end() + FIRMWARE_COUNTERS
    }

    fn counter_get_info(&self, index: usize) -> SbiRet {
        match Counter::get(index) {
            Some(Counter::Hardware(n)) => SbiRet::success(hardware::info(n)),
            Some(Counter::Firmware(_)) => SbiRet::success(IS_FIRMWARE),
            None => SbiRet::invalid_param(),
        }
    }

    fn counter_config_matching(
        &self,
        base: usize,
        mask: usize,
        config_flags: usize,
        event: usize,
        data: u64,
    ) -> SbiRet {
        let config = CounterCfgFlags::from_bits_truncate(config_flags);
        let Some(mut counters) = set(base, mask) else { return SbiRet::invalid_param() };
        let chosen = if config.contains(CounterCfgFlags::SKIP_MATCH) {
            counters.next().filter(|(_, counter)| !counter.is_free())
        } else {
            configure(counters, event, data)
        };
        let Some((index, counter)) = chosen else {
            return match config.contains(CounterCfgFlags::SKIP_MATCH) {
                true => SbiRet::invalid_param(),
                false => SbiRet::not_supported(),
            };
        };
        if config.contains(CounterCfgFlags::CLEAR_VALUE) {
            counter.set_value(0);
        }
        if config.contains(CounterCfgFlags::AUTO_START) {
            counter.set_running(true);
        }
        SbiRet::success(index)
    }

    fn counter_start(&self, base: usize, mask: usize, start_flags: usize, value: u64) -> SbiRet {
        let start = CounterStartFlags::from_bits_truncate(start_flags);
        let Some(counters) = set(base, mask) else { return SbiRet::invalid_param() };
        if counters.clone().any(|(_, counter)| counter.is_free()) {
            return SbiRet::invalid_param();
        }
        if start.contains(CounterStartFlags::INIT_SNAPSHOT) {
            return SbiRet::no_shmem();
        }
        if counters.clone().any(|(_, counter)| counter.runs()) {
            return SbiRet::already_started();
        }
        for (_, counter) in counters {
            if start.contains(CounterStartFlags::INIT_VALUE) {
                counter.set_value(value);
            }
            counter.set_running(true);
        }
        SbiRet::success(0)
    }

    fn counter_stop(&self, base: usize, mask: usize, stop_flags: usize) -> SbiRet {
        let stop = CounterStopFlags::from_bits_truncate(stop_flags);
        let Some(counters) = set(base, mask) else { return SbiRet::invalid_param() };
        if stop.contains(CounterStopFlags::TAKE_SNAPSHOT) {
            return SbiRet::no_shmem();
        }
        let stopped = counters.clone().any(|(_, counter)| !counter.runs());
        for (_, counter) in counters {
            if counter.runs() {
                counter.set_running(false);
            }
            if stop.contains(CounterStopFlags::RESET) {
                counter.release();
            }
        }
        if stopped { SbiRet::already_stopped() } else { SbiRet::success(0) }
    }

    fn counter_fw_read(&self, index: usize) -> SbiRet {
        match Counter::get(index) {
            Some(Counter::Firmware(n)) => SbiRet::success(own().values[n].load(Relaxed)),
            _ => SbiRet::invalid_param(),
        }
    }
}

/// Gives `event` to the first counter of the set that is free and can count it.
fn configure(
    mut counters: impl Iterator<Item = (usize, Counter)>,
    event: usize,
    data: u64,
) -> Option<(usize, Counter)> {
    if is_firmware_event(event) {
        let is_candidate =
            |entry: &(usize, Counter)| matches!(entry.1, Counter::Firmware(_)) && entry.1.is_free();
        let found = counters.find(is_candidate)?;
        found.1.event().store(event, Relaxed);
        return Some(found);
    }
    let (able, selector) = hardware_event(&machine().events, event, data)?;
    let is_candidate = |entry: &(usize, Counter)| {
        matches!(entry.1, Counter::Hardware(n) if able >> n & 1 == 1) && entry.1.is_free()
    };
    let (index, counter) = counters.find(is_candidate)?;
    counter.set_running(false);
    hardware::select(index, selector.unwrap_or(0));
    counter.event().store(event, Relaxed);
    Some((index, counter))
}
