//! The other harts. Each sleeps from reset on, until its machine software interrupt.

use crate::STACK_BYTES;
use core::{
    hint, mem, ptr,
    sync::atomic::{AtomicPtr, Ordering},
};
use hal::{clint, context::Machine};

/// Most harts of a program.
pub const MAX: usize = 4;

/// Stacks of harts 1 and up.
#[repr(C, align(16))]
pub(crate) struct Stacks([[u8; STACK_BYTES]; MAX - 1]);
pub(crate) static mut STACKS: Stacks = Stacks([[0; STACK_BYTES]; MAX - 1]);

static PROGRAM: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Starts `program` on harts 1 to `count` - 1 and gives it the number of its hart. A hart waits for
/// ever when its program ends.
pub fn start(count: usize, program: fn(usize)) {
    assert!(count <= MAX, "{count} harts, at most {MAX} are supported");
    PROGRAM.store(program as *mut (), Ordering::Relaxed);
    for hart in 1..count {
        clint::set_msip(hart, true);
    }
}

/// Where the others arrive after [`start`].
pub(crate) extern "C" fn main(hart: usize) -> ! {
    clint::set_msip(hart, false);
    Machine::install();
    let program = PROGRAM.load(Ordering::Relaxed);
    // SAFETY: `start` stored it before it raised the interrupt.
    let program: fn(usize) = unsafe { mem::transmute(program) };
    program(hart);
    loop {
        hint::spin_loop();
    }
}
