//! The trap vector with short ways through the firmware, for what operating systems do most often:
//! an interrupt to another hart, the arrival of one, and a new time for the timer.
//!
//! Each takes three registers and no stack. All else goes on to the vector of [`Context::run`], as
//! if that had been the vector: with the registers and the CSRs as they were, and harmless if a
//! short way has done a part of the work.
//!
//! A hart uses it while no counter of the firmware counts there, and only if it has `stimecmp`.

use crate::{
    boot::MAX_HARTS,
    counters,
    hart::{Hart, IPI},
    machine::machine,
    setup,
};
use core::{arch::global_asm, mem::offset_of, sync::atomic::Ordering};
use hal::{
    context::{Context, Host, Machine, reg},
    csr,
    soc::{cause, csr as number, irq},
};
use sbi_spec::{hsm::hart_state, spi, time};

/// Lets other harts find the interrupt of this one, and chooses a vector.
pub fn set_up() {
    let hart = csr::read::<{ number::MHARTID }>();
    Hart::current().msip.store(machine().clint.msip(hart), Ordering::Release);
    choose();
}

/// Installs the trap vector that fits this hart at the moment.
pub fn choose() {
    let vector = if setup::has_supervisor_timer() && !counters::any_runs() {
        short_ways as *const () as usize
    } else {
        Machine::vector()
    };
    // SAFETY: both handle the traps of contexts.
    unsafe { csr::write::<{ number::MTVEC }>(vector) };
}

/// Where a context keeps a register.
const fn saved(register: usize) -> usize {
    offset_of!(Context, registers) + size_of::<usize>() * register
}

unsafe extern "C" {
    /// The vector. `mscratch` holds the context that runs, or 0.
    ///
    /// Behind the first lines `a0` is the context, `t0` to `t2` are kept in it, and `mscratch` holds
    /// the `a0` of the code that trapped.
    fn short_ways();
}

global_asm!(
    ".text",
    ".balign 4",
    "short_ways:",
    "csrrw a0, mscratch, a0",
    "beqz a0, 9f",
    "sd t0, {saved_t0}(a0)",
    "sd t1, {saved_t1}(a0)",
    "sd t2, {saved_t2}(a0)",
    "csrr t0, mcause",
    "bltz t0, 5f",
    "addi t0, t0, -{ecall_s}",
    "bnez t0, 8f",
    "bnez a6, 8f", // send_ipi and set_timer are function 0
    "li t0, {ipi_extension}",
    "beq a7, t0, 1f",
    "li t0, {time_extension}",
    "bne a7, t0, 8f",
    // Set the timer to a0.
    "csrr t0, mscratch",
    "csrw {stimecmp}, t0",
    "j 4f",
    // Send an interrupt to the harts of mask a0, from hart a1 on. Short if it is one hart.
    "1: csrr t0, mscratch",
    "beqz t0, 8f",
    "addi t1, t0, -1",
    "and t1, t1, t0",
    "bnez t1, 8f",
    "li t2, {harts}",
    "bgeu a1, t2, 8f",
    "mv t1, a1",
    "2: andi t2, t0, 1",
    "bnez t2, 3f",
    "srli t0, t0, 1",
    "addi t1, t1, 1",
    "j 2b",
    "3: li t2, {harts}",
    "bgeu t1, t2, 8f",
    "slli t1, t1, {hart_shift}",
    "lla t0, {all}",
    "add t1, t1, t0",
    "ld t2, {state}(t1)",
    "addi t2, t2, -{started}",
    "bnez t2, 8f", // a hart that does not exist is not started either
    "ld t0, {msip}(t1)",
    "beqz t0, 8f",
    "addi t1, t1, {requests}",
    "li t2, {ipi}",
    // Whoever sees the interrupt also sees what was written before it was requested.
    "amoor.d.aqrl zero, t2, (t1)",
    "fence rw, o",
    "li t2, 1",
    "sw t2, 0(t0)",
    // Done: go on behind the call, with success.
    "4: csrr t0, mepc",
    "addi t0, t0, 4",
    "csrw mepc, t0",
    "ld t0, {saved_t0}(a0)",
    "ld t1, {saved_t1}(a0)",
    "ld t2, {saved_t2}(a0)",
    "csrw mscratch, a0",
    "li a0, 0",
    "li a1, 0",
    "mret",
    // An interrupt.
    "5: slli t0, t0, 1",
    "addi t0, t0, -2 * {msi}",
    "bnez t0, 8f",
    "csrr t0, mhartid",
    "slli t0, t0, {hart_shift}",
    "lla t1, {all}",
    "add t1, t1, t0",
    "ld t0, {msip}(t1)",
    "addi t1, t1, {requests}",
    // First drops the interrupt and then looks for requests: what comes later raises it again.
    "sw zero, 0(t0)",
    "li t2, ~{ipi}",
    "fence o, rw",
    "amoand.d.aqrl t2, t2, (t1)",
    "andi t0, t2, {ipi}",
    "beqz t0, 8f",
    "csrsi mip, 1 << {ssi}",
    "addi t2, t2, -{ipi}",
    "bnez t2, 8f", // fences as well
    "ld t0, {saved_t0}(a0)",
    "ld t1, {saved_t1}(a0)",
    "ld t2, {saved_t2}(a0)",
    "csrrw a0, mscratch, a0",
    "mret",
    // The long way.
    "8: ld t0, {saved_t0}(a0)",
    "ld t1, {saved_t1}(a0)",
    "ld t2, {saved_t2}(a0)",
    "9: csrrw a0, mscratch, a0",
    "j {long}",
    saved_t0 = const saved(reg::T0),
    saved_t1 = const saved(reg::T1),
    saved_t2 = const saved(reg::T2),
    ecall_s = const cause::ECALL_S,
    ipi_extension = const spi::EID_SPI,
    time_extension = const time::EID_TIME,
    stimecmp = const number::STIMECMP,
    harts = const MAX_HARTS,
    hart_shift = const size_of::<Hart>().ilog2(),
    all = sym crate::hart::ALL,
    state = const offset_of!(Hart, state),
    started = const hart_state::STARTED,
    msip = const offset_of!(Hart, msip),
    requests = const offset_of!(Hart, requests),
    ipi = const IPI,
    msi = const irq::MSI,
    ssi = const irq::SSI,
    long = sym hal::context::context_vector_machine,
);
