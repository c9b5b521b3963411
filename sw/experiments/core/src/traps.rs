//! Entry to S-mode by ECALL and back, entry to a user handler and back.
//!
//! The code under test is a guest: U-mode code and handler in one page, entered again and again. It
//! leaves the cycles in its registers.

use crate::{Collected, blocks::read_to_read, collect, report};
use bare::{
    encode::{A0, A1, A2, A3, A4, A5, ECALL, NOP, SRET, URET, addi, csrc, csrr, csrs, csrw},
    guest::{Mode, code_page, enter, run},
    hal::{
        csr::status,
        soc::{cause, csr as number, irq},
    },
    machine::{self, write},
};

/// Measures and reports all of them.
pub fn measure(collected: &mut Collected) {
    supervisor(collected);
    machine::reset();
    if machine::has_user_interrupts() {
        user(collected);
    }
    machine::reset();
}

/// Instructions between a read of the cycle and a trap return. The return would wait for the read.
const SPACE: usize = 4;

/// Bubbles between two instructions: one comes `space` + 1 instructions after the first read of the
/// cycle, the other is the second read.
fn bubbles(registers: &[usize; 32], (before, space, after): (u32, usize, u32)) -> i64 {
    let cycles = registers[after as usize] as i64 - registers[before as usize] as i64;
    cycles - read_to_read() - 1 - space as i64
}

fn supervisor(collected: &mut Collected) {
    write::<{ number::MEDELEG }>(1 << cause::ECALL_U);
    const HANDLER: usize = 8;
    let code = [
        // Runs it once before, so that both pages of this guest are the ones used last.
        ECALL,
        NOP,
        NOP,
        csrr(A2, number::CYCLE),
        ECALL,
        csrr(A5, number::CYCLE),
        // Ends the guest by an exception that goes to M-mode.
        bare::encode::EBREAK,
        NOP,
        // The handler, which returns behind the ECALL.
        csrr(A3, number::CYCLE),
        csrr(A1, number::SEPC),
        addi(A1, A1, 4),
        csrw(number::SEPC, A1),
        csrr(A4, number::CYCLE),
        NOP,
        NOP,
        NOP,
        NOP,
        SRET,
    ];
    write::<{ number::STVEC }>(code_page() + 4 * HANDLER);
    run(Mode::User, &code, &[]);
    let mut sample = |name, reads| {
        collect(collected, |_| bubbles(&enter(Mode::User, code_page(), &[]).registers, reads));
        report(collected, name, "");
    };
    sample("core.ecall_entry", (A2, 0, A3));
    sample("core.sret", (A4, SPACE, A5));
}

fn user(collected: &mut Collected) {
    let usi = 1 << irq::USI;
    write::<{ number::MIDELEG }>(usi);
    write::<{ number::SIDELEG }>(usi);
    write::<{ number::MIE }>(usi);
    const HANDLER: usize = 8;
    let code = [
        NOP,
        NOP,
        NOP,
        csrr(A2, number::CYCLE),
        csrs(number::UIP, A0),
        csrr(A5, number::CYCLE),
        ECALL,
        NOP,
        csrr(A3, number::CYCLE),
        csrc(number::UIP, A0),
        csrr(A4, number::CYCLE),
        NOP,
        NOP,
        NOP,
        NOP,
        URET,
    ];
    write::<{ number::UTVEC }>(code_page() + 4 * HANDLER);
    run(Mode::User, &code, &[usi]);
    let mut sample = |name, reads| {
        collect(collected, |_| {
            write::<{ number::USTATUS }>(status::UIE);
            bubbles(&enter(Mode::User, code_page(), &[usi]).registers, reads)
        });
        report(collected, name, "");
    };
    sample("core.uintr_entry", (A2, 0, A3));
    sample("core.uret", (A4, SPACE, A5));
}
