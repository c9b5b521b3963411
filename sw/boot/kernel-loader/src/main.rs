//! Loads a kernel and its root task, and enters the kernel as seL4's loader does.
//!
//! The archive behind it holds the kernel, the root task, and further files. The kernel goes to the
//! physical addresses that its file says, the device tree behind it, then the root task. The further
//! files become the end of the root task's image: an archive, from the next page on. The contract is
//! in `abi::boot` of the kernel.

#![no_std]
#![no_main]

mod enter;
mod load;

use core::{
    hint::spin_loop,
    sync::atomic::{AtomicUsize, Ordering},
};
use enter::Handover;
use supervisor::{harts::Start, println};

supervisor::program!(main);

/// Most harts of a kernel.
const MAX_HARTS: usize = 4;

/// Harts that have a number; hart 0 of the kernel is this one.
static NUMBERED: AtomicUsize = AtomicUsize::new(1);
/// Address of what all harts enter the kernel with; 0 as long as it is not known.
static HANDOVER: AtomicUsize = AtomicUsize::new(0);
static mut STARTS: [Start; MAX_HARTS - 1] = [const { Start::new(other) }; MAX_HARTS - 1];

fn main(hart: usize, device_tree: usize) -> ! {
    let handover = match load::load(device_tree) {
        Ok(handover) => handover,
        Err(problem) => panic!("kernel loader: {problem:?}"),
    };
    let mut started = 1;
    let starts = &raw mut STARTS;
    // SAFETY: nobody else names them, and this runs once.
    let mut starts = unsafe { &mut *starts }.iter_mut();
    for id in load::harts(device_tree).filter(|id| *id != hart) {
        if let Some(start) = starts.next()
            && supervisor::harts::start(id, start).is_ok()
        {
            started += 1;
        }
    }
    while NUMBERED.load(Ordering::Acquire) < started {
        spin_loop();
    }
    println!("kernel loader: {started} harts, kernel at {:#x}", handover.entry);
    HANDOVER.store(&raw const handover as usize, Ordering::Release);
    enter::enter(&handover, hart, 0)
}

fn other(hart: usize) -> ! {
    let number = NUMBERED.fetch_add(1, Ordering::AcqRel);
    loop {
        let handover = HANDOVER.load(Ordering::Acquire);
        if handover != 0 {
            let handover = core::ptr::with_exposed_provenance::<Handover>(handover);
            // SAFETY: the first hart never writes it again, and its stack stays.
            enter::enter(unsafe { &*handover }, hart, number)
        }
        spin_loop();
    }
}
