//! The victim: runs on hart 1, is never woken, and says that it lives.

use crate::VICTIM;
use core::{
    ptr,
    sync::atomic::{AtomicU64, Ordering},
};
use process::{Process, Thread};
use supervisor::{
    hal::{
        context::Supervisor,
        csr,
        soc::{TIMEBASE_HZ, csr as number, irq},
    },
    println,
};

const HART: u16 = 1;

static mut THREAD: Option<Thread> = None;

/// What the victim writes into its page.
#[repr(C)]
struct Record {
    beats: AtomicU64,
    interrupts: AtomicU64,
}

/// The kernel's view of the victim.
pub struct Victim(&'static Record);

impl Victim {
    /// Makes its thread, for hart 1 to run.
    pub fn prepare(process: &Process, page: usize) -> Self {
        let thread = Thread::new(process, process.start(VICTIM, 0));
        // SAFETY: hart 1 takes the thread when it starts. The page is the victim's, and atomic
        // here.
        unsafe {
            THREAD = Some(thread);
            Self(&*ptr::with_exposed_provenance(page))
        }
    }

    /// Whether it still runs, and has not been interrupted.
    pub fn is_well(&self) -> bool {
        let interrupts = self.0.interrupts.load(Ordering::Relaxed);
        if interrupts != 0 {
            println!("      the victim was interrupted {interrupts} times");
        }
        self.wait_for_beat() && interrupts == 0
    }

    /// Whether it goes round once more within a tenth of a second.
    pub fn wait_for_beat(&self) -> bool {
        let beats = self.0.beats.load(Ordering::Relaxed);
        let end = csr::read::<{ number::TIME }>() + TIMEBASE_HZ / 10;
        while self.0.beats.load(Ordering::Relaxed) < beats + 2 {
            if csr::read::<{ number::TIME }>() > end {
                println!("      hart 1 has stopped");
                return false;
            }
        }
        true
    }
}

/// Hart 1: runs the victim, which makes no system call.
pub fn run(_hart: usize) -> ! {
    Supervisor::install();
    let place = &raw mut THREAD;
    // SAFETY: written by hart 0 before it started this one.
    let thread = unsafe { (*place).as_mut() }.expect("hart 0 has filled it");
    thread.switch_to(HART);
    // SAFETY: concerns U-mode alone.
    unsafe { csr::write::<{ number::SIDELEG }>(1 << irq::USI) };
    thread.run();
    let scause = csr::read::<{ number::SCAUSE }>();
    panic!("victim at {:#x}: cause {scause:#x}", thread.context.pc)
}
