//! One step of a hart beside the RTL.

use super::given::{given, time};
use super::order::{Bytes, Order};
use super::place::{Part, parts};
use super::record::{Record, byte_mask};
use crate::decode::{Code, Op, decode};
use crate::machine::Machine;
use crate::outside::Given;

/// Bit of FENCE for stores before it, and for loads after it.
const FENCE_STORES: u64 = 1 << 24;
const FENCE_LOADS: u64 = 1 << 21;

/// A write that the second-level cache performed.
#[derive(Clone, Copy, Debug)]
pub struct Write {
    /// Cycle.
    pub cycle: u64,
    /// SC or an AMO, whose result this is.
    pub atomic: bool,
    /// Physical address of the dword.
    pub dword: u64,
    /// The dword; bytes that are not written do not matter.
    pub data: u64,
    /// A bit for each byte that is written.
    pub mask: u64,
}

/// The emulator did something else than the RTL, and the run must end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What the emulator did; nothing if it did not get so far.
    pub emulated: Option<Record>,
    /// What differs.
    pub text: String,
}

impl Difference {
    fn new(text: impl Into<String>) -> Box<Self> {
        Box::new(Self { emulated: None, text: text.into() })
    }
}

/// An atomic operation that was performed and has not retired.
#[derive(Clone, Copy, Debug)]
struct Atomic {
    bytes: Bytes,
    before: u64,
}

/// The machine beside the RTL.
pub struct Lockstep {
    machine: Machine,
    order: Order,
    atomics: Vec<Option<Atomic>>,
}

impl Lockstep {
    /// A machine after reset, with the program in memory.
    pub fn new(machine: Machine) -> Self {
        let harts = machine.harts.len();
        Self { machine, order: Order::new(harts), atomics: vec![None; harts] }
    }

    /// The SoC was reset. Its memory keeps its contents, and the program is loaded again.
    pub fn reset(&mut self) {
        self.machine.reset();
        let harts = self.machine.harts.len();
        (self.order, self.atomics) = (Order::new(harts), vec![None; harts]);
    }

    /// The second-level cache performed a write of hart `id`.
    pub fn perform(&mut self, id: usize, write: &Write) -> Result<(), Box<Difference>> {
        let mask = spread(write.mask);
        let bytes = Bytes { dword: write.dword, mask, data: write.data & mask };
        let Some((offset, _)) = self.machine.bus.memory.locate(write.dword) else {
            return Err(Difference::new(format!(
                "a write to {:x}, where no memory is",
                write.dword
            )));
        };
        let before = self.machine.bus.memory.dword(offset);
        self.machine.bus.memory.write(offset, bytes.over(before).to_le_bytes());
        if write.atomic {
            self.atomics[id] = Some(Atomic { bytes, before });
        }
        let in_order = match write.atomic {
            true => self.order.perform_atomic(id, bytes, before, write.cycle),
            false => self.order.perform_store(id, bytes, before, write.cycle),
        };
        let text = || {
            let (dword, data, mask) = (write.dword, bytes.data, write.mask);
            format!("{data:016x} (bytes {mask:08b}) is written to {dword:x} out of program order")
        };
        if in_order { Ok(()) } else { Err(Difference::new(text())) }
    }

    /// The RTL's hart `id` did in `cycle` what `seen` says.
    pub fn step(&mut self, id: usize, cycle: u64, seen: &Record) -> Result<(), Box<Difference>> {
        let op = decode(seen.insn as u32);
        self.interrupt_is_due(id, seen)?;
        let given = given(&self.machine.harts[id].csr, &op, seen);
        let value = if seen.mem_rmask == 0 { seen.mem_wdata } else { seen.mem_rdata };
        let parts = parts(&self.machine, id, seen, value);
        let kept = self.show(id, cycle, &op, seen, &parts)?;
        let result = self.emulate(id, seen, given);
        let left = self.restore(&parts, &kept);
        result?;
        self.ordered(id, &op, seen, &parts, &left)
    }

    /// Puts what the hart reads into memory, as far as it may. Returns what was there.
    fn show(
        &mut self,
        id: usize,
        cycle: u64,
        op: &Op,
        seen: &Record,
        parts: &[Part],
    ) -> Result<Vec<u64>, Box<Difference>> {
        let memory = &mut self.machine.bus.memory;
        let mut kept = Vec::with_capacity(parts.len());
        for part in parts {
            let now = memory.dword(part.offset);
            kept.push(now);
            if is_atomic(op) {
                let before = self.atomics[id].map_or(now, |atomic| atomic.before);
                memory.write(part.offset, before.to_le_bytes());
            } else if seen.mem_rmask != 0 {
                if !self.order.load(id, part.bytes, now, cycle) {
                    let (dword, data) = (part.bytes.dword, part.bytes.data);
                    let text = format!("{data:x} is read at {dword:x}, where {now:016x} is");
                    return Err(Difference::new(text));
                }
                memory.write(part.offset, part.bytes.over(now).to_le_bytes());
            }
        }
        Ok(kept)
    }

    /// Puts back what was in memory. Returns what the step left there.
    fn restore(&mut self, parts: &[Part], kept: &[u64]) -> Vec<u64> {
        let memory = &mut self.machine.bus.memory;
        let left = parts.iter().map(|part| memory.dword(part.offset)).collect();
        for (part, before) in parts.iter().zip(kept) {
            memory.write(part.offset, before.to_le_bytes());
        }
        left
    }

    fn emulate(&mut self, id: usize, seen: &Record, given: Given) -> Result<(), Box<Difference>> {
        let step = self.machine.step_given(id, given);
        let step = step.map_err(|why| Difference::new(format!("impossible: {why:?}")))?;
        let emulated = Record::new(&step.commit, seen.lines);
        let differing = seen.differences(&emulated);
        if differing.is_empty() {
            return Ok(());
        }
        Err(Box::new(Difference { emulated: Some(emulated), text: differing.join(", ") }))
    }

    /// Notes a store that must be performed later, and compares an atomic one that was performed.
    fn ordered(
        &mut self,
        id: usize,
        op: &Op,
        seen: &Record,
        parts: &[Part],
        left: &[u64],
    ) -> Result<(), Box<Difference>> {
        if seen.trap == 1 {
            return Ok(());
        }
        if is_atomic(op) && seen.mem_wmask != 0 {
            let performed = self.atomics[id].take().map(|atomic| atomic.bytes);
            let expected = parts.iter().zip(left).map(|(part, left)| {
                let Bytes { dword, mask, .. } = part.bytes;
                Bytes { dword, mask, data: left & mask }
            });
            if performed != expected.clone().next() {
                let expected = expected.collect::<Vec<_>>();
                let text = format!("the atomic operation wrote {performed:x?}, not {expected:x?}");
                return Err(Difference::new(text));
            }
        } else if seen.mem_wmask != 0 {
            for (part, left) in parts.iter().zip(left) {
                let Bytes { dword, mask, .. } = part.bytes;
                self.order.retire_store(id, Bytes { dword, mask, data: left & mask });
            }
        }
        if waits_for_stores(op, seen) && !self.order.fence(id) {
            return Err(Difference::new("the fence retires before an earlier store is performed"));
        }
        Ok(())
    }

    /// With the lines that the hart saw, an interrupt is taken exactly if one is due.
    fn interrupt_is_due(&mut self, id: usize, seen: &Record) -> Result<(), Box<Difference>> {
        let hart = &mut self.machine.harts[id];
        (hart.lines, hart.time) = (seen.lines, time(seen.lines));
        let due = hart.next_interrupt().map(|(_, cause)| cause);
        let taken = (seen.trap == 1 && seen.interrupt == 1).then_some(seen.cause);
        if due == taken {
            return Ok(());
        }
        let text = |cause: Option<u64>| cause.map_or("none".into(), |cause| cause.to_string());
        let text = format!("interrupt {} is taken, {} is due", text(taken), text(due));
        Err(Difference::new(text))
    }
}

/// Whether the second-level cache performs the whole instruction at once. LR is a load.
fn is_atomic(op: &Op) -> bool {
    matches!(op.code, Code::ScW | Code::ScD | Code::AmoW | Code::AmoD)
}

/// Whether earlier stores must be performed when the instruction retires: FENCE between stores and loads,
/// FENCE.I and SFENCE.VMA.
fn waits_for_stores(op: &Op, seen: &Record) -> bool {
    let both = FENCE_STORES | FENCE_LOADS;
    let tso = seen.insn >> 28 == 0b1000;
    match op.code {
        Code::Fence => seen.insn & both == both && !tso,
        Code::FenceI | Code::SfenceVma => true,
        _ => false,
    }
}

/// Eight ones for each bit of `mask`.
fn spread(mask: u64) -> u64 {
    (0..8).filter(|byte| mask >> byte & 1 != 0).map(|byte| byte_mask(1) << (8 * byte)).sum()
}
