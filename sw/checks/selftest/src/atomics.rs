//! Atomic memory operations, and load-reserved with store-conditional.

use crate::{
    check::{Check, Test, ours, test},
    space::{data_page, peek, poke},
};
use bare::{
    encode::{A0, A1, A2, A3, Amo, NOP, X0, amo, sd},
    guest::{Mode, Trap, run},
};

pub const TESTS: &[Test] = &[
    test("amo.w", "unpriv 8.4", word),
    test("amo.d", "unpriv 8.4", double),
    test("amo.aq_rl", "unpriv 8.4", ordered),
    test("lrsc.success", "unpriv 8.2", success),
    test("lrsc.without_lr", "unpriv 8.2", without_lr),
    test("lrsc.once", "unpriv 8.2", once),
    ours("lrsc.elsewhere", "unpriv 8.2", elsewhere),
    test("lrsc.loop", "unpriv 8.3", constrained_loop),
    test("lrsc.sign", "unpriv 8.2", sign),
];

const OPERATIONS: [Amo; 9] =
    [Amo::Swap, Amo::Add, Amo::Xor, Amo::And, Amo::Or, Amo::Min, Amo::Max, Amo::Minu, Amo::Maxu];

fn model(op: Amo, memory: i64, operand: i64) -> i64 {
    match op {
        Amo::Swap => operand,
        Amo::Add => memory.wrapping_add(operand),
        Amo::Xor => memory ^ operand,
        Amo::And => memory & operand,
        Amo::Or => memory | operand,
        Amo::Min => memory.min(operand),
        Amo::Max => memory.max(operand),
        Amo::Minu => (memory as u64).min(operand as u64) as i64,
        Amo::Maxu => (memory as u64).max(operand as u64) as i64,
        Amo::Lr | Amo::Sc => unreachable!("not an AMO"),
    }
}

const OPERANDS: [i64; 5] =
    [0, -1, 0x7fff_ffff_8000_0001, -0x7fff_ffff_7fff_ffff, 0x0123_4567_89ab_cdef];

fn double(check: &mut Check) {
    let address = data_page(0) + 16;
    for op in OPERATIONS {
        for memory in OPERANDS {
            for operand in OPERANDS {
                poke(address, memory as usize);
                let arguments = [0, address, operand as usize];
                let trap = run(Mode::User, &[amo(op, 3, A0, A1, A2)], &arguments);
                check.eq("rd", trap.a0(), memory as usize);
                check.eq("memory", peek(address), model(op, memory, operand) as usize);
            }
        }
    }
}

fn word(check: &mut Check) {
    const NEIGHBOUR: usize = 0x5a5a_a5a5;
    let address = data_page(0) + 16;
    for op in OPERATIONS {
        for memory in OPERANDS.map(|value| i64::from(value as i32)) {
            for operand in OPERANDS {
                for high in [0, 4] {
                    let (shift, other) = (8 * high, 8 * (4 - high));
                    let before = (memory as u32 as usize) << shift | NEIGHBOUR << other;
                    poke(address, before);
                    let arguments = [0, address + high, operand as usize];
                    let trap = run(Mode::User, &[amo(op, 2, A0, A1, A2)], &arguments);
                    check.eq("rd", trap.a0(), memory as usize);
                    let after = model(op, memory, i64::from(operand as i32)) as u32 as usize;
                    check.eq("memory", peek(address), after << shift | NEIGHBOUR << other);
                }
            }
        }
    }
}

fn ordered(check: &mut Check) {
    let address = data_page(0);
    for bits in 0..4 {
        poke(address, 5);
        let code = [amo(Amo::Add, 3, A0, A1, A2) | bits << 25];
        check.eq("rd", run(Mode::User, &code, &[0, address, 7]).a0(), 5);
        check.eq("memory", peek(address), 12);
    }
}

/// LR, then `between`, then SC of `a2`; the SC's result is in `a0`.
fn pair(between: u32, arguments: &[usize]) -> Trap {
    let code = [amo(Amo::Lr, 3, A3, A1, X0), between, amo(Amo::Sc, 3, A0, A1, A2)];
    run(Mode::User, &code, arguments)
}

fn success(check: &mut Check) {
    let address = data_page(0) + 8;
    poke(address, 11);
    let trap = pair(NOP, &[9, address, 22]);
    check.eq("LR", trap.registers[13], 11);
    check.eq("SC succeeds", trap.a0(), 0);
    check.eq("memory", peek(address), 22);
}

fn without_lr(check: &mut Check) {
    let address = data_page(0) + 8;
    poke(address, 11);
    pair(NOP, &[0, address, 11]);
    let trap = run(Mode::User, &[amo(Amo::Sc, 3, A0, A1, A2)], &[0, address, 22]);
    check.is("SC to fail", trap.a0() != 0);
    check.eq("memory", peek(address), 11);
}

fn once(check: &mut Check) {
    let address = data_page(0) + 8;
    poke(address, 11);
    let code =
        [amo(Amo::Lr, 3, A3, A1, X0), amo(Amo::Sc, 3, A3, A1, A2), amo(Amo::Sc, 3, A0, A1, X0)];
    let trap = run(Mode::User, &code, &[0, address, 22]);
    check.eq("first SC succeeds", trap.registers[13], 0);
    check.is("second SC to fail", trap.a0() != 0);
    check.eq("memory", peek(address), 22);
}

fn elsewhere(check: &mut Check) {
    let [address, other] = [data_page(0), data_page(1) + 512];
    poke(other, 33);
    let code = [amo(Amo::Lr, 3, A3, A1, X0), amo(Amo::Sc, 3, A0, A2, A3)];
    let trap = run(Mode::User, &code, &[0, address, other]);
    check.is("SC to another line to fail", trap.a0() != 0);
    check.eq("memory", peek(other), 33);
    // The hart's own store to another line does not matter.
    let code = [amo(Amo::Lr, 3, A3, A1, X0), sd(X0, A2), amo(Amo::Sc, 3, A0, A1, A3)];
    let trap = run(Mode::User, &code, &[9, address, other]);
    check.is("SC after a store elsewhere to end", trap.ended && trap.a0() <= 1);
}

fn constrained_loop(check: &mut Check) {
    // lr; addi; sc; bnez back: must succeed in the end.
    const BACK: u32 = 0xfe05_1ae3; // bnez a0, -12
    let address = data_page(0) + 64;
    poke(address, 100);
    let code = [
        amo(Amo::Lr, 3, A2, A1, X0),
        bare::encode::addi(A2, A2, 1),
        amo(Amo::Sc, 3, A0, A1, A2),
        BACK,
    ];
    for _ in 0..20 {
        check.ended("loop", &run(Mode::User, &code, &[0, address]));
    }
    check.eq("memory", peek(address), 120);
}

fn sign(check: &mut Check) {
    let address = data_page(0);
    poke(address, 0x7fff_ffff_8000_0000);
    let code = [amo(Amo::Lr, 2, A3, A1, X0), amo(Amo::Sc, 2, A0, A1, A2)];
    let trap = run(Mode::User, &code, &[9, address, 0x1234_5678_9abc_def0]);
    check.eq("LR.W extends the sign", trap.registers[13], 0xffff_ffff_8000_0000);
    check.eq("SC.W succeeds", trap.a0(), 0);
    check.eq("SC.W writes 4 bytes", peek(address), 0x7fff_ffff_9abc_def0);
}
