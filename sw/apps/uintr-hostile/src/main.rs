//! A hostile program gets nothing from user interrupts that it was not given.
//!
//! The attacker, on hart 0, tries all that U-mode can encode (`apps/uintr-hostile-user` tells
//! what), three times: without any right, with a sender table, and as a receiver too. Meanwhile a
//! victim runs on hart 1, and all other entries of UINTC hold what other receivers would have
//! there. After each time the kernel looks at every entry, at the victim's record, and at what UIPI
//! refused.
//!
//! Expected output:
//!
//! ```text
//! rel4 firmware: SBI 2.0, hart 0 of n
//! ok    without rights
//! ok    with a sender table
//! ok    as a receiver
//! uintr-hostile: 0 failed
//! ```

#![no_std]
#![no_main]

mod scenario;
mod victim;

use calls::{Call, REFUSED};
use process::{Process, Thread};
use scenario::Scenario;
use supervisor::{
    exit,
    hal::{
        context::{Supervisor, reg},
        csr,
        soc::{cause, csr as number},
    },
    harts, println,
};
use victim::Victim;

supervisor::program!(main);

static PROGRAM: &[u8] = include_bytes!(env!("EMBEDDED"));

/// Roles of the program, and processes.
pub const ATTACKER: usize = 0;
pub const VICTIM: usize = 1;

const INSN_BYTES: usize = 4;

static mut SECOND: harts::Start = harts::Start::new(victim::run);

fn main(_hart: usize, _device_tree: usize) -> ! {
    assert!(process::uintc().identity().is_some_and(|it| it.harts > 1), "needs two harts");
    let [attacker, victim] = core::array::from_fn(|id| {
        let page = Process::shared_page().expect("a page");
        match Process::load(id, PROGRAM, page) {
            Ok(process) => (process, page),
            Err(error) => panic!("process {id}: {error:?}"),
        }
    });
    scenario::fill_entries();
    scenario::fill_tables(attacker.0.senders, victim.0.senders);
    let victim = Victim::prepare(&victim.0, victim.1);
    let start = &raw mut SECOND;
    // SAFETY: hart 1 takes it when it starts, and nobody else names it.
    let started = unsafe { harts::start(1, &mut *start) };
    assert!(started.is_ok(), "hart 1 does not start: {started:?}");
    Supervisor::install();
    victim.wait_for_beat();

    let mut failed = 0;
    for scenario in Scenario::ALL {
        let mut thread = Thread::new(&attacker.0, attacker.0.start(ATTACKER, scenario as usize));
        scenario.give_rights(&mut thread);
        let report = attack(&mut thread);
        let passed = scenario.check(&report) & victim.is_well();
        println!("{}  {}", if passed { "ok  " } else { "FAIL" }, scenario.name());
        failed += usize::from(!passed);
    }
    println!("uintr-hostile: {failed} failed");
    exit(failed)
}

/// What the attacker says of its attack.
pub struct Report {
    /// Attempts that did not end as they have to.
    pub surprises: usize,
    /// UIPI instructions executed.
    pub executed: usize,
}

/// Runs the attack to its end. An exception of the attacker is told to it in `a7` (its cause, plus
/// 1), and skipped: most of them by `skip`, those of jumps here.
fn attack(thread: &mut Thread) -> Report {
    process::skip::install();
    loop {
        thread.run();
        let scause = csr::read::<{ number::SCAUSE }>();
        let registers = &mut thread.context.registers;
        match scause {
            cause::ECALL_U => {
                thread.context.pc += INSN_BYTES;
                let [a0, a1] = [registers[reg::A0], registers[reg::A1]];
                registers[reg::A0] = match Call::from_number(registers[reg::A7]) {
                    Some(Call::Write) => process::write(a0, a1).unwrap_or(REFUSED),
                    Some(Call::Reach) => return Report { surprises: a0, executed: a1 },
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
