//! Short programs on the whole machine.

mod common;

use common::*;
use emulator::machine::Stop;
use emulator::soc::{cause, csr};

fn after(code: &[u32], cycles: u64) -> emulator::machine::Machine {
    let mut machine = machine(1, code);
    machine.run(cycles);
    machine
}

#[test]
fn a_loop_counts_and_the_finisher_ends_the_run() {
    let mut code = vec![addi(A0, ZERO, 10), add(A1, A1, A0), addi(A0, A0, -1), bne(A0, ZERO, -8)];
    code.extend(pass(A2));
    code.extend(finish(T0, A2));
    let mut machine = machine(1, &code);
    assert_eq!(machine.run(1000), Stop::Ended(0));
    assert_eq!(machine.harts[0].regs[A1 as usize], 55);
    assert_eq!(machine.harts[0].counters.retired, 1 + 3 * 10 + 4);
}

#[test]
fn x0_stays_zero() {
    let machine = after(&[addi(ZERO, ZERO, 5), addi(A0, ZERO, 0), jump_to_self()], 10);
    assert_eq!(machine.harts[0].regs[A0 as usize], 0);
}

#[test]
fn a_misaligned_store_crosses_a_page() {
    let code = [
        lui(A0, 0x80001),
        // x10 is sign-extended: cut to the physical address.
        0x0205_1513, // slli a0, a0, 32
        0x0205_5513, // srli a0, a0, 32
        addi(A1, ZERO, -2),
        store(3, A1, A0, -3),
        load(3, A2, A0, -3),
        load(2, T0, A0, 1),
        jump_to_self(),
    ];
    let machine = after(&code, 20);
    let regs = &machine.harts[0].regs;
    assert_eq!(regs[A2 as usize], (-2i64) as u64);
    assert_eq!(regs[T0 as usize], 0xFFFF_FFFF_FFFF_FFFF);
    let (at, _) = machine.bus.memory.locate(DRAM + 0xFFD).unwrap();
    assert_eq!(machine.bus.memory.dword(at), (-2i64) as u64);
}

#[test]
fn an_illegal_instruction_traps_with_its_bits() {
    let machine = after(&[0xFFFF_FFFF], 1);
    let trap = machine.harts[0].last_trap.unwrap();
    assert_eq!((trap.cause, trap.tval), (cause::ILLEGAL_INSN as u64, 0xFFFF_FFFF));
    assert_eq!(trap.pc, DRAM);
    assert_eq!(machine.harts[0].counters.retired, 0);
}

#[test]
fn a_store_to_nowhere_faults_with_its_address() {
    let machine = after(&[lui(A0, 0x40000), store(3, A0, A0, 8), jump_to_self()], 2);
    let trap = machine.harts[0].last_trap.unwrap();
    assert_eq!((trap.cause, trap.tval), (cause::STORE_ACCESS as u64, 0x4000_0008));
}

#[test]
fn decoded_instructions_change_at_fence_i() {
    // The third instruction is executed, then replaced, then executed again.
    let body = |fence: u32| {
        [
            addi(A1, ZERO, 2),
            0x0000_0297, // auipc t0, 0: the address of this instruction
            addi(A0, A0, 1),
            load(2, A2, T0, 28),
            store(2, A2, T0, 4),
            fence,
            addi(A1, A1, -1),
            bne(A1, ZERO, -20),
            addi(A0, A0, 100),
            jump_to_self(),
        ]
    };
    let mut fenced = body(FENCE_I);
    fenced[8] = addi(A0, A0, 100);
    let machine = after(&fenced, 100);
    // Once 1, once 100, and 100 where the replacement was read from.
    assert_eq!(machine.harts[0].regs[A0 as usize], 201);
}

#[test]
fn a_write_to_minstret_overrides_its_own_count() {
    let code = [
        addi(A0, ZERO, 100),
        csrrw(ZERO, csr::MINSTRET, A0),
        csrrs(A1, csr::MINSTRET, ZERO),
        csrrs(A2, csr::MINSTRET, ZERO),
        jump_to_self(),
    ];
    let machine = after(&code, 20);
    let regs = &machine.harts[0].regs;
    assert_eq!((regs[A1 as usize], regs[A2 as usize]), (100, 101));
}

#[test]
fn waiting_harts_skip_to_the_timer() {
    // mtimecmp := 1000 ticks; mie.MTIE; then wait.
    let code = [
        lui(T0, 0x02004),
        addi(A0, ZERO, 1000),
        store(3, A0, T0, 0),
        addi(A1, ZERO, 0x80),
        csrrs(ZERO, csr::MIE, A1),
        WFI,
        csrrs(A2, csr::TIME, ZERO),
        jump_to_self(),
    ];
    let mut machine = machine(1, &code);
    machine.run(10_100);
    let time = machine.harts[0].regs[A2 as usize];
    assert!((1000..1002).contains(&time), "{time}");
    assert!(machine.harts[0].counters.retired < 200);
}

#[test]
fn harts_that_wait_for_nothing_are_asleep() {
    let mut machine = machine(2, &[WFI, jump_to_self()]);
    assert_eq!(machine.run(1_000_000), Stop::Asleep);
}

#[test]
fn a_store_of_another_hart_ends_a_reservation() {
    // Hart 0 holds a reservation for longer than its turn.
    let mut code = vec![lui(A0, 0x80002), 0x0205_1513, 0x0205_5513, lr_d(A1, A0)];
    code.extend(std::iter::repeat_n(addi(A2, A2, 1), 200));
    code.push(sc_d(A1, A2, A0));
    code.push(jump_to_self());
    let mut machine = machine(2, &code);
    machine.run(1000);
    assert_eq!(machine.harts[0].regs[A1 as usize], 1);
}

#[test]
fn runs_are_alike() {
    let code: Vec<u32> = (0..100)
        .map(|n| addi(A0, A0, n))
        .chain([csrrs(A1, csr::TIME, ZERO), add(A2, A2, A1), bne(A0, ZERO, -408)])
        .collect();
    let run = || {
        let mut machine = machine(3, &code);
        machine.run(20_000);
        machine.harts.iter().map(|h| (h.pc, h.regs[A2 as usize])).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

#[test]
fn a_timer_that_a_running_hart_sets_interrupts_in_time() {
    // mtvec := the last instruction; mtimecmp := 100 ticks; enable; then a loop that counts.
    let code = [
        0x0000_0297, // auipc t0, 0
        addi(T0, T0, 44),
        csrrw(ZERO, csr::MTVEC, T0),
        lui(T0, 0x02004),
        addi(A0, ZERO, 100),
        store(3, A0, T0, 0),
        addi(A1, ZERO, 0x80),
        csrrs(ZERO, csr::MIE, A1),
        0x3004_6073, // csrsi mstatus, 8
        addi(A2, A2, 1),
        bne(A2, ZERO, -4),
        jump_to_self(),
    ];
    let mut machine = machine(1, &code);
    machine.run(15_000);
    let trap = machine.harts[0].last_trap.unwrap();
    assert!(trap.interrupt);
    assert!((1000..1100).contains(&trap.cycle), "{}", trap.cycle);
}
