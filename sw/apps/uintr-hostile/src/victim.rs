//! The victim: a receiver that runs on hart 1, is never sent anything, and says that it lives.

use crate::VICTIM;
use calls::{Call, SHARED};
use core::{
    ptr,
    sync::atomic::{AtomicU64, Ordering},
};
use process::{Process, Thread};
use supervisor::{
    hal::{
        context::{Supervisor, reg},
        csr,
        soc::{TIMEBASE_HZ, cause, csr as number},
    },
    println,
};

/// Entry of UINTC.
pub const ENTRY: u16 = 100;

pub const HART: u16 = 1;
const INSN_BYTES: usize = 4;

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
        let thread = Thread::new(process, process.start(VICTIM, SHARED));
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

/// Hart 1: runs the victim, which makes one system call.
pub fn run(_hart: usize) -> ! {
    Supervisor::install();
    let place = &raw mut THREAD;
    // SAFETY: written by hart 0 before it started this one.
    let thread = unsafe { (*place).as_mut() }.expect("hart 0 has filled it");
    thread.switch_to(HART);
    loop {
        thread.run();
        let context = &mut thread.context;
        let scause = csr::read::<{ number::SCAUSE }>();
        let call = Call::from_number(context.registers[reg::A7]);
        if (scause, call) != (cause::ECALL_U, Some(Call::RegisterReceiver)) {
            panic!("victim at {:#x}: cause {scause:#x}", context.pc);
        }
        context.pc += INSN_BYTES;
        context.registers[reg::A0] = 0;
        thread.become_receiver(HART, ENTRY);
    }
}
