//! The machine as its device tree describes it.
//!
//! The hart that boots reads the tree once; the others wait for it.

use crate::{boot::MAX_HARTS, setup};
use core::{
    cell::UnsafeCell,
    hint::spin_loop,
    sync::atomic::{AtomicBool, Ordering},
};
use fdt::{Fdt, node::FdtNode};
use hal::{clint::Clint, console::Console, finisher::Finisher};

/// Pairs that `riscv,event-to-mhpmevent` may have.
const MAX_EVENTS: usize = 16;
/// Ranges of raw events.
const MAX_RAW_EVENTS: usize = 4;

/// What the firmware needs of the machine.
pub struct Machine {
    /// Bit `n`: there is a hart with this ID.
    pub harts: usize,
    /// The range of memory, behind the firmware, that belongs to S-mode.
    pub memory: (usize, usize),
    pub clint: Clint,
    uart: Option<Uart>,
    finisher: Option<usize>,
    pub events: Events,
}

/// A 16550A: its address, and the bytes from a register to the next.
struct Uart {
    base: usize,
    stride: u8,
}

/// The node `riscv,pmu`: which events can be counted, and how.
#[derive(Default)]
pub struct Events {
    /// SBI event, and the selector that counts it.
    pub selectors: [(usize, usize); MAX_EVENTS],
    /// First and last SBI event, and the counters that can count them.
    pub counters: [(usize, usize, usize); MAX_EVENTS],
    /// Selector, the bits of it that count, and the counters.
    pub raw: [(u64, u64, usize); MAX_RAW_EVENTS],
}

/// What is wrong with a device tree.
#[derive(Debug)]
pub enum Problem {
    NotATree,
    NoMemory,
    NoClint,
    NoHart,
}

impl Machine {
    /// Reads the tree at `address`.
    fn read(address: usize) -> Result<Self, Problem> {
        // SAFETY: `a1` of the hart that boots; the parser checks what it finds there.
        let tree = unsafe { Fdt::from_ptr(core::ptr::with_exposed_provenance(address)) }
            .map_err(|_| Problem::NotATree)?;
        let cpus = tree.find_node("/cpus").ok_or(Problem::NotATree)?;
        let harts = cpus.children().filter_map(hart).fold(0, |harts, id| harts | 1 << id);
        let found = Self {
            harts,
            memory: memory(&tree).ok_or(Problem::NoMemory)?,
            clint: Clint::new(address_of(&tree, "riscv,clint0").ok_or(Problem::NoClint)?),
            uart: uart(&tree),
            finisher: address_of(&tree, "sifive,test0"),
            events: events(&tree),
        };
        if harts == 0 { Err(Problem::NoHart) } else { Ok(found) }
    }

    /// The number of harts.
    pub fn hart_count(&self) -> usize {
        self.harts.count_ones() as usize
    }

    /// The console, if there is one.
    pub fn console(&self) -> Option<Console> {
        // SAFETY: a UART of this kind is there, as the tree says, and the firmware has all of it.
        self.uart.as_ref().and_then(|uart| unsafe { Console::at(uart.base, uart.stride) })
    }

    /// The finisher, if there is one.
    pub fn finisher(&self) -> Option<Finisher> {
        self.finisher.map(Finisher::new)
    }
}

/// The ID of a hart that can be used.
fn hart(node: FdtNode) -> Option<usize> {
    let is = |name, value: &str| node.property(name).and_then(|p| p.as_str()) == Some(value);
    let id = node.property("reg")?.as_usize()?;
    (is("device_type", "cpu") && !is("status", "disabled") && id < MAX_HARTS).then_some(id)
}

/// The memory behind the firmware.
fn memory(tree: &Fdt) -> Option<(usize, usize)> {
    let (start, end) = setup::own_memory();
    let nodes = tree.find_all_nodes("/memory");
    nodes.flat_map(|node| node.reg().into_iter().flatten()).find_map(|region| {
        let base = region.starting_address as usize;
        let top = base.checked_add(region.size?)?;
        (base <= start && end < top).then_some((end, top))
    })
}

fn address_of(tree: &Fdt, compatible: &str) -> Option<usize> {
    let region = tree.find_compatible(&[compatible])?.reg()?.next()?;
    Some(region.starting_address as usize)
}

fn uart(tree: &Fdt) -> Option<Uart> {
    let node = tree.find_compatible(&["ns16550a"])?;
    let shift = node.property("reg-shift").and_then(|p| p.as_usize()).unwrap_or(0);
    let base = node.reg()?.next()?.starting_address as usize;
    Some(Uart { base, stride: 1 << shift })
}

fn events(tree: &Fdt) -> Events {
    let mut events = Events::default();
    let Some(node) = tree.find_compatible(&["riscv,pmu"]) else { return events };
    let cells = |name| {
        let bytes = node.property(name).map_or(&[][..], |property| property.value);
        bytes.chunks_exact(4).map(|cell| u32::from_be_bytes([cell[0], cell[1], cell[2], cell[3]]))
    };
    let mut all = cells("riscv,event-to-mhpmevent");
    for entry in &mut events.selectors {
        let (Some(event), Some(high), Some(low)) = (all.next(), all.next(), all.next()) else {
            break;
        };
        *entry = (event as usize, (u64::from(high) << 32 | u64::from(low)) as usize);
    }
    let mut all = cells("riscv,event-to-mhpmcounters");
    for entry in &mut events.counters {
        let (Some(first), Some(last), Some(mask)) = (all.next(), all.next(), all.next()) else {
            break;
        };
        *entry = (first as usize, last as usize, mask as usize);
    }
    let mut all = cells("riscv,raw-event-to-mhpmcounters");
    for entry in &mut events.raw {
        let mut wide = || Some(u64::from(all.next()?) << 32 | u64::from(all.next()?));
        let (Some(select), Some(mask)) = (wide(), wide()) else { break };
        let Some(counters) = all.next() else { break };
        *entry = (select, mask, counters as usize);
    }
    events
}

/// The machine, once it is known.
struct Slot {
    known: AtomicBool,
    machine: UnsafeCell<Option<Machine>>,
}

// SAFETY: `machine` is written once, before `known` is true, and only read after that.
unsafe impl Sync for Slot {}

static SLOT: Slot = Slot { known: AtomicBool::new(false), machine: UnsafeCell::new(None) };

/// For the hart that boots, once: reads the device tree.
pub fn describe(device_tree: usize) -> Result<(), Problem> {
    let machine = Machine::read(device_tree)?;
    // SAFETY: only the hart that boots writes, and nobody reads yet.
    unsafe { *SLOT.machine.get() = Some(machine) };
    SLOT.known.store(true, Ordering::Release);
    Ok(())
}

/// The machine, if it is known already.
pub fn known() -> Option<&'static Machine> {
    // SAFETY: nobody writes after `known` is true.
    SLOT.known.load(Ordering::Acquire).then(|| unsafe { &*SLOT.machine.get() })?.as_ref()
}

/// The machine. Waits for the hart that boots.
pub fn machine() -> &'static Machine {
    loop {
        match known() {
            Some(machine) => return machine,
            None => spin_loop(),
        }
    }
}

/// Prints a line on the console, if there is one.
#[macro_export]
macro_rules! say {
    ($($arg:tt)*) => {{
        use core::fmt::Write as _;
        if let Some(mut console) = $crate::machine::known().and_then(|m| m.console()) {
            let _ = writeln!(console, $($arg)*);
        }
    }};
}
