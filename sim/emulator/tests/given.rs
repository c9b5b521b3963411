//! A hart in lockstep with another machine: what happens outside is given.

mod common;

use common::*;
use emulator::bus::BusError;
use emulator::hart::Priv;
use emulator::outside::{DeviceAccess, Given, Impossible};
use emulator::soc::{self, cause, csr, irq};

#[test]
fn a_step_executes_one_instruction() {
    let mut machine = machine(1, &[addi(A0, ZERO, 7), addi(A0, A0, 1)]);
    let step = machine.step_given(0, Given::default()).unwrap();
    assert_eq!(step.commit.pc, DRAM);
    assert_eq!(step.commit.rd, (A0 as u8, 7));
    assert_eq!(step.commit.privilege, Priv::M);
    assert!(step.accesses.is_empty());
    assert_eq!(machine.harts[0].pc, DRAM + 4);
}

#[test]
fn devices_answer_from_outside() {
    let code = [lui(T0, 0x10000), load(0, A0, T0, 5), store(0, A0, T0, 0), load(0, A0, T0, 5)];
    let mut machine = machine(1, &code);
    machine.step_given(0, Given::default()).unwrap();
    let answer = |answer| Given { answers: [answer].into(), ..Given::default() };
    let step = machine.step_given(0, answer(Ok(0x61))).unwrap();
    assert_eq!(step.commit.rd, (A0 as u8, 0x61));
    let step = machine.step_given(0, Given::default()).unwrap();
    let base = soc::UART0_BASE as u64;
    assert_eq!(step.accesses, [DeviceAccess { paddr: base, size: 1, written: Some(0x61) }]);
    assert!(!machine.bus.uart.has_sent(), "the machine's own UART saw nothing");
    let step = machine.step_given(0, answer(Err(BusError))).unwrap();
    assert_eq!(step.commit.trap.unwrap().cause, cause::LOAD_ACCESS as u64);
}

#[test]
fn lacking_and_superfluous_answers_are_told() {
    let mut machine = machine(1, &[lui(T0, 0x10000), load(0, A0, T0, 5)]);
    let answer = Given { answers: [Ok(1)].into(), ..Given::default() };
    assert_eq!(machine.step_given(0, answer), Err(Impossible::Answers));
    assert_eq!(machine.step_given(0, Given::default()), Err(Impossible::Answers));
}

#[test]
fn interrupts_are_taken_when_they_are_given() {
    let code = [addi(A0, ZERO, 8), csrrs(ZERO, csr::MIE, A0), csrrs(ZERO, csr::MSTATUS, A0)];
    let mut machine = machine(1, &code);
    let given = |interrupt| Given { lines: 1 << irq::MSI, interrupt, ..Given::default() };
    for _ in 0..3 {
        machine.step_given(0, given(None)).unwrap();
    }
    assert_eq!(machine.step_given(0, given(Some(irq::MEI as u64))), Err(Impossible::Interrupt));
    let step = machine.step_given(0, given(Some(irq::MSI as u64))).unwrap();
    let trap = step.commit.trap.unwrap();
    assert!(trap.interrupt);
    assert_eq!((trap.cause, step.commit.pc), (irq::MSI as u64, DRAM + 12));
}

#[test]
fn sc_succeeds_as_given() {
    let code = [lui(A0, 0x80002), 0x0205_1513, 0x0205_5513, sc_d(A1, A2, A0), sc_d(A1, A2, A0)];
    let mut machine = machine(1, &code);
    for _ in 0..3 {
        machine.step_given(0, Given::default()).unwrap();
    }
    for succeeds in [true, false] {
        let given = Given { sc: Some(succeeds), ..Given::default() };
        let step = machine.step_given(0, given).unwrap();
        assert_eq!(step.commit.rd, (A1 as u8, u64::from(!succeeds)));
        assert_eq!(step.commit.access.is_some(), succeeds);
    }
}
