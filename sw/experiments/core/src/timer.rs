//! The machine timer interrupt, from the tick on which it is due.
//!
//! The CLINT counts `mtime` once in a fixed number of cycles. So the cycle of one tick tells the
//! cycles of all others.

use crate::{Collected, blocks::read_to_read, collect, report};
use bare::{
    encode::JUMP_TO_SELF,
    guest::{Mode, code_page, enter, run},
    hal::{
        clint,
        context::reg,
        soc::{CLOCK_HZ, TIMEBASE_HZ, csr as number, irq},
    },
    machine::{self, write},
};
use core::arch::{asm, global_asm};

/// Cycles of a tick.
const TICK: i64 = (CLOCK_HZ / TIMEBASE_HZ) as i64;

global_asm!(".text", ".balign 64", "timer_vector:", "csrr t6, mcycle", "j context_vector_machine",);

unsafe extern "C" {
    safe fn timer_vector();
}

/// Measures and reports it.
pub fn measure(collected: &mut Collected) {
    let zero = cycle_of_time_zero();
    write::<{ number::MTVEC }>(timer_vector as *const () as usize);
    write::<{ number::MIE }>(1 << irq::MTI);
    clint::set_mtimecmp(0, 0);
    run(Mode::User, &[JUMP_TO_SELF], &[]);
    collect(collected, |_| {
        let due = clint::mtime() + 60;
        clint::set_mtimecmp(0, due);
        let trap = enter(Mode::User, code_page(), &[]);
        clint::set_mtimecmp(0, u64::MAX);
        trap.registers[reg::T6] as i64 - (zero + due as i64 * TICK)
    });
    report(collected, "core.timer_entry", "");
    machine::reset();
}

/// The cycle in which `time` became, or would have become, 0: the earliest one that all readings of
/// `time` allow. Readings in all phases of a tick make it exact.
fn cycle_of_time_zero() -> i64 {
    let readings = (0..400).map(|index| {
        for _ in 0..index % 13 {
            riscv::asm::nop();
        }
        let (time, cycle) = time_and_cycle();
        cycle - time * TICK
    });
    readings.min().unwrap_or_default()
}

/// `time`, and the cycle in which it was read.
fn time_and_cycle() -> (i64, i64) {
    let (time, next_cycle): (i64, i64);
    // SAFETY: reads two counters.
    unsafe {
        asm!(
            "csrr {0}, {time}",
            "csrr {1}, {cycle}",
            out(reg) time,
            out(reg) next_cycle,
            time = const number::TIME,
            cycle = const number::MCYCLE,
        );
    }
    (time, next_cycle - read_to_read())
}
