//! For kernels that let a hostile process try what it can: the attack, and a victim that runs
//! meanwhile.

use crate::{DevicePage, Process, Thread, skip, write};
use calls::{Call, REFUSED};
use core::{
    ptr,
    sync::atomic::{AtomicU64, Ordering},
};
use supervisor::{
    hal::{
        context::{Supervisor, reg},
        csr,
        soc::{TIMEBASE_HZ, cause, csr as number},
    },
    harts, println,
};

/// Roles of the program. They are also the numbers of the processes.
pub const ATTACKER: usize = 0;
pub const VICTIM: usize = 1;

/// The hart of the victim.
pub const VICTIM_HART: u16 = 1;

const INSN_BYTES: usize = 4;

/// Makes a process with a page that the kernel sees; returns both.
pub fn load(id: usize, program: &[u8], devices: &[DevicePage]) -> (Process, usize) {
    let page = Process::shared_page().expect("a page");
    match Process::load_with(id, program, page, devices) {
        Ok(process) => (process, page),
        Err(error) => panic!("process {id}: {error:?}"),
    }
}

/// Runs the attack to its end and returns the two arguments of its last call. An exception of the
/// attacker is skipped, and the attacker finds its cause plus 1 in `a7`. `skip` does this for most
/// exceptions; this function does it for jumps.
pub fn attack(thread: &mut Thread) -> [usize; 2] {
    skip::install();
    loop {
        thread.run();
        let scause = csr::read::<{ number::SCAUSE }>();
        let registers = &mut thread.context.registers;
        match scause {
            cause::ECALL_U => {
                thread.context.pc += INSN_BYTES;
                let [a0, a1] = [registers[reg::A0], registers[reg::A1]];
                registers[reg::A0] = match Call::from_number(registers[reg::A7]) {
                    Some(Call::Write) => write(a0, a1).unwrap_or(REFUSED),
                    Some(Call::Reach) => return [a0, a1],
                    _ => REFUSED,
                };
            }
            cause::INSN_PAGE | cause::INSN_ACCESS => {
                thread.context.pc = registers[reg::RA];
                registers[reg::A7] = scause + 1;
            }
            other => panic!("attacker at {:#x}: cause {other:#x}", thread.context.pc),
        }
    }
}

/// What the victim writes into its page.
#[repr(C)]
struct Record {
    beats: AtomicU64,
    interrupts: AtomicU64,
}

/// A process on another hart. It counts its rounds and its interrupts.
pub struct Victim(&'static Record);

/// Runs a victim after the switch to it.
type Run = fn(&mut Thread) -> !;

static mut SECOND: harts::Start = harts::Start::new(begin);
static mut THREAD: Option<(Thread, Run)> = None;

impl Victim {
    /// Starts `process` on [`VICTIM_HART`], once. It shares `page` with the kernel. Returns when
    /// the victim runs.
    pub fn start(process: &Process, page: usize, run: Run) -> Self {
        let thread = Thread::new(process, process.start(VICTIM, 0));
        let start = &raw mut SECOND;
        // SAFETY: the victim's hart takes both when it starts, and nobody else names them. The page
        // is the victim's; it is atomic here.
        let (started, record) = unsafe {
            THREAD = Some((thread, run));
            let started = harts::start(VICTIM_HART.into(), &mut *start);
            (started, &*ptr::with_exposed_provenance(page))
        };
        assert!(started.is_ok(), "hart {VICTIM_HART} does not start: {started:?}");
        let victim = Self(record);
        victim.wait_for_beat();
        victim
    }

    /// Whether the victim still runs and has not been interrupted.
    pub fn is_well(&self) -> bool {
        let interrupts = self.0.interrupts.load(Ordering::Relaxed);
        if interrupts != 0 {
            println!("      the victim was interrupted {interrupts} times");
        }
        self.wait_for_beat() && interrupts == 0
    }

    /// Whether it makes another round within a tenth of a second.
    fn wait_for_beat(&self) -> bool {
        let beats = self.0.beats.load(Ordering::Relaxed);
        let end = csr::read::<{ number::TIME }>() + TIMEBASE_HZ / 10;
        while self.0.beats.load(Ordering::Relaxed) < beats + 2 {
            if csr::read::<{ number::TIME }>() > end {
                println!("      hart {VICTIM_HART} has stopped");
                return false;
            }
        }
        true
    }
}

/// On the victim's hart.
fn begin(_hart: usize) -> ! {
    Supervisor::install();
    let place = &raw mut THREAD;
    // SAFETY: written before this hart was started.
    let (thread, run) = unsafe { (*place).as_mut() }.expect("it has been prepared");
    thread.switch_to(VICTIM_HART);
    run(thread)
}
