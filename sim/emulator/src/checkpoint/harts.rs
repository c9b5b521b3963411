//! The restore program: the state of harts, and the code that puts it back.

use super::code::{self, A0, A1, Area, If, S0, S1, T0, T1, T2, ZERO};
use super::devices::Access;
use crate::hart::{Hart, Priv};
use crate::soc::{self, csr};

const MIE: u64 = 1 << 3;
const MPIE: u64 = 1 << 7;
const MPP: u64 = 3 << 11;
const MPRV: u64 = 1 << 17;
const PMP_LOCKED: u64 = 0x8080_8080_8080_8080;
const WFI_BYTES: u64 = 4;
const ACCESS_BYTES: i32 = 24;
/// The stub at the base of DRAM: auipc t0, 0; ld t0, 16(t0); jr t0; then the entry of the main part.
const STUB: [u32; 4] = [0x0000_0297, 0x0102_B283, 0x0002_8067, 0];
const STUB_BYTES: usize = 24;
/// Dwords in the last part for each hart: `x1` to `x31`, then these CSRs.
const LAST_CSRS: [u16; 3] = [csr::MCYCLE, csr::MINSTRET, csr::MSTATUS];
const LAST_DWORDS: u64 = 31 + LAST_CSRS.len() as u64;

/// The state of a hart.
pub struct Context {
    pub pc: u64,
    pub privilege: Priv,
    registers: [u64; 31],
    interrupts: bool,
    /// CSRs in the order in which they are written.
    csrs: Vec<(u16, u64)>,
    last: [u64; LAST_CSRS.len()],
}

impl Context {
    /// What a hart holds; or why it cannot be restored in this state.
    pub fn of(hart: &Hart) -> Result<Self, String> {
        let state = &hart.csr;
        let status = state.status.0;
        let machine = hart.privilege == Priv::M;
        if machine && status & MPRV != 0 {
            return Err(format!("hart {} is in M-mode with MPRV", hart.id));
        }
        if state.pmp.read_config(0) & PMP_LOCKED != 0 || state.pmp.read_config(8) & PMP_LOCKED != 0
        {
            return Err(format!("hart {} has locked PMP entries", hart.id));
        }
        if machine && hart.pc < soc::DRAM_BASE as u64 {
            return Err(format!("hart {} is in the boot ROM", hart.id));
        }
        // A hart that waits does so again.
        let pc = if hart.waiting { hart.pc.wrapping_sub(WFI_BYTES) } else { hart.pc };
        // MRET into M-mode would change MPIE, MPP and MIE: the last instruction is a jump, and MIE is
        // set before it. Below M-mode a trap sets these before anyone reads them, and `mepc`.
        let status = if machine {
            status & !MIE
        } else {
            let enabled = if status & MIE != 0 { MPIE } else { 0 };
            status & !(MIE | MPIE | MPP) | enabled | (hart.privilege as u64) << 11
        };
        let mut csrs = csrs_of(hart);
        if !machine {
            csrs.push((csr::MEPC, pc));
        }
        let counter = |number| hart.counters.read(number);
        Ok(Self {
            pc,
            privilege: hart.privilege,
            registers: std::array::from_fn(|index| hart.regs[index + 1]),
            interrupts: state.status.interrupts_enabled(Priv::M),
            csrs,
            last: [counter(0), counter(2), status],
        })
    }
}

/// CSRs besides those that are written last.
fn csrs_of(hart: &Hart) -> Vec<(u16, u64)> {
    let state = &hart.csr;
    // STIP can be written only without STCE.
    let mut csrs = vec![
        (csr::MENVCFG, 0),
        (csr::MIP, state.latch),
        (csr::MENVCFG, state.menvcfg),
        (csr::SENVCFG, state.senvcfg),
        (csr::STIMECMP, state.stimecmp),
        (csr::MEDELEG, state.medeleg),
        (csr::MIDELEG, state.mideleg),
        (csr::SIDELEG, state.sideleg),
        (csr::MIE, state.mie),
        (csr::MCOUNTEREN, state.mcounteren),
        (csr::SCOUNTEREN, state.scounteren),
        (csr::SATP, state.satp),
        (csr::SUIST, state.suist),
        (csr::SUIRS, state.suirs),
    ];
    for mode in [Priv::U, Priv::S, Priv::M] {
        let handler = &state.handlers[mode as usize];
        let number = |low: u16| (mode as u16) << 8 | low;
        csrs.extend([
            (number(csr::UTVEC), handler.tvec),
            (number(csr::USCRATCH), handler.scratch),
            (number(csr::UEPC), handler.epc),
            (number(csr::UCAUSE), handler.cause),
            (number(csr::UTVAL), handler.tval),
        ]);
    }
    if state.pmp.exists() {
        let entries = 0..16;
        csrs.extend(
            entries.map(|index| (csr::PMPADDR0 + index, state.pmp.read_address(index.into()))),
        );
        csrs.extend([
            (csr::PMPCFG0, state.pmp.read_config(0)),
            (csr::PMPCFG0 + 2, state.pmp.read_config(8)),
        ]);
    }
    let counters = (3..32).filter(|&number| hart.counters.existing() >> number & 1 != 0);
    for number in counters {
        let offset = number as u16 - 3;
        csrs.push((csr::MHPMEVENT3 + offset, hart.counters.selector(number)));
        csrs.push((csr::MHPMCOUNTER3 + offset, hart.counters.read(number)));
    }
    csrs.push((csr::MCOUNTINHIBIT, hart.counters.inhibit()));
    csrs
}

/// The restore program, which is laid out when its places are known.
pub struct Program<'a> {
    contexts: &'a [Context],
    accesses: Vec<Access>,
}

impl<'a> Program<'a> {
    /// For these harts and devices. `dram` is what the base of DRAM held.
    pub fn new(contexts: &'a [Context], accesses: &[Access], dram: &[u8]) -> Self {
        let mut accesses = accesses.to_vec();
        let (dwords, _) = dram[..STUB_BYTES].as_chunks::<8>();
        for (index, &bytes) in (0..).zip(dwords) {
            let address = soc::DRAM_BASE as u64 + 8 * index;
            accesses.push(Access::write(address, 8, u64::from_le_bytes(bytes)));
        }
        Self { contexts, accesses }
    }

    /// Bytes of the main part, at most.
    pub fn main_bytes(&self) -> usize {
        let csrs: usize = self.contexts.iter().map(|context| 16 * context.csrs.len() + 128).sum();
        512 + csrs + ACCESS_BYTES as usize * self.accesses.len()
    }

    /// The stub at the base of DRAM, the main part within `bounds`, and the last part in `tail`.
    /// `time` is `mtime` as the harts find it.
    pub fn link(&self, bounds: (u64, u64), tail: u64, time: u64) -> [Area; 3] {
        let last = self.last(bounds, tail, time);
        let (main, entry) = self.main(bounds.0, &last);
        let mut stub = Area::at(soc::DRAM_BASE as u64);
        STUB.iter().for_each(|&word| stub.put(word));
        stub.dword(entry);
        debug_assert!(main.here() <= bounds.1 && last.area.bytes.len() <= super::PAGE);
        [stub, main, last.area]
    }

    /// The last part: the words that harts share, what they hold, and code.
    fn last(&self, bounds: (u64, u64), tail: u64, time: u64) -> Last {
        let mut area = Area::at(tail);
        let shared = Shared { arrived: tail, go: tail + 8, time: tail + 16 };
        let clock = (soc::CLINT_BASE + soc::clint::MTIME) as u64;
        [0, 0, time, clock].iter().for_each(|&value| area.dword(value));
        let data = area.here();
        for context in self.contexts {
            context.registers.iter().chain(&context.last).for_each(|&value| area.dword(value));
        }
        let park = area.here();
        area.put(code::WFI);
        area.jump(park);
        let clean = area.here();
        clean_up(&mut area, bounds, &shared);
        let mut leave = Vec::new();
        for (hart, context) in (0..).zip(self.contexts) {
            leave.push(area.here());
            go_on(&mut area, context, data + 8 * LAST_DWORDS * hart, &shared);
        }
        Last { area, shared, park, clean, leave }
    }

    /// The main part and its entry. Every hart restores its CSRs; hart 0 waits for the others and
    /// makes the accesses.
    fn main(&self, base: u64, last: &Last) -> (Area, u64) {
        let mut area = Area::at(base);
        let mut data = Vec::new();
        for context in self.contexts {
            data.push(area.here());
            context.csrs.iter().for_each(|&(_, value)| area.dword(value));
        }
        let table = area.here();
        for access in &self.accesses {
            [access.address, access.value, access.kind()]
                .iter()
                .for_each(|&field| area.dword(field));
        }
        let devices = area.here();
        self.devices(&mut area, table, last);
        let mut starts = Vec::new();
        for (hart, context) in self.contexts.iter().enumerate() {
            starts.push(area.here());
            area.address(S0, data[hart]);
            for (offset, &(number, _)) in (0..).step_by(8).zip(&context.csrs) {
                area.load(code::DWORD, T0, S0, offset);
                area.csr_write(number, T0);
            }
            area.address(T1, last.shared.arrived);
            area.addi(T0, ZERO, 1);
            area.atomic_add(T0, T1);
            area.address(T0, if hart == 0 { devices } else { last.leave[hart] });
            area.jump_to(T0);
        }
        let entry = area.here();
        area.csr_read(A0, csr::MHARTID);
        for (hart, &start) in (0..).zip(&starts) {
            area.addi(T0, ZERO, hart);
            area.branch(If::NotEqual, A0, T0, area.here() + 8);
            area.jump(start);
        }
        area.address(T0, last.park);
        area.jump_to(T0);
        (area, entry)
    }

    /// Waits for all harts, and makes the accesses of the table, each completely.
    fn devices(&self, area: &mut Area, table: u64, last: &Last) {
        area.address(T1, last.shared.arrived);
        area.addi(T0, ZERO, self.contexts.len() as i32);
        let wait = area.here();
        area.load(code::DWORD, T2, T1, 0);
        area.branch(If::NotEqual, T2, T0, wait);
        area.address(S0, table);
        area.address(S1, table + ACCESS_BYTES as u64 * self.accesses.len() as u64);
        let next = area.here();
        area.load(code::DWORD, A0, S0, 0);
        area.load(code::DWORD, A1, S0, 8);
        area.load(code::DWORD, T2, S0, 16);
        area.addi(S0, S0, ACCESS_BYTES);
        // Each kind takes four instructions.
        let done = area.here() + 16 * Access::KINDS.len() as u64;
        for (kind, (width, writes)) in (0..).zip(Access::KINDS) {
            area.addi(T0, ZERO, kind);
            area.branch(If::NotEqual, T2, T0, area.here() + 12);
            if writes {
                area.store(width, A1, A0, 0);
            } else {
                area.load(width, ZERO, A0, 0);
            }
            area.jump(done);
        }
        area.put(code::FENCE);
        area.branch(If::Below, S0, S1, next);
        area.address(T0, last.clean);
        area.jump_to(T0);
    }
}

/// Addresses of the words that harts share.
struct Shared {
    /// How many harts have restored their CSRs.
    arrived: u64,
    /// Whether all harts may go on.
    go: u64,
    /// `mtime`, and its address.
    time: u64,
}

/// The last part and places in it.
struct Last {
    area: Area,
    shared: Shared,
    park: u64,
    clean: u64,
    leave: Vec<u64>,
}

/// Clears the main part, sets the time, and lets all harts go. The code of hart 0 follows.
fn clean_up(area: &mut Area, bounds: (u64, u64), shared: &Shared) {
    area.address(S0, bounds.0);
    area.address(S1, bounds.1);
    let next = area.here();
    area.store(code::DWORD, ZERO, S0, 0);
    area.addi(S0, S0, 8);
    area.branch(If::Below, S0, S1, next);
    area.address(T2, shared.time);
    area.load(code::DWORD, T0, T2, 0);
    area.load(code::DWORD, T1, T2, 8);
    area.store(code::DWORD, T0, T1, 0);
    area.put(code::FENCE);
    area.address(T1, shared.go);
    area.addi(T0, ZERO, 1);
    area.store(code::DWORD, T0, T1, 0);
}

/// Waits until all may go; takes up registers and goes on with the program.
fn go_on(area: &mut Area, context: &Context, data: u64, shared: &Shared) {
    let base = 31;
    area.address(T1, shared.go);
    let wait = area.here();
    area.load(code::DWORD, T0, T1, 0);
    area.branch(If::Equal, T0, ZERO, wait);
    for insn in [code::FENCE, code::FENCE_I, code::SFENCE_VMA] {
        area.put(insn);
    }
    area.address(base, data);
    for (offset, number) in (8 * 31..).step_by(8).zip(LAST_CSRS) {
        area.load(code::DWORD, T0, base, offset);
        area.csr_write(number, T0);
    }
    for register in 1..=base {
        area.load(code::DWORD, register, base, 8 * (register as i32 - 1));
    }
    if context.privilege != Priv::M {
        area.put(code::MRET);
        return;
    }
    if context.interrupts {
        area.csr_set(csr::MSTATUS, MIE as u32);
    }
    area.jump(context.pc);
}
