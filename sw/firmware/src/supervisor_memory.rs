//! Loads with the rights of S-mode.

use core::arch::asm;
use hal::csr::{self, status};
use hal::soc::csr as number;

/// A load that S-mode may not do: the cause and the address.
pub struct Fault {
    pub cause: usize,
    pub value: usize,
}

/// Loads the dword at the virtual `address` as the S-mode code that trapped would.
pub fn load(address: usize) -> Result<usize, Fault> {
    let before = csr::read::<{ number::MSTATUS }>();
    let (value, faulted): (usize, usize);
    // SAFETY: a trap of the load goes to the label behind it, and both ways lead to what restores
    // `mstatus` and `mtvec`. `MPP` is S since the trap. Interrupts are off.
    unsafe {
        asm!(
            "la {vector}, 1f",
            "csrrw {vector}, mtvec, {vector}",
            "li {faulted}, 1",
            "csrs mstatus, {mprv}",
            "ld {value}, 0({address})",
            "li {faulted}, 0",
            ".balign 4",
            "1:",
            "csrw mstatus, {before}",
            "csrw mtvec, {vector}",
            vector = out(reg) _,
            faulted = out(reg) faulted,
            value = inout(reg) 0usize => value,
            mprv = in(reg) status::MPRV,
            address = in(reg) address,
            before = in(reg) before,
            options(nostack),
        );
    }
    if faulted == 0 {
        return Ok(value);
    }
    Err(Fault { cause: csr::read::<{ number::MCAUSE }>(), value: csr::read::<{ number::MTVAL }>() })
}

/// Lets S-mode take the exception as if its instruction at `pc` had caused it. Returns where S-mode
/// continues.
pub fn raise(fault: Fault, pc: usize) -> usize {
    let before = csr::read::<{ number::MSTATUS }>();
    let enabled = if before & status::SIE == 0 { 0 } else { status::SPIE };
    // SAFETY: the trap CSRs of S-mode, which runs next; `MPP` is S.
    unsafe {
        csr::write::<{ number::SEPC }>(pc);
        csr::write::<{ number::SCAUSE }>(fault.cause);
        csr::write::<{ number::STVAL }>(fault.value);
        csr::clear::<{ number::MSTATUS }>(status::SIE | status::SPIE);
        csr::set::<{ number::MSTATUS }>(status::SPP | enabled);
    }
    csr::read::<{ number::STVEC }>() & !3
}
