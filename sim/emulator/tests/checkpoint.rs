//! A checkpoint, started on another machine, gives the same state.

mod common;

use common::*;
use emulator::checkpoint::checkpoint;
use emulator::hart::Priv;
use emulator::machine::{Machine, Segments};
use emulator::soc::{self, csr};
use emulator::taic::TaicConfig;
use proptest::prelude::*;

const HARTS: usize = 2;
/// More than the restore program takes.
const CYCLES: u64 = 20_000;
const MAY_CHANGE: [u16; 26] = [
    csr::MSTATUS,
    csr::MTVEC,
    csr::MSCRATCH,
    csr::MEPC,
    csr::MCAUSE,
    csr::MTVAL,
    csr::MEDELEG,
    csr::MIDELEG,
    csr::SIDELEG,
    csr::MIP,
    csr::MENVCFG,
    csr::SENVCFG,
    csr::MCOUNTEREN,
    csr::SCOUNTEREN,
    csr::MCOUNTINHIBIT,
    csr::STVEC,
    csr::SSCRATCH,
    csr::SEPC,
    csr::UTVEC,
    csr::USCRATCH,
    csr::UEPC,
    csr::UCAUSE,
    csr::UTVAL,
    csr::SUIST,
    csr::SUIRS,
    csr::PMPADDR0 + 3,
];

fn taic() -> TaicConfig {
    TaicConfig {
        contexts: 4,
        queues: 4,
        priorities: 4,
        tasks: 128,
        channels: 8,
        slots: 2,
        lines: 32,
        harts: HARTS,
    }
}

/// Harts that jump to themselves.
fn still() -> Machine {
    loaded(HARTS, vec![(DRAM, jump_to_self().to_le_bytes().to_vec())], Some(taic()))
}

/// The machine that a checkpoint of `original` makes.
fn restored(original: &Machine) -> Machine {
    let file = checkpoint(original).expect("a state that can be restored");
    let mut machine = loaded(HARTS, segments(&file), Some(taic()));
    machine.run(CYCLES);
    machine
}

/// The segments of an ELF file, cleared as far as they go.
fn segments(file: &[u8]) -> Segments {
    let field = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap()) as usize;
    let count = usize::from(u16::from_le_bytes(file[56..58].try_into().unwrap()));
    let segment = |index: usize| {
        let header = 64 + 56 * index;
        let (offset, bytes) = (field(header + 8), field(header + 32));
        let mut contents = file[offset..offset + bytes].to_vec();
        contents.resize(field(header + 40), 0);
        (field(header + 24) as u64, contents)
    };
    (0..count).map(segment).collect()
}

fn write(machine: &mut Machine, address: usize, size: u32, value: u64) {
    machine.bus.write(address as u64, size, value);
}

/// Opens memory to all modes: PMP entry 0.
fn open(machine: &mut Machine, hart: usize) {
    let bus = &machine.bus;
    assert!(machine.harts[hart].poke_csr(bus, csr::PMPADDR0, u64::MAX));
    assert!(machine.harts[hart].poke_csr(bus, csr::PMPCFG0, 0x1F));
}

fn compare(original: &Machine, restored: &Machine) {
    for (before, after) in original.harts.iter().zip(&restored.harts) {
        assert_eq!(before.regs[1..32], after.regs[1..32]);
        assert_eq!((before.pc, before.privilege), (after.pc, after.privilege));
        let (mut old, mut new) = (before.csr.clone(), after.csr.clone());
        if before.privilege != Priv::M {
            // What the next trap into M-mode sets.
            let fields = 3 << 11 | 1 << 7;
            old.status.write(0, fields);
            new.status.write(0, fields);
            old.handlers[3].epc = 0;
            new.handlers[3].epc = 0;
        }
        assert_eq!(old, new);
    }
    assert_eq!(original.bus.plic, restored.bus.plic);
    assert_eq!(original.bus.uart.essence(), restored.bus.uart.essence());
    assert_eq!(original.bus.uintc.essence(), restored.bus.uintc.essence());
    assert_eq!(original.bus.clint.msip(), restored.bus.clint.msip());
    let (taic, again) = (original.bus.taic.as_ref(), restored.bus.taic.as_ref());
    assert_eq!(taic.map(|taic| taic.essence()), again.map(|taic| taic.essence()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn harts_get_their_registers_back(
        values in prop::collection::vec(any::<u64>(), HARTS * (MAY_CHANGE.len() + 31)),
        modes in prop::collection::vec(0..3usize, HARTS),
    ) {
        let mut machine = still();
        let mut values = values.into_iter();
        for hart in 0..HARTS {
            open(&mut machine, hart);
            for (number, value) in MAY_CHANGE.into_iter().zip(&mut values) {
                // No MPRV, which M-mode would need a register to set.
                let value = if number == csr::MSTATUS { value & !(1 << 17) } else { value };
                machine.harts[hart].poke_csr(&machine.bus, number, value);
            }
            machine.harts[hart].regs[1..32].fill_with(|| values.next().unwrap_or(0));
            machine.harts[hart].privilege = [Priv::U, Priv::S, Priv::M][modes[hart]];
        }
        compare(&machine, &restored(&machine));
    }
}

#[test]
fn devices_get_their_state_back() {
    let mut machine = still();
    for hart in 0..HARTS {
        open(&mut machine, hart);
    }
    let uart = soc::UART0_BASE;
    for (register, value) in [(3, 0x83), (0, 7), (1, 1), (3, 3), (2, 0x81), (7, 0x5A), (1, 2)] {
        write(&mut machine, uart + register, 1, value);
    }
    let source = soc::UART0_INTERRUPT;
    write(&mut machine, soc::PLIC_BASE + 4 * source, 4, 5);
    write(
        &mut machine,
        soc::PLIC_BASE + soc::plic::ENABLE0 + soc::plic::ENABLE0_STRIDE,
        4,
        1 << source,
    );
    write(&mut machine, soc::PLIC_BASE + soc::plic::THRESHOLD, 4, 7);
    for (offset, value) in [(8, 0x0001_0001), (16, 0x8000_0000_0000_0005), (32 * 3 + 16, 9)] {
        write(&mut machine, soc::UINTC_BASE + offset, 8, value);
    }
    write(&mut machine, soc::CLINT_BASE + 4, 4, 1);
    write(&mut machine, soc::CLINT_BASE + soc::clint::MTIMECMP, 8, 123_456_789);
    let again = restored(&machine);
    compare(&machine, &again);
    assert_eq!(again.bus.clint.mtimecmp(0), 123_456_789);
    let claimed = machine.bus.read((soc::PLIC_BASE + soc::plic::CLAIM) as u64 + 0x1000, 4);
    assert_eq!(claimed, Ok(source as u64), "the source was pending");
    compare(&machine, &restored(&machine));
    write(&mut machine, uart + 1, 1, 0);
    compare(&machine, &restored(&machine));
}

#[test]
fn task_queues_and_records_get_their_state_back() {
    let mut machine = still();
    let base = soc::TAIC_BASE;
    let page = |context: usize, queue: usize| base + 0x1000 * (1 + 4 * context + queue);
    // Contexts 0 to 2, of which 1 ends again; two queues each.
    for process in 0..3 {
        for _ in 0..2 {
            write(&mut machine, base, 8, 1);
            write(&mut machine, base, 8, process);
            machine.bus.read(base as u64, 8).unwrap();
        }
    }
    for queue in 0..2 {
        write(&mut machine, base + 8, 8, 1 << 32 | queue);
    }
    write(&mut machine, base + 0x980 + 16, 8, 3 << 16 | 1 << 8 | 2 | 1);
    write(&mut machine, base + 0xC00 + 8 * 3, 8, 5);
    for channel in 0..4 {
        let config = 1 | 2 << 16 | 1 << 24;
        write(&mut machine, base + 0x40_0000 + 64 * channel, 8, config);
    }
    // Tasks; and a wake of channel 0 that stays armed and is notified again after another ARM.
    write(&mut machine, page(2, 0), 8, 0x1234_5678_9ABC_DEF0);
    write(&mut machine, page(0, 1), 8, 0x100);
    write(&mut machine, page(2, 0) + 0x918, 8, 0x8000_1002);
    write(&mut machine, page(0, 0) + 0x900, 8, 0);
    write(&mut machine, page(2, 0) + 0x918, 8, 0x8000_2000);
    write(&mut machine, page(0, 0) + 0x900, 8, 0);
    // Channel 1 pending, channel 2 armed, a line armed into queue 1.
    write(&mut machine, page(0, 0) + 0x900, 8, 1);
    write(&mut machine, page(2, 0) + 0x918, 8, 2 << 52 | 0x300);
    write(&mut machine, page(2, 1) + 0x920, 8, 3 << 52 | 0x400);
    // Installed on both harts; RUNNING.
    write(&mut machine, base + 0xA00, 8, 1 << 63 | 8);
    write(&mut machine, base + 0xA08, 8, 3);
    write(&mut machine, page(2, 0) + 0x910, 8, 9);
    compare(&machine, &restored(&machine));
    // A preempting wake interrupts hart 0.
    write(&mut machine, page(2, 0) + 0x918, 8, 3 << 52 | 0x501);
    write(&mut machine, page(0, 0) + 0x900, 8, 3);
    assert_ne!(machine.bus.lines(0) & 1, 0);
    compare(&machine, &restored(&machine));
}

#[test]
fn a_sequence_under_way_cannot_be_restored() {
    let mut machine = still();
    write(&mut machine, soc::TAIC_BASE, 8, 1);
    assert_eq!(checkpoint(&machine).unwrap_err(), "TAIC is in a state to which no accesses lead");
    machine.bus.read(soc::TAIC_BASE as u64, 8).unwrap();
    assert!(checkpoint(&machine).is_ok());
    machine.bus.uart.receive(b'x');
    assert_eq!(checkpoint(&machine).unwrap_err(), "UART is in a state to which no accesses lead");
}

#[test]
fn a_hart_that_waits_waits_again() {
    let code = [WFI, jump_to_self()].iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
    let mut machine = loaded(HARTS, vec![(DRAM, code)], Some(taic()));
    machine.run(100);
    assert!(machine.harts.iter().all(|hart| hart.waiting));
    let again = restored(&machine);
    assert!(again.harts.iter().all(|hart| hart.waiting && hart.pc == DRAM + 4));
}
