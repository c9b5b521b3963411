//! The life of a hart in the firmware: stopped, or running S-mode and serving its traps.

use crate::{extensions::Sbi, hart::Hart, legacy, supervisor_memory};
use hal::{
    context::{Context, Machine, reg},
    csr::{self, status},
    soc::{cause, csr as number, irq},
};
use rustsbi::RustSBI;
use sbi_spec::{base, hsm::hart_state};

const ECALL_BYTES: usize = 4;
const INTERRUPT_MACHINE_SOFTWARE: usize = csr::INTERRUPT | irq::MSI;
const INTERRUPT_MACHINE_TIMER: usize = csr::INTERRUPT | irq::MTI;

/// Serves this hart for ever.
pub fn serve(hart: usize) -> ! {
    let (sbi, this) = (Sbi::default(), Hart::current());
    loop {
        let mut context = wait_for_start(hart, this);
        while this.state() == hart_state::STARTED {
            // SAFETY: the vector is installed and interrupts are off in M-mode. `MPP` is S or what
            // the last trap left. PMP keeps the code out of the firmware's memory.
            unsafe { context.run::<Machine>() };
            handle(&sbi, this, &mut context);
        }
    }
}

/// Waits until another hart starts this one. Returns with everything set for S-mode.
fn wait_for_start(hart: usize, this: &Hart) -> Context {
    // SAFETY: only another hart's call may wake this one.
    unsafe { csr::write::<{ number::MIE }>(1 << irq::MSI) };
    loop {
        if let Some((address, opaque)) = this.take_start() {
            let mut context = Context::new(address);
            context.registers[reg::A0] = hart;
            context.registers[reg::A1] = opaque;
            // SAFETY: S-mode starts as the HSM extension says: no translation, interrupts off.
            unsafe {
                csr::write::<{ number::SATP }>(0);
                csr::clear::<{ number::MSTATUS }>(status::MPP | status::SIE | status::MPRV);
                csr::set::<{ number::MSTATUS }>(1 << status::MPP_SHIFT | status::MPIE);
            }
            // Code and page tables may have been written by another hart.
            riscv::asm::fence_i();
            riscv::asm::sfence_vma_all();
            return context;
        }
        riscv::asm::wfi();
        this.serve_requests();
    }
}

fn handle(sbi: &Sbi, this: &Hart, context: &mut Context) {
    match csr::read::<{ number::MCAUSE }>() {
        cause::ECALL_S => call(sbi, context),
        INTERRUPT_MACHINE_SOFTWARE => this.serve_requests(),
        INTERRUPT_MACHINE_TIMER => {
            // SAFETY: the timer of S-mode, on a hart without one of its own.
            unsafe {
                csr::clear::<{ number::MIE }>(1 << irq::MTI);
                csr::set::<{ number::MIP }>(1 << irq::STI);
            }
        }
        other => {
            let value = csr::read::<{ number::MTVAL }>();
            panic!("trap that S-mode does not handle: {other:#x} at {:#x}, {value:#x}", context.pc)
        }
    }
}

fn call(sbi: &Sbi, context: &mut Context) {
    let pc = context.pc;
    context.pc += ECALL_BYTES;
    let registers = &mut context.registers;
    let [extension, function] = [registers[reg::A7], registers[reg::A6]];
    if legacy::is_legacy(extension) {
        match legacy::serve(sbi, extension, registers[reg::A0]) {
            Ok(value) => registers[reg::A0] = value,
            Err(fault) => context.pc = supervisor_memory::raise(fault, pc),
        }
        return;
    }
    let mut parameters = [0; 6];
    parameters.copy_from_slice(&registers[reg::A0..reg::A6]);
    let mut result = sbi.handle_ecall(extension, function, parameters);
    let probes_legacy = [extension, function] == [base::EID_BASE, base::PROBE_EXTENSION]
        && legacy::is_legacy(parameters[0]);
    if probes_legacy {
        result.value = 1;
    }
    registers[reg::A0] = result.error;
    registers[reg::A1] = result.value;
}
