//! Entry to S-mode by ECALL and back, entry to a user handler and back.
//!
//! The code under test is a guest: U-mode code and handler in one page, entered again and again. It
//! leaves the cycles in its registers.

use crate::{Collected, collect, report};
use bare::{
    encode::{A0, A1, A2, A3, A4, A5, ECALL, NOP, SRET, URET, csrc, csrr, csrs, csrw},
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
    if machine::has_user_interrupts() {
        user(collected);
    }
    machine::reset();
}

/// Bubbles between two instructions of which one reads the cycle directly before the first, and the
/// other is the second: the reads are then 2 cycles apart if there are none.
fn bubbles(registers: &[usize; 32], before: u32, after: u32) -> i64 {
    registers[after as usize] as i64 - registers[before as usize] as i64 - 2
}

fn supervisor(collected: &mut Collected) {
    write::<{ number::MEDELEG }>(1 << cause::ECALL_U);
    const HANDLER: usize = 8;
    let code = [
        NOP,
        NOP,
        NOP,
        csrr(A2, number::CYCLE),
        ECALL,
        csrr(A5, number::CYCLE),
        // Ends the guest, by an exception that goes to M-mode.
        bare::encode::EBREAK,
        NOP,
        // The handler; its second instruction skips the ECALL.
        csrr(A3, number::CYCLE),
        csrw(number::SEPC, A1),
        NOP,
        NOP,
        NOP,
        NOP,
        csrr(A4, number::CYCLE),
        SRET,
    ];
    write::<{ number::STVEC }>(code_page() + 4 * HANDLER);
    let arguments = [0, code_page() + 4 * 5];
    run(Mode::User, &code, &arguments);
    let mut sample = |name, before, after| {
        collect(collected, |_| {
            bubbles(&enter(Mode::User, code_page(), &arguments).registers, before, after)
        });
        report(collected, name, "");
    };
    sample("core.ecall_entry", A2, A3);
    sample("core.sret", A4, A5);
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
        NOP,
        NOP,
        NOP,
        NOP,
        csrr(A4, number::CYCLE),
        URET,
    ];
    write::<{ number::UTVEC }>(code_page() + 4 * HANDLER);
    run(Mode::User, &code, &[usi]);
    let mut sample = |name, before, after| {
        collect(collected, |_| {
            write::<{ number::USTATUS }>(status::UIE);
            bubbles(&enter(Mode::User, code_page(), &[usi]).registers, before, after)
        });
        report(collected, name, "");
    };
    sample("core.uintr_entry", A2, A3);
    sample("core.uret", A4, A5);
}
